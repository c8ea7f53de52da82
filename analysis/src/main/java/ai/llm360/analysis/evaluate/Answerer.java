package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Request;
import java.util.List;

/** Answers requests: a model by the rules of a profile, or in tests anything else. */
public interface Answerer {

    /**
     * Answers requests, in any order that suits it.
     *
     * @param requests the requests, of any kinds
     * @return a response of the request's kind for each, in the requests' order
     */
    List<Response> answer(List<Request> requests);
}
