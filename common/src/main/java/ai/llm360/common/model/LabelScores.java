package ai.llm360.common.model;

import java.util.Arrays;

/**
 * Scores of a row's labels under a model.
 *
 * @param logProbabilities the natural logarithm of each label's probability (N)
 * @param ranks the number of tokens that are more probable than the label, in the whole vocabulary:
 *     0 is the greedy choice. Tokens of the same probability don't count, so several may have rank
 *     0, of which greedy decoding takes one (N)
 */
@SuppressWarnings("ArrayRecordComponent") // thousands of rows of thousands of tokens
public record LabelScores(double[] logProbabilities, int[] ranks) {

    /** {@return the log-probability of all labels together, in nats} */
    public double sum() {
        return Arrays.stream(logProbabilities).sum();
    }

    /** {@return whether greedy decoding would have chosen every label, but for ties} */
    public boolean greedy() {
        return Arrays.stream(ranks).allMatch(rank -> rank == 0);
    }
}
