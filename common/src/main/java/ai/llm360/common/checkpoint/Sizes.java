package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Sizes of shapes, computed so that no file can make them overflow silently. */
final class Sizes {

    /**
     * No model has more; torch itself stops at 64 for most operations. It bounds what is parsed.
     */
    static final int MAX_RANK = 64;

    private Sizes() {}

    /** Checks a caller's argument. */
    static void require(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(problem.formatted(values));
        }
    }

    /**
     * Counts a shape's elements; an {@link ArithmeticException} if a size is negative or the
     * product passes 2^63 - 1.
     */
    static long count(Shape shape) {
        long product = 1;
        boolean empty = false;
        for (long dimension : shape.getShape()) {
            if (dimension < 0) {
                throw new ArithmeticException("dimension " + dimension + " is negative");
            }
            empty |= dimension == 0;
            // A zero elsewhere must not hide an overflow: the reference refuses it too.
            product = Math.multiplyExact(product, Math.max(dimension, 1));
        }
        return empty ? 0 : product;
    }

    /** Returns row-major strides in elements, as torch gives a fresh tensor. */
    static List<Long> rowMajor(Shape shape) {
        List<Long> strides = new ArrayList<>(Collections.nCopies(shape.dimension(), 1L));
        long stride = 1;
        for (int d = shape.dimension() - 1; d >= 0; d--) {
            strides.set(d, stride);
            try {
                stride = Math.multiplyExact(stride, Math.max(shape.get(d), 1));
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("shape " + shape + " is too large", e);
            }
        }
        return Collections.unmodifiableList(strides);
    }

    /**
     * {@return the distance in elements from the first to the furthest one; 0 for a tensor of no or
     * one element} It fails as {@link #count} does.
     */
    static long reach(Shape shape, List<Long> strides) {
        if (count(shape) == 0) {
            return 0;
        }
        long reach = 0;
        for (int d = 0; d < shape.dimension(); d++) {
            if (strides.get(d) < 0) {
                throw new ArithmeticException("stride " + strides.get(d) + " is negative");
            }
            reach =
                    Math.addExact(
                            reach, Math.multiplyExact(shape.get(d) - 1, (long) strides.get(d)));
        }
        return reach;
    }
}
