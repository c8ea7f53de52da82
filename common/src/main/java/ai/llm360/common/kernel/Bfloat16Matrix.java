package ai.llm360.common.kernel;

import java.nio.ByteBuffer;

/**
 * A bfloat16 matrix (O, I), or (I, O) if it is transposed, whose rows, (O, I) in either case, are
 * read or written by all threads, some at a time.
 */
record Bfloat16Matrix(NativeMemory memory, int outputs, int inputs, boolean transposed) {

    /** So many columns are turned together: four cache lines of each row. */
    private static final int STRETCH = 128;

    /** What is done with {@code count} rows from {@code start}, which lie at an address. */
    interface Work {
        void on(long rows, long start, long count);
    }

    /**
     * Takes a direct buffer.
     *
     * @throws IllegalArgumentException if it isn't direct or hasn't just so many bytes
     */
    static Bfloat16Matrix of(ByteBuffer matrix, int outputs, int inputs, boolean transposed) {
        NativeMemory memory = NativeMemory.of(matrix, 2L * outputs * inputs);
        return new Bfloat16Matrix(memory, outputs, inputs, transposed);
    }

    void read(Work work) {
        run(
                work,
                (rows, start, count) ->
                        KernelLibrary.llm360_twelve_turn(
                                memory.address() + 2 * start, inputs, count, outputs, rows, inputs),
                (rows, start, count) -> {});
    }

    void write(Work work) {
        run(
                work,
                (rows, start, count) -> {},
                (rows, start, count) ->
                        KernelLibrary.llm360_twelve_turn(
                                rows,
                                count,
                                inputs,
                                inputs,
                                memory.address() + 2 * start,
                                outputs));
    }

    /** Before and after are for rows of a transposed matrix, which are worked on elsewhere. */
    private void run(Work work, Work before, Work after) {
        int step = transposed ? STRETCH : (int) Math.max(1, KernelMatrix.PART / 2 / inputs);
        KernelThreads.shared()
                .run(
                        (outputs + step - 1) / step,
                        part -> {
                            long start = (long) part * step;
                            long count = Math.min(step, outputs - start);
                            if (!transposed) {
                                work.on(memory.address() + 2 * start * inputs, start, count);
                                return;
                            }
                            NativeMemory rows = NativeMemory.allocate(2 * count * inputs);
                            try {
                                before.on(rows.address(), start, count);
                                work.on(rows.address(), start, count);
                                after.on(rows.address(), start, count);
                            } finally {
                                rows.free();
                            }
                        });
    }
}
