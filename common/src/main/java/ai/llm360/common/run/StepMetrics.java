package ai.llm360.common.run;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Holds the figures of one optimizer step.
 *
 * @param step the optimizer steps done with this one: 1 for the first
 * @param loss the mean loss over the step's tokens
 * @param learningRate the learning rate used
 * @param gradientNorm the global norm of the gradient before it was clipped
 * @param tokens the positions trained on so far
 * @param tokensPerSecond the speed of this step
 * @param mfu the share of the device's peak arithmetic that the model's took, where a peak is known
 * @param memoryBytes the memory in use: the device's, or the process's on a CPU
 */
public record StepMetrics(
        long step,
        double loss,
        double learningRate,
        double gradientNorm,
        long tokens,
        double tokensPerSecond,
        OptionalDouble mfu,
        long memoryBytes) {

    /**
     * {@return a run's metrics, exactly as they were written} A half line at the end is left out.
     *
     * @throws RunException if a line can't be understood
     */
    public static List<StepMetrics> read(Path run) throws IOException {
        return LogFile.read(run.resolve(RunLog.METRICS), StepMetrics::parse);
    }

    private static StepMetrics parse(JsonObject line) {
        return new StepMetrics(
                JsonText.integer(line, "step"),
                JsonText.number(line, "loss"),
                JsonText.number(line, "lr"),
                JsonText.number(line, "grad_norm"),
                JsonText.integer(line, "tokens"),
                JsonText.number(line, "tokens_per_second"),
                line.has("mfu")
                        ? OptionalDouble.of(JsonText.number(line, "mfu"))
                        : OptionalDouble.empty(),
                JsonText.integer(line, "memory_bytes"));
    }
}
