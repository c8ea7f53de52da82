package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.train.Objective.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Brings rows of tokens to the device. */
public final class Batches {

    private Batches() {}

    /**
     * Reads rows. Those of a chunk without masks are read whole.
     *
     * @param manager the manager, on the model's device, that the batch is attached to
     * @param chunk where they are
     * @param rows their numbers (B)
     * @param layout how they lie in the batch
     * @return the batch, the caller's to close
     */
    public static Objective.MicroBatch of(
            NDManager manager, TokenChunk chunk, long[] rows, Layout layout) {
        int length = chunk.rowLength();
        long[] ids = new long[Math.multiplyExact(rows.length, length)];
        float[] mask = chunk.hasMask() ? new float[rows.length * (length - 1)] : null;
        for (int i = 0; i < rows.length; i++) {
            chunk.read(rows[i], ids, i * length);
            if (mask != null) {
                chunk.readMask(rows[i], mask, i * (length - 1));
            }
        }
        boolean apart = layout == Layout.TEXTS || layout == Layout.PACKED_TEXTS;
        return new Objective.MicroBatch(
                chunk,
                rows,
                apart && mask != null
                        ? texts(manager, ids, mask, length, layout == Layout.PACKED_TEXTS)
                        : rows(manager, ids, mask, length, layout == Layout.TRIMMED));
    }

    private static TokenBatch rows(
            NDManager manager, long[] ids, float[] mask, int length, boolean trimmed) {
        int rows = ids.length / length;
        NDArray all = manager.create(ids, new Shape(rows, length));
        if (mask == null) {
            return new TokenBatch(all, Optional.empty());
        }
        NDArray weights = manager.create(mask, new Shape(rows, length - 1));
        if (trimmed) {
            int kept = 1;
            for (int i = 0; i < mask.length; i++) {
                kept = mask[i] == 0 ? kept : Math.max(kept, i % (length - 1) + 1);
            }
            all = cut(all, kept + 1);
            weights = cut(weights, kept);
        }
        return new TokenBatch(all, Optional.of(weights));
    }

    private static NDArray cut(NDArray whole, int columns) {
        try (whole) {
            return whole.get(new NDIndex(":, :" + columns)).duplicate();
        }
    }

    /**
     * Puts texts one after another. Behind the label of each that counts last nothing is computed,
     * so a text ends with it; what follows it, the next text's first id, is no label of it.
     */
    private static TokenBatch texts(
            NDManager manager, long[] ids, float[] mask, int length, boolean packed) {
        long[] joined = new long[ids.length];
        float[] weights = new float[ids.length];
        List<Long> lengths = new ArrayList<>();
        int count = 0;
        for (int row = 0; row < ids.length; row += length) {
            int labels = row / length * (length - 1) - row; // where the row's labels' weights begin
            int end;
            for (int begin = row; begin < row + length; begin = end) {
                end = packed ? next(ids, begin, row + length) : row + length;
                int last = lastLabel(mask, labels + begin, labels + end - 1) - labels;
                if (last < begin) {
                    continue; // none counts
                }
                int size = last + 2 - begin;
                System.arraycopy(ids, begin, joined, count, size);
                System.arraycopy(mask, labels + begin, weights, count, size - 1);
                lengths.add((long) size);
                count += size;
            }
        }
        if (count == 0) {
            return rows(manager, ids, mask, length, true);
        }
        lengths.set(lengths.size() - 1, lengths.get(lengths.size() - 1) - 1);
        return new TokenBatch(
                manager.create(Arrays.copyOf(joined, count), new Shape(1, count)),
                Optional.of(
                        manager.create(Arrays.copyOf(weights, count - 1), new Shape(1, count - 1))),
                lengths.stream().mapToLong(Long::longValue).toArray());
    }

    /** Returns where the next text begins: it has the same first id, BOS. */
    private static int next(long[] ids, int begin, int end) {
        int next = begin + 1;
        while (next < end && ids[next] != ids[begin]) {
            next++;
        }
        return next;
    }

    /** Returns the last place in a range whose label counts; the one before the range if none. */
    private static int lastLabel(float[] mask, int from, int to) {
        int last = to - 1;
        while (last >= from && mask[last] == 0) {
            last--;
        }
        return last;
    }
}
