package ai.llm360.common.data;

import java.util.List;

/**
 * Decides which rows each step sees, by the seed and the chunks' sizes alone.
 *
 * <p>It is the order of Amber's loader ({@code main_utils.py}): a permutation of the chunk's rows
 * by NumPy's legacy generator, cut to whole steps. May be used from several threads at once.
 */
public final class DataOrder {

    private final ShuffleMode mode;
    private final long seed;
    private final int[] rowsPerChunk;

    // CONTINUOUS: the generator as it stands before a chunk, so that going forward draws once.
    private NumpyRandom generator;
    private int generatorChunk;

    /**
     * Creates an order.
     *
     * @param mode how the generator goes from chunk to chunk
     * @param seed the first chunk's seed; {@link ShuffleMode#PER_CHUNK} adds the chunk's number.
     *     Amber: 11111 + (the last checkpoint's number) + 1, at each launch
     * @param rowsPerChunk the rows of each chunk
     * @throws IllegalArgumentException if a seed is outside 0 to 2^32-1, or a chunk has more than
     *     2^31-1 rows
     */
    public DataOrder(ShuffleMode mode, long seed, List<Long> rowsPerChunk) {
        this.mode = mode;
        this.seed = seed;
        this.rowsPerChunk = rowsPerChunk.stream().mapToInt(DataOrder::rows).toArray();
        long last = mode == ShuffleMode.PER_CHUNK ? seed + rowsPerChunk.size() - 1 : seed;
        if (seed < 0 || last > NumpyRandom.MAX_SEED) {
            throw new IllegalArgumentException(
                    "the seeds %d to %d are needed; a seed is 0 to %d, as NumPy's is"
                            .formatted(seed, last, NumpyRandom.MAX_SEED));
        }
    }

    private static int rows(long rows) {
        if (rows < 0 || rows > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a chunk has 0 to %d rows, not %d: make more chunks"
                            .formatted(Integer.MAX_VALUE, rows));
        }
        return (int) rows;
    }

    /**
     * Draws the order of one chunk.
     *
     * @param globalBatch the sequences of an optimizer step, over all processes
     * @throws IllegalArgumentException if there is no such chunk or the batch is not positive
     */
    public ChunkOrder chunk(int chunk, int globalBatch) {
        if (chunk < 0 || chunk >= rowsPerChunk.length) {
            throw new IllegalArgumentException(
                    "no chunk %d: there are %d, from 0".formatted(chunk, rowsPerChunk.length));
        }
        if (globalBatch < 1) {
            throw new IllegalArgumentException(
                    "a step has at least 1 sequence, not " + globalBatch);
        }
        int[] order =
                switch (mode) {
                    case PER_CHUNK ->
                            new NumpyRandom(seed + chunk).permutation(rowsPerChunk[chunk]);
                    case CONTINUOUS -> continued(chunk);
                };
        return new ChunkOrder(order, globalBatch);
    }

    private synchronized int[] continued(int chunk) {
        if (generator == null || generatorChunk > chunk) {
            generator = new NumpyRandom(seed);
            generatorChunk = 0;
        }
        while (generatorChunk < chunk) {
            generator.permutation(rowsPerChunk[generatorChunk++]);
        }
        generatorChunk++;
        return generator.permutation(rowsPerChunk[chunk]);
    }

    /** A step within a chunk, of a run that goes through all chunks, each for its whole steps. */
    public record Place(int chunk, long step) {}

    /**
     * Finds a step of a run.
     *
     * @param step the optimizer step as a run's metrics count it, from 1
     * @param globalBatch the sequences of a step, over all processes
     * @throws IllegalArgumentException if the chunks have no such step
     */
    public Place place(long step, int globalBatch) {
        long left = step - 1;
        for (int chunk = 0; chunk < rowsPerChunk.length && globalBatch > 0; chunk++) {
            long steps = rowsPerChunk[chunk] / globalBatch;
            if (left >= 0 && left < steps) {
                return new Place(chunk, left);
            }
            left -= steps;
        }
        throw new IllegalArgumentException(
                "no step %d: %d chunks in steps of %d sequences have %d, from 1"
                        .formatted(step, rowsPerChunk.length, globalBatch, step - 1 - left));
    }
}
