package ai.llm360.common.data;

/** The rows of one chunk in the order of the steps that see them. Immutable. */
public final class ChunkOrder {

    private final int[] order;
    private final int globalBatch;

    ChunkOrder(int[] order, int globalBatch) {
        this.order = order;
        this.globalBatch = globalBatch;
    }

    /**
     * {@return the number of whole steps: the rows of the chunk divided by the global batch,
     * rounded down. The rows left over aren't seen}
     */
    public long steps() {
        return order.length / globalBatch;
    }

    /**
     * {@return the row numbers of a step, as many as the global batch has sequences}
     *
     * @param step the step within the chunk, from 0
     * @throws IllegalArgumentException if the chunk has no such step
     */
    public long[] rows(long step) {
        return rows(step, 0, 1);
    }

    /**
     * {@return the rows of a step that one process reads: every {@code worldSize}-th one from the
     * {@code rank}-th on, as Amber's loader deals them}
     *
     * @param step the step within the chunk, from 0
     * @param rank the process, from 0
     * @param worldSize the number of processes, which divides the global batch
     * @throws IllegalArgumentException if there is no such step or process, or the batch can't be
     *     dealt evenly
     */
    public long[] rows(long step, int rank, int worldSize) {
        if (step < 0 || step >= steps()) {
            throw new IllegalArgumentException(
                    "no step %d: %d rows in steps of %d are %d steps, from 0"
                            .formatted(step, order.length, globalBatch, steps()));
        }
        if (worldSize < 1 || rank < 0 || rank >= worldSize || globalBatch % worldSize != 0) {
            throw new IllegalArgumentException(
                    "rank %d of %d processes: the rank is below their number, which divides the %d"
                                    .formatted(rank, worldSize, globalBatch)
                            + " sequences of a step");
        }
        int first = Math.toIntExact(step * globalBatch) + rank;
        long[] rows = new long[globalBatch / worldSize];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = order[first + i * worldSize];
        }
        return rows;
    }
}
