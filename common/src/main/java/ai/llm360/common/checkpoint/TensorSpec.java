package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;

/**
 * A tensor to be written.
 *
 * @param name its name in the checkpoint
 * @param type the type of its elements on disk
 * @param shape its shape; no dimensions for a scalar
 */
public record TensorSpec(String name, TensorType type, Shape shape) {

    /**
     * Creates a description.
     *
     * @throws IllegalArgumentException if the size is negative or passes 2^63 - 1 bytes, or the
     *     name is the one that safetensors keeps for its metadata
     */
    public TensorSpec {
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException("a tensor can't be named " + name);
        }
        try {
            Math.multiplyExact(Extents.count(shape), (long) type.byteSize());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("tensor " + name + " has shape " + shape, e);
        }
    }

    /**
     * {@return the bytes that the tensor takes, the product of the dimensions times the element
     * size}
     */
    public long byteLength() {
        return Extents.count(shape) * type.byteSize();
    }
}
