package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;
import ai.llm360.io.internal.PlainText;
import java.nio.file.Path;
import java.util.List;

/**
 * Describes where a tensor's elements lie in a file: enough to map it without copying.
 *
 * <p>{@code offset} and {@code strides} say the same as {@code torch.from_file} followed by {@code
 * as_strided}: element (i, j, …) starts at byte {@code offset + type.byteSize() * (i * strides[0] +
 * j * strides[1] + …)} of {@code file}. The offset need not be a multiple of the element size.
 *
 * @param name the tensor's name in the checkpoint
 * @param type the type of its elements on disk
 * @param shape its shape; no dimensions for a scalar
 * @param file the file that holds it
 * @param offset bytes from the file's start to element 0. Of a torch file that isn't on a disk it
 *     is the least that it can be: what is missing stands before the tensor's own bytes, and is
 *     looked up when they are read. The order of such offsets is that of the bytes.
 * @param strides elements between neighbours along each dimension; not negative
 */
public record TensorInfo(
        String name, TensorType type, Shape shape, Path file, long offset, List<Long> strides) {

    /**
     * Creates a description.
     *
     * @throws IllegalArgumentException if a size is negative, the counts of dimensions and strides
     *     differ, or the last element's place does not fit in a long
     */
    public TensorInfo {
        strides = List.copyOf(strides);
        try {
            if (strides.size() != shape.dimension() || offset < 0) {
                throw new ArithmeticException("as many strides as dimensions, and offset >= 0");
            }
            long span = Math.addExact(Sizes.reach(shape, strides), 1);
            Math.addExact(offset, Math.multiplyExact(span, (long) type.byteSize()));
            Math.multiplyExact(Sizes.count(shape), (long) type.byteSize());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "tensor %s: shape %s, strides %s, offset %d"
                            .formatted(PlainText.quote(name), shape, strides, offset),
                    e);
        }
    }

    /** Describes a tensor whose elements lie in row-major order without gaps. */
    public static TensorInfo contiguous(
            String name, TensorType type, Shape shape, Path file, long offset) {
        return new TensorInfo(name, type, shape, file, offset, Sizes.rowMajor(shape));
    }

    /** {@return the number of elements, the product of the dimensions; 1 for a scalar} */
    public long elementCount() {
        return Sizes.count(shape);
    }

    /**
     * {@return the bytes that the elements take when packed: {@code elementCount() *
     * type().byteSize()}}
     */
    public long byteLength() {
        return elementCount() * type.byteSize();
    }

    /**
     * {@return the bytes of the file from the first element's start to the furthest one's end:
     * {@link #byteLength()} if contiguous, 0 if there are no elements}
     */
    public long spanBytes() {
        return elementCount() == 0 ? 0 : (Sizes.reach(shape, strides) + 1) * type.byteSize();
    }

    /**
     * {@return whether the elements lie in row-major order without gaps: {@code spanBytes()} bytes
     * from {@code offset} are then the packed tensor} As in torch, the stride of a dimension of
     * size 1 doesn't matter, and an empty tensor is contiguous.
     */
    public boolean isContiguous() {
        if (elementCount() == 0) {
            return true;
        }
        long expected = 1;
        for (int d = strides.size() - 1; d >= 0; d--) {
            if (shape.get(d) != 1 && strides.get(d) != expected) {
                return false;
            }
            expected *= shape.get(d);
        }
        return true;
    }

    /** {@return the length of dimension 0; 1 for a scalar} */
    public long rows() {
        return shape.dimension() == 0 ? 1 : shape.get(0);
    }
}
