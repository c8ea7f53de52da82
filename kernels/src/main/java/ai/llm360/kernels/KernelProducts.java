package ai.llm360.kernels;

import java.util.ArrayList;
import java.util.List;

/** Divides the products of each layout among threads. */
final class KernelProducts {

    /** An [in, out] matrix's inputs are divided into so many parts at most. */
    private static final int MOST = 32;

    private KernelProducts() {}

    /** Outputs or inputs of one matrix, which one thread takes, and where their result goes. */
    private record Share(KernelMatrix matrix, long result, long from, long to) {}

    private interface Work {
        void on(Share share);
    }

    private static void run(List<Share> shares, Work work) {
        KernelThreads.shared().run(shares.size(), part -> work.on(shares.get(part)));
    }

    private static void divide(
            KernelMatrix matrix, long whole, long step, long result, long apart, List<Share> to) {
        long y = result;
        for (long start = 0; start < whole; start += step) {
            to.add(new Share(matrix, y, start, Math.min(start + step, whole)));
            y += apart;
        }
    }

    /** A product by a bfloat16 matrix, as {@link KernelLibrary} has it. */
    private interface Bfloat16 {
        void multiply(
                long w, long inputs, long outputs, long x, long rows, long y, long from, long to);
    }

    private static void multiply(KernelRows x, List<Share> shares, Bfloat16 kernel) {
        run(
                shares,
                share ->
                        kernel.multiply(
                                share.matrix.address(),
                                x.size(),
                                share.matrix.outputs(),
                                x.address(),
                                x.count(),
                                share.result,
                                share.from,
                                share.to));
    }

    /** Outputs are divided, so that each share reads {@link KernelMatrix#PART}. */
    private static List<Share> byOutputs(List<KernelMatrix> matrices, List<KernelRows> results) {
        List<Share> shares = new ArrayList<>();
        for (int i = 0; i < matrices.size(); i++) {
            KernelMatrix matrix = matrices.get(i);
            long step = Math.max(4, KernelMatrix.PART / matrix.outputBytes() / 4 * 4);
            divide(matrix, matrix.outputs(), step, results.get(i).address(), 0, shares);
        }
        return shares;
    }

    static void bfloat16Rows(KernelRows x, List<KernelMatrix> matrices, List<KernelRows> results) {
        multiply(x, byOutputs(matrices, results), KernelLibrary::llm360_bf16_rows);
    }

    /**
     * Inputs are divided, so that whole rows are read; the parts' results are added in their order.
     * Into how many parts is a matter of the matrix's size, so that sums don't depend on threads.
     */
    static void bfloat16Columns(
            KernelRows x,
            List<KernelMatrix> matrices,
            List<KernelRows> results,
            KernelScratch scratch) {
        long bytes = 0;
        for (KernelMatrix matrix : matrices) {
            bytes += parts(matrix) * size(x, matrix);
        }
        NativeMemory sums = scratch.take(bytes);
        List<Share> shares = new ArrayList<>();
        long place = sums.address();
        for (KernelMatrix matrix : matrices) {
            divide(matrix, x.size(), step(matrix), place, size(x, matrix), shares);
            place += parts(matrix) * size(x, matrix);
        }
        multiply(x, shares, KernelLibrary::llm360_bf16_columns);
        place = sums.address();
        for (int i = 0; i < matrices.size(); i++) {
            sum(place, matrices.get(i), results.get(i));
            place += parts(matrices.get(i)) * size(x, matrices.get(i));
        }
    }

    private static void sum(long parts, KernelMatrix matrix, KernelRows result) {
        long size = (long) result.count() * result.size();
        long each = Math.max(2048, KernelMatrix.PART / Float.BYTES / parts(matrix) / 4);
        KernelThreads.shared()
                .divide(
                        size,
                        each,
                        (from, to) ->
                                KernelLibrary.llm360_sum(
                                        parts, parts(matrix), size, result.address(), from, to));
    }

    /** The bytes of one part's result. */
    private static long size(KernelRows x, KernelMatrix matrix) {
        return (long) Float.BYTES * x.count() * matrix.outputs();
    }

    /** Returns the inputs of a part. */
    private static long step(KernelMatrix matrix) {
        long bytes = 2L * matrix.inputs() * matrix.outputs();
        long wanted = Math.max(1, Math.min(MOST, bytes / (2 * KernelMatrix.PART)));
        return (matrix.inputs() + wanted - 1) / wanted;
    }

    private static long parts(KernelMatrix matrix) {
        return (matrix.inputs() + step(matrix) - 1) / step(matrix);
    }

    static void int8Rows(
            KernelRows x,
            Int8Products.Rounded rounded,
            List<KernelMatrix> matrices,
            List<KernelRows> results) {
        run(
                byOutputs(matrices, results),
                share ->
                        KernelLibrary.llm360_int8_rows(
                                share.matrix.address(),
                                share.matrix.scales(),
                                x.size(),
                                share.matrix.outputs(),
                                rounded.elements(),
                                rounded.scales(),
                                x.count(),
                                share.result,
                                share.from,
                                share.to));
    }
}
