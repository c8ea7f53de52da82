package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.nn.TokenBatch;
import java.util.Optional;

/** Brings rows of tokens to the device. */
final class Batches {

    private Batches() {}

    /**
     * Reads rows.
     *
     * @param manager the manager, on the model's device, that the batch is attached to
     * @param chunk where they are
     * @param rows their numbers (B)
     * @return the batch, the caller's to close
     */
    static TokenBatch of(NDManager manager, TokenChunk chunk, long[] rows) {
        int length = chunk.rowLength();
        long[] ids = new long[Math.multiplyExact(rows.length, length)];
        for (int i = 0; i < rows.length; i++) {
            chunk.read(rows[i], ids, i * length);
        }
        NDArray batch = manager.create(ids, new Shape(rows.length, length));
        return new TokenBatch(batch, Optional.empty());
    }
}
