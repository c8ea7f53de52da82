package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.code.Verdict;
import ai.llm360.analysis.task.TaskItem;
import java.util.List;

/**
 * A model's answer to a document, through one filter.
 *
 * @param item the document
 * @param responses one for each of its requests
 * @param texts the filtered texts of a generation, else none
 * @param verdicts how the texts ended as programs, where the task tests programs
 */
record Answer(TaskItem item, List<Response> responses, List<String> texts, List<Verdict> verdicts) {

    double logLikelihood(int request) {
        return ((Response.LogLikelihood) responses.get(request)).logLikelihood();
    }
}
