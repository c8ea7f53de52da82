package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Task;
import ai.llm360.analysis.task.TaskItems;
import com.google.gson.JsonObject;
import java.util.List;

/**
 * A task that was evaluated.
 *
 * @param name its name, as the profile's harness spells it
 * @param task the task
 * @param asked its documents, the files that they came from, and whether results can be compared
 * @param metrics what was measured, those of the page first
 * @param samples a line of the log for each filter and document, in that order, as
 *     lm-evaluation-harness writes it
 * @param hash the SHA-256 of the samples' hashes, as lm-evaluation-harness takes it
 */
public record TaskResult(
        String name,
        Task task,
        TaskItems asked,
        List<MetricResult> metrics,
        List<JsonObject> samples,
        String hash) {

    public TaskResult {
        metrics = List.copyOf(metrics);
        samples = List.copyOf(samples);
    }

    /** {@return the number of documents that were evaluated} */
    public int evaluated() {
        return asked.items().size();
    }
}
