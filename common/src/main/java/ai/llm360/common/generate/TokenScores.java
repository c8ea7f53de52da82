package ai.llm360.common.generate;

import java.util.List;

/**
 * A model's log-probabilities of a given text's tokens.
 *
 * @param ids all tokens of the text (T of them)
 * @param logProbabilities the natural logarithm of the probability of each token after the first,
 *     given those before it (T - 1 of them)
 * @param ranks the number of tokens that are more probable than each of them: 0 is the greedy
 *     choice (T - 1 of them)
 */
public record TokenScores(List<Long> ids, List<Double> logProbabilities, List<Integer> ranks) {

    /** {@return the mean negative log-likelihood of the predicted tokens, in nats} */
    public double nll() {
        return -logProbabilities.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /** {@return the perplexity, {@code exp(nll())}} */
    public double perplexity() {
        return Math.exp(nll());
    }
}
