package ai.llm360.common.generate;

import java.util.List;

/**
 * How probable a model finds a given text.
 *
 * @param ids all tokens of the text (T of them)
 * @param logProbabilities the natural logarithm of the probability of each token after the first,
 *     given those before it (T - 1 of them)
 * @param ranks the number of tokens that are more probable than each of them: 0 is the greedy
 *     choice (T - 1 of them)
 */
public record TokenScores(List<Long> ids, List<Double> logProbabilities, List<Integer> ranks) {

    /**
     * Returns the mean negative log-likelihood of the predicted tokens.
     *
     * @return the mean in nats
     */
    public double nll() {
        return -logProbabilities.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /**
     * Returns the perplexity.
     *
     * @return {@code exp(nll())}
     */
    public double perplexity() {
        return Math.exp(nll());
    }
}
