package ai.llm360.zoo;

import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint in a run's directory, with what the run's logs say of it.
 *
 * @param saved the saved state
 * @param loss the mean training loss of the steps of its chunk
 * @param validationLoss the losses at its step, by source
 */
record TrainedCheckpoint(SavedState saved, double loss, Map<String, Double> validationLoss) {

    /**
     * Reads the first checkpoints of a run.
     *
     * @param run the run's directory
     * @param names theirs, such as {@code ckpt-000}, in the order of training
     */
    static List<TrainedCheckpoint> of(Path run, List<String> names) throws IOException {
        List<StepMetrics> steps = StepMetrics.read(run);
        List<ValidationLoss> losses = ValidationLoss.read(run);
        List<TrainedCheckpoint> found = new ArrayList<>();
        long begin = 0;
        for (String name : names) {
            SavedState saved = SavedState.open(run.resolve(name));
            long end = saved.state().step();
            Map<String, Double> heldOut = new LinkedHashMap<>();
            losses.stream()
                    .filter(loss -> loss.step() == end)
                    .forEach(loss -> heldOut.put(loss.source(), loss.loss()));
            found.add(new TrainedCheckpoint(saved, mean(steps, begin, end), heldOut));
            begin = end;
        }
        return found;
    }

    private static double mean(List<StepMetrics> steps, long after, long last) {
        return steps.stream()
                .filter(step -> step.step() > after && step.step() <= last)
                .mapToDouble(StepMetrics::loss)
                .average()
                .orElse(Double.NaN);
    }
}
