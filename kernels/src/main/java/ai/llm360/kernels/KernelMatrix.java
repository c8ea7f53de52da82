package ai.llm360.kernels;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A matrix of O outputs and I inputs in memory, by which rows are multiplied: y = x w'.
 *
 * <p>A row's result has the same bits whatever other rows are multiplied with it, and however many
 * threads there are.
 *
 * <p>The matrix is the caller's memory. A buffer that owns its memory is kept; what another object
 * owns must stay where it is as long as this object is used.
 */
record KernelMatrix(
        Layout layout, NativeMemory elements, NativeMemory factors, int outputs, int inputs) {

    /** A part of a task reads about this much, which takes 20 to 50 us. */
    static final long PART = 1 << 19;

    /** Types and orders of the elements. */
    enum Layout {
        BFLOAT16_ROWS,
        BFLOAT16_COLUMNS,
        INT8_ROWS
    }

    /**
     * Takes a bfloat16 matrix as it lies. It is multiplied with float32 rows, and sums are float32.
     *
     * @param matrix a direct buffer of (O, I) elements, or (I, O) if {@code transposed}
     * @param transposed whether the matrix is stored [in, out]
     */
    static KernelMatrix bfloat16(ByteBuffer matrix, int outputs, int inputs, boolean transposed) {
        return new KernelMatrix(
                transposed ? Layout.BFLOAT16_COLUMNS : Layout.BFLOAT16_ROWS,
                NativeMemory.of(matrix, 2L * outputs * inputs),
                null,
                outputs,
                inputs);
    }

    /**
     * Rounds a matrix to int8, with a scale for each output: its largest magnitude / 127. Rows that
     * are multiplied with it are rounded in the same way, and the integers' sums are exact.
     *
     * @param matrix a direct buffer of (O, I) elements, or (I, O) if {@code transposed}
     * @param half whether they are bfloat16 rather than float32
     * @param transposed whether the matrix is stored [in, out]
     * @param rounded a direct buffer of O × I bytes, which is written
     * @param scales a direct buffer of O floats, which is written
     */
    static void round(
            ByteBuffer matrix,
            boolean half,
            boolean transposed,
            int outputs,
            int inputs,
            ByteBuffer rounded,
            ByteBuffer scales) {
        NativeMemory from = NativeMemory.of(matrix, (half ? 2L : 4L) * outputs * inputs);
        NativeMemory to = NativeMemory.of(rounded, (long) outputs * inputs);
        NativeMemory factors = NativeMemory.of(scales, 4L * outputs);
        int type = half ? 1 : 0;
        int rows = transposed ? stretch(outputs) : (int) Math.max(1, PART / inputs);
        KernelThreads.shared()
                .divide(
                        outputs,
                        rows,
                        (start, end) -> {
                            if (transposed) {
                                KernelLibrary.llm360_quantize_columns(
                                        type,
                                        from.address(),
                                        inputs,
                                        outputs,
                                        to.address(),
                                        factors.address(),
                                        start,
                                        end);
                            } else {
                                KernelLibrary.llm360_quantize_rows(
                                        type,
                                        from.address(),
                                        inputs,
                                        to.address(),
                                        factors.address(),
                                        start,
                                        end);
                            }
                        });
    }

    /** Takes a matrix that was rounded to int8 before, (O, I), as it lies, with O float scales. */
    static KernelMatrix int8(ByteBuffer rounded, ByteBuffer scales, int outputs, int inputs) {
        return new KernelMatrix(
                Layout.INT8_ROWS,
                NativeMemory.of(rounded, (long) outputs * inputs),
                NativeMemory.of(scales, 4L * outputs),
                outputs,
                inputs);
    }

    /**
     * Multiplies rows by several matrices of one layout and number of inputs, in one go.
     *
     * @param x (n, I)
     * @param results (n, O) for each, which are written
     * @param scratch memory for what is in between
     * @param int8 adds up the products of int8 matrices; {@code null} for kernels of our own
     * @throws IllegalArgumentException if sizes don't fit
     */
    static void multiply(
            KernelRows x,
            List<KernelMatrix> matrices,
            List<KernelRows> results,
            KernelScratch scratch,
            IntegerProduct int8) {
        KernelMatrix first = matrices.get(0);
        for (int i = 0; i < matrices.size(); i++) {
            KernelMatrix matrix = matrices.get(i);
            KernelRows result = results.get(i);
            if (matrix.layout != first.layout || matrix.inputs != x.size()) {
                throw new IllegalArgumentException(
                        "matrices of one layout and %d inputs were expected, not %s of %d and %s of %d"
                                .formatted(
                                        x.size(),
                                        first.layout,
                                        first.inputs,
                                        matrix.layout,
                                        matrix.inputs));
            }
            if (result.count() != x.count() || result.size() != matrix.outputs) {
                throw new IllegalArgumentException(
                        "a result of (%d, %d) was expected, not (%d, %d)"
                                .formatted(
                                        x.count(), matrix.outputs, result.count(), result.size()));
            }
        }
        try {
            switch (first.layout) {
                case BFLOAT16_ROWS -> KernelProducts.bfloat16Rows(x, matrices, results);
                case BFLOAT16_COLUMNS ->
                        KernelProducts.bfloat16Columns(x, matrices, results, scratch);
                case INT8_ROWS -> Int8Products.multiply(x, matrices, results, scratch, int8);
            }
        } finally {
            // Shares know their results by address.
            Reference.reachabilityFence(results);
            Reference.reachabilityFence(scratch);
        }
    }

    /** Says that this matrix is multiplied next, so that reading it may begin. */
    void expect() {
        KernelThreads.shared().expect(elements.address(), outputs * outputBytes());
    }

    /** Returns the bytes of an output's elements. */
    long outputBytes() {
        return switch (layout) {
            case BFLOAT16_ROWS, BFLOAT16_COLUMNS -> 2L * inputs;
            case INT8_ROWS -> inputs;
        };
    }

    /** Where the elements lie. */
    long address() {
        return elements.address();
    }

    /** Where the scales of the outputs lie. */
    long scales() {
        return factors.address();
    }

    /**
     * Returns the number of outputs of a matrix stored [in, out] that are rounded together: as many
     * as the kernel reads of a row at a time, or fewer, if not all threads had several parts then.
     */
    private static int stretch(int outputs) {
        int share = parts(outputs, 4 * KernelThreads.shared().count());
        return Math.min(512, 32 * parts(share, 32));
    }

    private static int parts(int whole, int size) {
        return (whole + size - 1) / size;
    }
}
