package ai.llm360.common.kernel;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * The attention of one new position of each row of a cache: softmax(scale q k') v, in float32.
 *
 * <p>Each row and head is computed by itself, so its bits don't depend on other rows.
 *
 * @param half whether keys and values are bfloat16 rather than float32
 * @param heads H, a multiple of K
 * @param keyValueHeads K
 * @param size the size of a head, D
 * @param capacity the positions that the cache has room for
 * @param scale what scores are multiplied by
 */
public record KernelAttention(
        boolean half, int heads, int keyValueHeads, int size, int capacity, float scale) {

    /**
     * Returns whether heads of a size can be computed on this machine.
     *
     * @param size the size, D
     * @return whether there are kernels, and D is a multiple of 8 up to 256
     */
    public static boolean supports(long size) {
        return KernelLibrary.usable() && size % 8 == 0 && size <= 256;
    }

    /**
     * Computes it.
     *
     * @param queries a direct buffer of (B, H, D) floats
     * @param keys a direct buffer of (rows, K, capacity, D) elements
     * @param values the same
     * @param rows the row of keys and values that each of the B queries looks at
     * @param positions how many of its positions count
     * @param result a direct buffer of (B, H, D) floats, which is written
     */
    public void attend(
            ByteBuffer queries,
            ByteBuffer keys,
            ByteBuffer values,
            long[] rows,
            long[] positions,
            ByteBuffer result) {
        int element = half ? 2 : 4;
        long row = (long) keyValueHeads * capacity * size * element;
        long query = (long) heads * size * Float.BYTES;
        long q = Addresses.of(queries, rows.length * query);
        long k = Addresses.of(keys, keys.remaining() / row * row);
        long v = Addresses.of(values, keys.remaining());
        long y = Addresses.of(result, rows.length * query);
        try {
            for (int b = 0; b < rows.length; b++) {
                if (rows[b] < 0
                        || (rows[b] + 1) * row > keys.remaining()
                        || positions[b] < 1
                        || positions[b] > capacity) {
                    throw new IndexOutOfBoundsException(
                            "row %d has no %d positions in a cache of %d rows of %d"
                                    .formatted(
                                            rows[b],
                                            positions[b],
                                            keys.remaining() / row,
                                            capacity));
                }
                long place = rows[b] * row;
                long read = 2 * positions[b] * size * element;
                int step = (int) Math.min(heads, Math.max(1, KernelMatrix.PART / read));
                long count = positions[b];
                long from = q + b * query;
                long to = y + b * query;
                KernelThreads.shared()
                        .run(
                                (heads + step - 1) / step,
                                part ->
                                        KernelLibrary.llm360_attend(
                                                half ? 1 : 0,
                                                from,
                                                k + place,
                                                v + place,
                                                heads / keyValueHeads,
                                                size,
                                                capacity,
                                                count,
                                                scale,
                                                to,
                                                (long) part * step,
                                                Math.min((part + 1L) * step, heads)));
            }
        } finally {
            // Addresses alone don't keep memory that a buffer owns.
            Reference.reachabilityFence(queries);
            Reference.reachabilityFence(keys);
            Reference.reachabilityFence(values);
            Reference.reachabilityFence(result);
        }
    }
}
