package ai.llm360.analysis.task;

import com.google.gson.JsonObject;
import java.util.List;

/**
 * A document of a task with its requests.
 *
 * @param index the document's place in its file's order, from 0
 * @param document its fields, as lm-evaluation-harness names them
 * @param requests the questions to the model
 * @param target the right answer
 */
public record TaskItem(int index, JsonObject document, List<Request> requests, Target target) {}
