package ai.llm360.common.kernel;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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
public final class KernelMatrix {

    /** A part of a product reads about this much of the matrix, which takes 20 to 50 us. */
    static final long PART = 1 << 19;

    private enum Layout {
        BFLOAT16_ROWS,
        BFLOAT16_COLUMNS,
        INT8_ROWS
    }

    private final Layout layout;
    private final ByteBuffer elements;
    private final ByteBuffer factors;
    private final long address;
    private final long scales;
    private final int outputs;
    private final int inputs;

    private KernelMatrix(
            Layout layout, ByteBuffer elements, ByteBuffer factors, int outputs, int inputs) {
        int size = layout == Layout.INT8_ROWS ? 1 : 2;
        this.layout = layout;
        this.elements = elements;
        this.factors = factors;
        address = Addresses.of(elements, (long) size * outputs * inputs);
        scales = factors == null ? 0 : Addresses.of(factors, 4L * outputs);
        this.outputs = outputs;
        this.inputs = inputs;
    }

    /**
     * Returns whether this machine has kernels: x86-64 Linux with AVX2 and FMA. The system property
     * {@code llm360.kernels}, set to {@code false}, says that they aren't wanted.
     */
    public static boolean supported() {
        return KernelLibrary.usable();
    }

    /**
     * Takes a bfloat16 matrix as it lies. It is multiplied with float32 rows, and sums are float32.
     *
     * @param matrix a direct buffer of (O, I) elements, or (I, O) if {@code transposed}
     * @param outputs O
     * @param inputs I
     * @param transposed whether the matrix is stored [in, out]
     * @return the matrix
     */
    public static KernelMatrix bfloat16(
            ByteBuffer matrix, int outputs, int inputs, boolean transposed) {
        return new KernelMatrix(
                transposed ? Layout.BFLOAT16_COLUMNS : Layout.BFLOAT16_ROWS,
                matrix,
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
     * @param outputs O
     * @param inputs I
     * @param rounded a direct buffer of O × I bytes, which is written and must stay
     * @param scales a direct buffer of O floats, which is written and must stay
     * @return the matrix
     */
    public static KernelMatrix int8(
            ByteBuffer matrix,
            boolean half,
            boolean transposed,
            int outputs,
            int inputs,
            ByteBuffer rounded,
            ByteBuffer scales) {
        KernelMatrix result = new KernelMatrix(Layout.INT8_ROWS, rounded, scales, outputs, inputs);
        long from = Addresses.of(matrix, (half ? 2L : 4L) * outputs * inputs);
        long to = result.address;
        long factors = result.scales;
        int type = half ? 1 : 0;
        int rows = transposed ? 32 : (int) Math.max(1, PART / inputs);
        try {
            KernelThreads.shared()
                    .run(
                            parts(outputs, rows),
                            part -> {
                                long start = (long) part * rows;
                                long end = Math.min(start + rows, outputs);
                                if (transposed) {
                                    KernelLibrary.llm360_quantize_columns(
                                            type, from, inputs, outputs, to, factors, start, end);
                                } else {
                                    KernelLibrary.llm360_quantize_rows(
                                            type, from, inputs, to, factors, start, end);
                                }
                            });
            return result;
        } finally {
            Reference.reachabilityFence(matrix);
        }
    }

    /** Returns O. */
    public int outputs() {
        return outputs;
    }

    /** Returns I. */
    public int inputs() {
        return inputs;
    }

    /**
     * Multiplies rows by several matrices of one layout and number of inputs, in one go.
     *
     * @param x a direct buffer of (n, I) floats
     * @param rows n
     * @param matrices the matrices
     * @param results a direct buffer of (n, O) floats for each, which are written
     */
    public static void multiply(
            ByteBuffer x, int rows, List<KernelMatrix> matrices, List<ByteBuffer> results) {
        try {
            KernelMatrix first = matrices.get(0);
            long from = Addresses.of(x, 4L * rows * first.inputs);
            List<Share> shares = new ArrayList<>();
            for (int i = 0; i < matrices.size(); i++) {
                KernelMatrix matrix = matrices.get(i);
                if (matrix.layout != first.layout || matrix.inputs != first.inputs) {
                    throw new IllegalArgumentException(
                            "matrices that are multiplied in one go need one layout and one number"
                                    + " of inputs");
                }
                matrix.divide(Addresses.of(results.get(i), 4L * rows * matrix.outputs), shares);
            }
            if (first.layout == Layout.INT8_ROWS) {
                multiplyRounded(from, rows, first.inputs, shares);
            } else {
                run(shares, share -> share.matrix.product(from, 0, rows, share));
            }
        } finally {
            // Addresses alone don't keep memory that a buffer owns.
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(results);
        }
    }

    private static void multiplyRounded(long x, int rows, int inputs, List<Share> shares) {
        try (Memory rounded = new Memory((long) rows * inputs);
                Memory scales = new Memory(4L * rows)) {
            long q = Pointer.nativeValue(rounded);
            long s = Pointer.nativeValue(scales);
            if (rows <= 4) {
                KernelLibrary.llm360_quantize_rows(0, x, inputs, q, s, 0, rows);
            } else {
                KernelThreads.shared()
                        .run(
                                rows,
                                r ->
                                        KernelLibrary.llm360_quantize_rows(
                                                0, x, inputs, q, s, r, r + 1L));
            }
            run(shares, share -> share.matrix.product(q, s, rows, share));
        }
    }

    /** Says that this matrix is multiplied next, so that reading it may begin. */
    public void expect() {
        long bytes = (long) outputs * inputs * (layout == Layout.INT8_ROWS ? 1 : 2);
        KernelThreads.shared().expect(address, bytes);
    }

    /** Outputs of one matrix, which one thread computes. */
    private record Share(KernelMatrix matrix, long result, long from, long to) {}

    private interface Work {
        void on(Share share);
    }

    private static void run(List<Share> shares, Work work) {
        KernelThreads.shared().run(shares.size(), part -> work.on(shares.get(part)));
    }

    private void divide(long result, List<Share> shares) {
        long step;
        if (layout == Layout.BFLOAT16_COLUMNS) {
            // Long pieces of the matrix's rows, in whole cache lines.
            step = (parts(outputs, KernelThreads.shared().count()) + 31L) / 32 * 32;
        } else {
            long row = (long) inputs * (layout == Layout.INT8_ROWS ? 1 : 2);
            step = Math.max(4, PART / row / 4 * 4);
        }
        for (long start = 0; start < outputs; start += step) {
            shares.add(new Share(this, result, start, Math.min(start + step, outputs)));
        }
    }

    private void product(long x, long xScales, int rows, Share to) {
        try {
            switch (layout) {
                case BFLOAT16_ROWS ->
                        KernelLibrary.llm360_bf16_rows(
                                address, inputs, outputs, x, rows, to.result, to.from, to.to);
                case BFLOAT16_COLUMNS ->
                        KernelLibrary.llm360_bf16_columns(
                                address, inputs, outputs, x, rows, to.result, to.from, to.to);
                case INT8_ROWS ->
                        KernelLibrary.llm360_int8_rows(
                                address, scales, inputs, outputs, x, xScales, rows, to.result,
                                to.from, to.to);
            }
        } finally {
            Reference.reachabilityFence(elements);
            Reference.reachabilityFence(factors);
        }
    }

    private static int parts(int whole, int size) {
        return (whole + size - 1) / size;
    }
}
