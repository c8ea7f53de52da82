package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskData.DataFile;
import java.util.List;

/**
 * A task's documents with their requests.
 *
 * @param items the documents, in the order in which the profile evaluates them
 * @param documents the number of documents that the task has, of which a limit may have left some
 * @param shots the number of examples before each question
 * @param files the files that the documents and examples came from
 * @param incomparable why results can't be compared with published ones; empty if they can
 */
public record TaskItems(
        List<TaskItem> items,
        int documents,
        int shots,
        List<DataFile> files,
        List<String> incomparable) {

    public TaskItems {
        items = List.copyOf(items);
        files = List.copyOf(files);
        incomparable = List.copyOf(incomparable);
    }
}
