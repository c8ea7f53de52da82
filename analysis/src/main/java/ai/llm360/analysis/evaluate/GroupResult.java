package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.TaskPage;
import java.util.List;

/**
 * A group of tasks, put together.
 *
 * @param name its name
 * @param group how its page describes it
 * @param members the names of its groups and tasks
 * @param metrics the means of what all its tasks have measured
 * @param evaluated the number of its documents that were evaluated
 */
public record GroupResult(
        String name,
        TaskPage.Group group,
        List<String> members,
        List<MetricResult> metrics,
        int evaluated) {

    public GroupResult {
        members = List.copyOf(members);
        metrics = List.copyOf(metrics);
    }
}
