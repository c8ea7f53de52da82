package ai.llm360.analysis.evaluate;

import java.util.List;

/** A model's answer to a {@link ai.llm360.analysis.task.Request}. */
public sealed interface Response {

    /**
     * The log-likelihood of a continuation.
     *
     * @param logLikelihood the sum of its tokens' log-probabilities, in nats
     * @param greedy whether each token is the model's most probable one
     * @param tokens the number of its tokens
     */
    record LogLikelihood(double logLikelihood, boolean greedy, int tokens) implements Response {}

    /**
     * The log-likelihood of a whole text.
     *
     * @param logLikelihood the sum of its tokens' log-probabilities, in nats
     * @param tokens the number of its tokens
     */
    record Rolling(double logLikelihood, long tokens) implements Response {}

    /**
     * Generated texts.
     *
     * @param texts one for each repeat, cut before the string that ended it
     */
    record Generation(List<String> texts) implements Response {}
}
