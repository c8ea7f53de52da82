package ai.llm360.kernels;

import java.lang.ref.Reference;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Multiplies rows by int8 matrices: few on kernels of our own, many perhaps by another library.
 *
 * <p>Rows are rounded alike, sums are exact integers, and they are scaled alike, so a row has the
 * same bits either way.
 */
final class Int8Products {

    private static final Logger logger = LoggerFactory.getLogger(Int8Products.class);

    /** The most rows at a time that the other library gets, so that a buffer holds their sums. */
    private static final int BLOCK = 1024;

    /** The fewest rows that are worth the question which is faster. */
    static final int MANY = 8;

    private static final int PROBE_SIZE = 2048;
    private static final int[] PROBE_ROWS = {MANY, 16, 32, 64, 128};

    private Int8Products() {}

    /**
     * Finds out how many rows another library multiplies faster than kernels of our own do: both
     * multiply up to 128 rows by a matrix of 4 MB, which takes some 50 ms in all.
     *
     * @return the number from which on it is faster; {@link Integer#MAX_VALUE} if it never is
     */
    static int fasterFrom(IntegerProduct other) {
        int from = Integer.MAX_VALUE;
        try (KernelRows elements = KernelRows.zeros(PROBE_SIZE, PROBE_SIZE / Float.BYTES);
                KernelRows scales = KernelRows.zeros(1, PROBE_SIZE);
                KernelScratch scratch = new KernelScratch()) {
            List<KernelMatrix> matrix =
                    List.of(
                            KernelMatrix.int8(
                                    elements.bytes(), scales.bytes(), PROBE_SIZE, PROBE_SIZE));
            for (int i = PROBE_ROWS.length - 1; i >= 0; i--) {
                try (KernelRows x = KernelRows.zeros(PROBE_ROWS[i], PROBE_SIZE);
                        KernelRows y = KernelRows.zeros(PROBE_ROWS[i], PROBE_SIZE)) {
                    long ours = Long.MAX_VALUE;
                    long others = Long.MAX_VALUE;
                    for (int round = 0; round < 3; round++) {
                        long start = System.nanoTime();
                        multiply(x, matrix, List.of(y), scratch, null);
                        long between = System.nanoTime();
                        multiply(x, matrix, List.of(y), scratch, other);
                        ours = Math.min(ours, between - start);
                        others = Math.min(others, System.nanoTime() - between);
                    }
                    logger.debug(
                            "{} int8 rows: {} us by our kernels, {} us by libtorch's",
                            PROBE_ROWS[i],
                            ours / 1000,
                            others / 1000);
                    if (others >= ours) {
                        break;
                    }
                    from = PROBE_ROWS[i];
                }
            }
        }
        return from;
    }

    /**
     * Multiplies.
     *
     * @param other adds up the products, or {@code null} for kernels of our own
     */
    static void multiply(
            KernelRows x,
            List<KernelMatrix> matrices,
            List<KernelRows> results,
            KernelScratch scratch,
            IntegerProduct other) {
        if (other == null) {
            KernelProducts.int8Rows(x, round(x, scratch), matrices, results);
            return;
        }
        for (int start = 0; start < x.count(); start += BLOCK) {
            int from = start;
            int count = Math.min(BLOCK, x.count() - start);
            multiply(
                    round(x.rows(from, count), scratch),
                    matrices,
                    results.stream().map(rows -> rows.rows(from, count)).toList(),
                    other);
        }
    }

    /**
     * Rows rounded to int8, each with a scale of its own.
     *
     * @param memory the elements (n, I), then the scales (n)
     */
    record Rounded(NativeMemory memory, int count, int size) {

        long elements() {
            return memory.address();
        }

        long scales() {
            return memory.address() + aligned();
        }

        private long aligned() {
            return ((long) count * size + 63) / 64 * 64;
        }

        long byteSize() {
            return aligned() + (long) Float.BYTES * count;
        }
    }

    private static Rounded round(KernelRows x, KernelScratch scratch) {
        long bytes = new Rounded(null, x.count(), x.size()).byteSize();
        Rounded rounded = new Rounded(scratch.take(bytes), x.count(), x.size());
        int each = (int) Math.max(1, KernelMatrix.PART / x.size() / Float.BYTES);
        KernelThreads.shared()
                .divide(
                        x.count(),
                        each,
                        (from, to) ->
                                KernelLibrary.llm360_quantize_rows(
                                        0,
                                        x.address(),
                                        x.size(),
                                        rounded.elements(),
                                        rounded.scales(),
                                        from,
                                        to));
        return rounded;
    }

    private static void multiply(
            Rounded x,
            List<KernelMatrix> matrices,
            List<KernelRows> results,
            IntegerProduct other) {
        try {
            KernelThreads.shared().rest();
            for (int i = 0; i < matrices.size(); i++) {
                KernelMatrix matrix = matrices.get(i);
                KernelRows y = results.get(i);
                int outputs = matrix.outputs();
                other.multiply(
                        NativeMemory.view(x.elements(), (long) x.count() * x.size()),
                        NativeMemory.view(matrix.address(), (long) outputs * x.size()),
                        y.bytes(),
                        x.count(),
                        x.size(),
                        outputs);
            }
            for (int i = 0; i < matrices.size(); i++) {
                KernelMatrix matrix = matrices.get(i);
                KernelRows y = results.get(i);
                int each = (int) Math.max(1, KernelMatrix.PART / matrix.outputs() / Float.BYTES);
                KernelThreads.shared()
                        .divide(
                                y.count(),
                                each,
                                (from, to) ->
                                        KernelLibrary.llm360_int8_scale(
                                                y.address(),
                                                y.size(),
                                                x.scales(),
                                                matrix.scales(),
                                                from,
                                                to));
            }
        } finally {
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(matrices);
        }
    }
}
