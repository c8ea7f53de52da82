package ai.llm360.common.train;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.TokenBatch;
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
        float[] mask = chunk.hasMask() ? new float[rows.length * (length - 1)] : null;
        for (int i = 0; i < rows.length; i++) {
            chunk.read(rows[i], ids, i * length);
            if (mask != null) {
                chunk.readMask(rows[i], mask, i * (length - 1));
            }
        }
        return new TokenBatch(
                manager.create(ids, new Shape(rows.length, length)),
                Optional.ofNullable(mask)
                        .map(values -> manager.create(values, new Shape(rows.length, length - 1))));
    }
}
