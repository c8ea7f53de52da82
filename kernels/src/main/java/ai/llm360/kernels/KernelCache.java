package ai.llm360.kernels;

import java.nio.ByteBuffer;

/**
 * The keys and values of one layer, each (rows, K, capacity, D), bfloat16 or float32, in memory
 * that is another's and must stay where it is as long as this object is used.
 */
final class KernelCache {

    private final NativeMemory keys;
    private final NativeMemory values;
    private final boolean half;
    private final int rows;
    private final int heads;
    private final int capacity;
    private final int size;

    /**
     * Wraps a cache.
     *
     * @param keys a direct buffer
     * @param values a direct buffer of the same size
     * @param half whether elements are bfloat16 rather than float32
     * @param rows how many rows it has
     * @param heads K
     * @param capacity the positions that a row has room for
     * @param size D
     * @throws IllegalArgumentException if a buffer isn't direct or hasn't just so many bytes
     */
    KernelCache(
            ByteBuffer keys,
            ByteBuffer values,
            boolean half,
            int rows,
            int heads,
            int capacity,
            int size) {
        long bytes = (long) rows * heads * capacity * size * (half ? 2 : 4);
        this.keys = NativeMemory.of(keys, bytes);
        this.values = NativeMemory.of(values, bytes);
        this.half = half;
        this.rows = rows;
        this.heads = heads;
        this.capacity = capacity;
        this.size = size;
    }

    int heads() {
        return heads;
    }

    int capacity() {
        return capacity;
    }

    int size() {
        return size;
    }

    int half() {
        return half ? 1 : 0;
    }

    int elementBytes() {
        return half ? 2 : 4;
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

    /**
     * @throws IndexOutOfBoundsException if there is no such row or position
     */
    void check(int row, int position) {
        if (row < 0 || row >= rows || position < 0 || position >= capacity) {
            throw new IndexOutOfBoundsException(
                    "there is no position %d of row %d in a cache of %d rows of %d"
                            .formatted(position, row, rows, capacity));
        }
    }
}
