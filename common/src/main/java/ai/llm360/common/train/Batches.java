package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.TokenBatch;
import java.util.Optional;

/** Brings rows of tokens to the device. */
public final class Batches {

    private Batches() {}

    /**
     * Reads rows.
     *
     * @param manager the manager, on the model's device, that the batch is attached to
     * @param chunk where they are
     * @param rows their numbers (B)
     * @param trimmed whether to leave out the columns that {@link Objective#trims} speaks of
     * @return the batch, the caller's to close
     */
    public static Objective.MicroBatch of(
            NDManager manager, TokenChunk chunk, long[] rows, boolean trimmed) {
        int length = chunk.rowLength();
        long[] ids = new long[Math.multiplyExact(rows.length, length)];
        float[] mask = chunk.hasMask() ? new float[rows.length * (length - 1)] : null;
        for (int i = 0; i < rows.length; i++) {
            chunk.read(rows[i], ids, i * length);
            if (mask != null) {
                chunk.readMask(rows[i], mask, i * (length - 1));
            }
        }
        NDArray all = manager.create(ids, new Shape(rows.length, length));
        if (mask == null) {
            return new Objective.MicroBatch(chunk, rows, new TokenBatch(all, Optional.empty()));
        }
        NDArray weights = manager.create(mask, new Shape(rows.length, length - 1));
        if (trimmed) {
            int kept = lastColumn(mask, length - 1) + 1;
            all = cut(all, kept + 1);
            weights = cut(weights, kept);
        }
        return new Objective.MicroBatch(chunk, rows, new TokenBatch(all, Optional.of(weights)));
    }

    /** Returns the last column with a label that counts in any row; the first if none has one. */
    private static int lastColumn(float[] mask, int columns) {
        int last = 0;
        for (int i = 0; i < mask.length; i++) {
            if (mask[i] != 0) {
                last = Math.max(last, i % columns);
            }
        }
        return last;
    }

    private static NDArray cut(NDArray whole, int columns) {
        try (whole) {
            return whole.get(new NDIndex(":, :" + columns)).duplicate();
        }
    }
}
