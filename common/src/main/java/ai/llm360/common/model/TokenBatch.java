package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * Rows of token ids to train on: T inputs and, one further, T labels.
 *
 * @param ids (B, T + 1), INT64
 * @param weights the factor of each label's loss, of any sign: (B, T), FLOAT32; a mask is one of
 *     ones and zeros; absent where all are 1
 */
public record TokenBatch(NDArray ids, Optional<NDArray> weights) implements AutoCloseable {

    /** Frees both. */
    @Override
    public void close() {
        ids.close();
        weights.ifPresent(NDArray::close);
    }
}
