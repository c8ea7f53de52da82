package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.util.Arrays;

/**
 * The keys and values of the positions that a model has seen, allocated once for all that are to
 * come: per layer two tensors of (rows, key-value heads, capacity, head dim).
 *
 * <p>Each row starts at position 0 and has a length of its own, so rows of different lengths need
 * no padding. One thread at a time.
 */
public final class KvCache implements AutoCloseable {

    private final NDManager owner;
    private final NDManager manager;
    private final NDArray[] keys;
    private final NDArray[] values;
    private final boolean half;
    private boolean finite;
    private final int[] lengths;
    private final int capacity;

    KvCache(NDManager parent, TensorLoader loader, int layers, Shape shape, TensorType type) {
        owner = parent;
        manager = parent.newSubManager();
        manager.setName("kv-cache");
        keys = new NDArray[layers];
        values = new NDArray[layers];
        half = type == TensorType.BF16;
        lengths = new int[Math.toIntExact(shape.get(0))];
        capacity = Math.toIntExact(shape.get(2));
        try {
            for (int layer = 0; layer < layers; layer++) {
                keys[layer] = loader.empty(manager, shape, type);
                values[layer] = loader.empty(manager, shape, type);
            }
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /**
     * Returns how many positions a row holds.
     *
     * @param row the row
     * @return its length
     */
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

    /**
     * Checks that the cache can be continued: kernels would go on where its memory was.
     *
     * @param of the memory of the model that is to continue it
     */
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
     * @param layer the layer
     * @return (rows, key-value heads, capacity, head dim), float32 or bfloat16
     */
    public NDArray keys(int layer) {
        return keys[layer];
    }

    /**
     * Returns a layer's values, which a pass writes into.
     *
     * @param layer the layer
     * @return (rows, key-value heads, capacity, head dim), float32 or bfloat16
     */
    public NDArray values(int layer) {
        return values[layer];
    }

    /** The bytes of a layer's keys, and of its values. */
    long layerBytes() {
        return keys[0].getShape().size() * (half ? 2 : Float.BYTES);
    }

    /**
     * Makes everything beyond the rows' positions finite, once: padded rows multiply it by zero.
     *
     * @param page a decoder's page
     */
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
