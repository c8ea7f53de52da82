package ai.llm360.kernels;

/**
 * The steps of a layer between its products, on rows of float32. Each row is computed by itself, so
 * its bits don't depend on other rows.
 */
final class KernelSteps {

    /** Fewer floats than these aren't worth a second thread. */
    private static final int PART = 1 << 15;

    private KernelSteps() {}

    /**
     * Computes RMSNorm (arXiv 1910.07467), y = gain x / sqrt(mean(x²) + eps), or LayerNorm (arXiv
     * 1607.06450), y = gain (x - mean(x)) / sqrt(variance(x) + eps); plus bias.
     *
     * @param centred whether it is LayerNorm
     * @param x (n, C)
     * @param gain (1, C)
     * @param bias (1, C), or {@code null}
     * @param eps what is added to the mean of the squares
     * @param y (n, C), which is written
     */
    static void norm(
            boolean centred,
            KernelRows x,
            KernelRows gain,
            KernelRows bias,
            float eps,
            KernelRows y) {
        requireSize(x.size(), gain);
        requireSize(x.size(), y);
        requireSameCount(x, y);
        if (bias != null) {
            requireSize(x.size(), bias);
        }
        divide(
                x,
                (from, to) ->
                        KernelLibrary.llm360_norm(
                                centred ? 1 : 0,
                                x.address(),
                                x.size(),
                                gain.address(),
                                bias == null ? 0 : bias.address(),
                                eps,
                                y.address(),
                                from,
                                to));
    }

    /** Adds a row, (1, C), to all rows of x, (n, C). */
    static void addBias(KernelRows x, KernelRows bias) {
        requireSize(x.size(), bias);
        divide(
                x,
                (from, to) ->
                        KernelLibrary.llm360_add_bias(
                                x.address(), x.size(), bias.address(), from, to));
    }

    /** Adds y to x, both (n, C). */
    static void add(KernelRows x, KernelRows y) {
        requireSize(x.size(), y);
        requireSameCount(x, y);
        divide(
                x,
                (from, to) ->
                        KernelLibrary.llm360_add(x.address(), y.address(), x.size(), from, to));
    }

    /** Computes SwiGLU's product (arXiv 2002.05202) in gate: gate / (1 + e^-gate) × up. */
    static void swiglu(KernelRows gate, KernelRows up) {
        requireSize(gate.size(), up);
        requireSameCount(gate, up);
        long size = gate.size();
        divide(
                gate,
                (from, to) ->
                        KernelLibrary.llm360_swiglu(
                                gate.address(), up.address(), from * size, to * size));
    }

    private static void divide(KernelRows rows, KernelThreads.Range work) {
        KernelThreads.shared().divide(rows.count(), Math.max(1, PART / rows.size()), work);
    }

    private static void requireSize(int size, KernelRows rows) {
        if (rows.size() != size) {
            throw new IllegalArgumentException(
                    "rows of %d floats were expected, not of %d".formatted(size, rows.size()));
        }
    }

    private static void requireSameCount(KernelRows x, KernelRows y) {
        if (x.count() != y.count()) {
            throw new IllegalArgumentException(
                    "%d rows were expected, not %d".formatted(x.count(), y.count()));
        }
    }
}
