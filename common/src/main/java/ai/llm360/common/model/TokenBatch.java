package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * Rows of token ids to train on: T inputs and, one further, T labels.
 *
 * <p>One row may be of several texts, one after another. Each then is computed as if it were alone:
 * its positions begin at 0, and no token sees another text's.
 *
 * @param ids (B, T + 1), INT64
 * @param weights the factor of each label's loss, of any sign: (B, T), FLOAT32; a mask is one of
 *     ones and zeros; absent where all are 1
 * @param texts the number of inputs of each of the texts that the one row is of, T in all; empty if
 *     each row is a text of its own
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record TokenBatch(NDArray ids, Optional<NDArray> weights, long[] texts)
        implements AutoCloseable {

    /**
     * Checks that texts fill the row.
     *
     * @throws IllegalArgumentException if there are texts, and more rows than one or another number
     *     of inputs than theirs
     */
    public TokenBatch {
        long inputs = 0;
        for (long text : texts) {
            inputs += text;
        }
        if (texts.length > 0
                && (ids.getShape().get(0) != 1 || inputs != ids.getShape().get(1) - 1)) {
            throw new IllegalArgumentException(
                    "texts of %d inputs in all don't fill one row, but ids are %s"
                            .formatted(inputs, ids.getShape()));
        }
    }

    /** Makes a batch of rows of which each is a text of its own. */
    public TokenBatch(NDArray ids, Optional<NDArray> weights) {
        this(ids, weights, new long[0]);
    }

    /** Frees both arrays. */
    @Override
    public void close() {
        ids.close();
        weights.ifPresent(NDArray::close);
    }
}
