package ai.llm360.common.run;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The loss on data that the model isn't trained on.
 *
 * @param step the optimizer steps done
 * @param source the name of the data's source
 * @param loss the mean loss over the tokens
 * @param tokens how many tokens that was
 */
public record ValidationLoss(long step, String source, double loss, long tokens) {

    /**
     * {@return a run's validation losses, by step, exactly as they were written} A half line at the
     * end is left out.
     *
     * @throws RunException if a line can't be understood
     */
    public static List<ValidationLoss> read(Path run) throws IOException {
        return LogFile.read(run.resolve(RunLog.VALIDATION), ValidationLoss::parse);
    }

    private static ValidationLoss parse(JsonObject line) {
        return new ValidationLoss(
                JsonText.integer(line, "step"),
                JsonText.scalar(line, "source"),
                JsonText.number(line, "loss"),
                JsonText.integer(line, "tokens"));
    }
}
