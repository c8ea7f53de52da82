package ai.llm360.common.model;

import java.util.stream.IntStream;

/**
 * A row of token ids, and labels to be scored at positions of it. Several labels may stand at one
 * position.
 *
 * @param ids the tokens that the model reads (T)
 * @param positions the places in {@code ids} after which a label is expected, each from 0 to T - 1
 *     (N)
 * @param labels the token that each position is scored for (N)
 */
@SuppressWarnings("ArrayRecordComponent") // thousands of rows of thousands of tokens
public record LabelledRow(long[] ids, int[] positions, long[] labels) {

    /**
     * Checks the positions.
     *
     * @throws IllegalArgumentException if there are no tokens, positions and labels aren't as many,
     *     or a position is outside the row
     */
    public LabelledRow {
        if (ids.length == 0 || positions.length != labels.length) {
            throw new IllegalArgumentException(
                    "a row has at least one token and as many positions as labels, not %d tokens, %d positions and %d labels"
                            .formatted(ids.length, positions.length, labels.length));
        }
        for (int position : positions) {
            if (position < 0 || position >= ids.length) {
                throw new IllegalArgumentException(
                        "position %d is outside a row of %d tokens"
                                .formatted(position, ids.length));
            }
        }
    }

    /**
     * Returns a row whose tokens are labels of each other: from one on, each is scored after those
     * before it.
     *
     * @param ids the tokens (T)
     * @param first the first token to score, from 1 to T
     * @return a row of T - first labels
     * @throws IllegalArgumentException if {@code first} is less than 1 or more than T
     */
    public static LabelledRow scoredFrom(int first, long... ids) {
        if (first < 1 || first > ids.length) {
            throw new IllegalArgumentException(
                    "the first of %d tokens to score is 1 to %d, not %d: token 0 is never predicted"
                            .formatted(ids.length, ids.length, first));
        }
        int[] positions = IntStream.range(first - 1, ids.length - 1).toArray();
        long[] labels = IntStream.of(positions).mapToLong(p -> ids[p + 1]).toArray();
        return new LabelledRow(ids, positions, labels);
    }
}
