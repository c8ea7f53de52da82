package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TorchScript;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The keys and values of the positions that a model has seen, allocated once for all that are to
 * come: per layer two tensors of (rows, key-value heads, capacity, head dim).
 *
 * <p>Each row starts at position 0 and has a length of its own, so rows of different lengths need
 * no padding. One thread at a time.
 */
public final class KvCache implements AutoCloseable {

    private final DecoderRuntime runtime;
    private final NDManager owner;
    private final NDManager manager;
    private final NDArray[] keys;
    private final NDArray[] values;
    private final boolean half;
    private final int[] lengths;
    private final int capacity;
    private boolean finite;

    /**
     * @param shape (rows, key-value heads, capacity, head dim); the capacity is rounded up
     */
    KvCache(DecoderRuntime runtime, int layers, Shape shape, TensorType type) {
        this.runtime = runtime;
        owner = runtime.manager();
        manager = owner.newSubManager();
        manager.setName("kv-cache");
        keys = new NDArray[layers];
        values = new NDArray[layers];
        half = type == TensorType.BF16;
        lengths = new int[Math.toIntExact(shape.get(0))];
        capacity = Math.toIntExact(aligned(shape.get(2)));
        Shape whole = new Shape(shape.get(0), shape.get(1), capacity, shape.get(3));
        try {
            for (int layer = 0; layer < layers; layer++) {
                keys[layer] = runtime.loader().empty(manager, whole, type);
                values[layer] = runtime.loader().empty(manager, whole, type);
            }
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /**
     * Rounds up to 32 positions, so that every row and head starts at a multiple of 64 bytes: MKL's
     * order of summation depends on its operands' alignment, and a row's must not depend on how
     * long its neighbours are.
     */
    private static long aligned(long capacity) {
        return (capacity + 31) / 32 * 32;
    }

    /**
     * Copies the whole cache. It takes the memory of this one again: per layer, row, key-value head
     * and position two times the head dim in float32, or in bfloat16 for half-precision models.
     *
     * @return the copy, the caller's to close
     * @throws IllegalStateException if the cache or the model is closed
     */
    public KvCache copy() {
        return copy(IntStream.range(0, rows()).toArray(), lengths, capacity);
    }

    /**
     * Begins several rows with what one row begins with, such as a prompt that is computed once for
     * all of its continuations. Each of them is a copy of its own.
     *
     * @param row the row to copy
     * @param length the number of its positions to copy, from the first
     * @param rows the number of rows of the new cache
     * @param capacity the number of positions that each of them may grow to
     * @return the new cache, the caller's to close
     * @throws IllegalArgumentException if the row holds fewer positions, or the capacity is less
     * @throws IllegalStateException if the cache or the model is closed
     */
    public KvCache fork(int row, int length, int rows, int capacity) {
        requireHeld(row, length);
        if (rows < 1 || capacity < length) {
            throw new IllegalArgumentException(
                    "%d rows of %d positions can't begin with %d positions"
                            .formatted(rows, capacity, length));
        }
        int[] lengths = new int[rows];
        Arrays.fill(lengths, length);
        return copy(IntStream.range(0, rows).map(i -> row).toArray(), lengths, capacity);
    }

    private KvCache copy(int[] rows, int[] held, int room) {
        return runtime.whileOpen(
                () -> {
                    requireOf(runtime.manager());
                    Shape shape = keys[0].getShape();
                    KvCache copy =
                            new KvCache(
                                    runtime,
                                    keys.length,
                                    new Shape(rows.length, shape.get(1), room, shape.get(3)),
                                    half ? TensorType.BF16 : TensorType.F32);
                    try {
                        for (int layer = 0; layer < keys.length; layer++) {
                            copyRows(keys[layer], copy.keys[layer], rows, held);
                            copyRows(values[layer], copy.values[layer], rows, held);
                        }
                    } catch (RuntimeException e) {
                        copy.close();
                        throw e;
                    }
                    System.arraycopy(held, 0, copy.lengths, 0, held.length);
                    return copy;
                });
    }

    private void copyRows(NDArray from, NDArray to, int[] rows, int[] held) {
        long[] of = Arrays.stream(rows).asLongStream().toArray();
        long[] positions = Arrays.stream(held).asLongStream().toArray();
        runtime.plain().infer(manager, "copy_rows", to, from, of, positions).close();
    }

    /**
     * Forgets the last positions of a row. It costs nothing, and frees no memory.
     *
     * @param length the number of positions to keep, from the first
     * @throws IllegalArgumentException if the row holds fewer
     */
    public void truncate(int row, int length) {
        requireHeld(row, length);
        lengths[row] = length;
    }

    private void requireHeld(int row, int length) {
        if (row < 0 || row >= rows() || length < 0 || length > lengths[row]) {
            throw new IllegalArgumentException(
                    "no %d positions of row %d: the cache has %d rows%s"
                            .formatted(
                                    length,
                                    row,
                                    rows(),
                                    row < 0 || row >= rows()
                                            ? ""
                                            : ", and that one holds " + lengths[row]));
        }
    }

    /** Returns how many positions a row holds. */
    public int length(int row) {
        return lengths[row];
    }

    /** Returns how many positions each row can hold. */
    public int capacity() {
        return capacity;
    }

    /** Returns the number of rows. */
    public int rows() {
        return lengths.length;
    }

    /** Checks that it is open, and its model's: kernels would go on where its memory was. */
    void requireOf(NDManager of) {
        if (owner != of) {
            throw new IllegalArgumentException("the cache was made by another model");
        }
        if (!manager.isOpen()) {
            throw new IllegalStateException("the cache is closed");
        }
    }

    /**
     * Returns a layer's keys, which a pass writes into.
     *
     * @return (rows, key-value heads, capacity, head dim), float32 or bfloat16
     */
    public NDArray keys(int layer) {
        return keys[layer];
    }

    /**
     * Returns a layer's values, which a pass writes into.
     *
     * @return (rows, key-value heads, capacity, head dim), float32 or bfloat16
     */
    public NDArray values(int layer) {
        return values[layer];
    }

    /** The bytes of a layer's keys, and of its values. */
    long layerBytes() {
        return keys[0].getShape().size() * (half ? 2 : Float.BYTES);
    }

    /** Makes all beyond the rows' positions finite, once: padded rows multiply it by zero. */
    void makeFinite(TorchScript page) {
        if (!finite) {
            long[] held = Arrays.stream(lengths).asLongStream().toArray();
            for (int layer = 0; layer < keys.length; layer++) {
                page.infer(manager, "clear_after", keys[layer], held).close();
                page.infer(manager, "clear_after", values[layer], held).close();
            }
            finite = true;
        }
    }

    void grow(int row, int positions) {
        lengths[row] += positions;
    }

    /** Frees the keys and values. */
    @Override
    public void close() {
        manager.close();
    }
}
