package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * Rows of token ids to train on: T inputs and, one further, T labels.
 *
 * @param ids (B, T + 1), INT64
 * @param mask which labels count, 1 or 0: (B, T), FLOAT32; absent where all do
 */
public record TokenBatch(NDArray ids, Optional<NDArray> mask) implements AutoCloseable {

    /** Frees both. */
    @Override
    public void close() {
        ids.close();
        mask.ifPresent(NDArray::close);
    }
}
