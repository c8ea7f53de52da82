package ai.llm360.kernels;

import java.nio.ByteBuffer;

/**
 * The keys and values of one layer, each (rows, K, capacity, D), bfloat16 or float32, in memory
 * that is another's and must stay where it is as long as this object is used.
 *
 * @param half 1 if they are bfloat16, else 0
 */
record KernelCache(
        NativeMemory keys,
        NativeMemory values,
        int half,
        int rows,
        int heads,
        int capacity,
        int size) {

    /** Wraps the direct buffers of a cache. */
    KernelCache(
            ByteBuffer keys,
            ByteBuffer values,
            boolean half,
            int rows,
            int heads,
            int capacity,
            int size) {
        this(
                NativeMemory.of(keys, bytes(half, rows, heads, capacity, size)),
                NativeMemory.of(values, bytes(half, rows, heads, capacity, size)),
                half ? 1 : 0,
                rows,
                heads,
                capacity,
                size);
    }

    private static long bytes(boolean half, long rows, int heads, int capacity, int size) {
        return rows * heads * capacity * size * (half ? 2 : 4);
    }

    int elementBytes() {
        return 4 >> half;
    }

    /** Where a row's keys lie. */
    long keys(int row) {
        return keys.address() + offset(row);
    }

    /** Where a row's values lie. */
    long values(int row) {
        return values.address() + offset(row);
    }

    private long offset(int row) {
        return (long) row * heads * capacity * size * elementBytes();
    }

    void check(int row, int position) {
        if (row < 0 || row >= rows || position < 0 || position >= capacity) {
            throw new IndexOutOfBoundsException(
                    "there is no position %d of row %d in a cache of %d rows of %d"
                            .formatted(position, row, rows, capacity));
        }
    }
}
