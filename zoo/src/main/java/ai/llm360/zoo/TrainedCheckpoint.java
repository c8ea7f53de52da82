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
     * Reads the first checkpoints of a training.
     *
     * @param training the directory of its run, or that of its phases' runs
     * @param published what is known of them: the k-th of a phase is the k-th of that phase's run
     */
    static List<TrainedCheckpoint> of(Path training, List<SeriesCheckpoint> published)
            throws IOException {
        Map<Path, List<String>> names = new LinkedHashMap<>();
        for (SeriesCheckpoint one : published) {
            Path run = one.phase() == null ? training : training.resolve(one.phase());
            List<String> ofRun = names.computeIfAbsent(run, first -> new ArrayList<>());
            ofRun.add(one.phase() == null ? one.name() : "ckpt-%03d".formatted(ofRun.size()));
        }
        List<TrainedCheckpoint> found = new ArrayList<>();
        for (Map.Entry<Path, List<String>> run : names.entrySet()) {
            found.addAll(ofRun(run.getKey(), run.getValue()));
        }
        return found;
    }

    /**
     * Reads the first checkpoints of a run.
     *
     * @param run the run's directory
     * @param names theirs, such as {@code ckpt-000}, in the order of training
     */
    static List<TrainedCheckpoint> ofRun(Path run, List<String> names) throws IOException {
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
