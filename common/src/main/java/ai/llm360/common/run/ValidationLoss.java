package ai.llm360.common.run;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The loss on data that the model isn't trained on.
 *
 * @param step the optimizer steps done
 * @param source the name of the data's source
 * @param loss the mean loss over the tokens
 * @param tokens how many tokens that was
 * @param figures what else the objective tells of the source's rows, named as in {@link
 *     StepMetrics}
 */
public record ValidationLoss(
        long step, String source, double loss, long tokens, Map<String, Double> figures) {

    /** Keeps the figures' order. */
    public ValidationLoss {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }

    /** Holds a loss by itself. */
    public ValidationLoss(long step, String source, double loss, long tokens) {
        this(step, source, loss, tokens, Map.of());
    }

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
                JsonText.integer(line, "tokens"),
                RunLog.figures(line, RunLog.HELD_OUT));
    }
}
