package ai.llm360.analysis.series;

import ai.llm360.common.data.ChunkOrder;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.train.TrainingConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The order in which a training sees the rows of a data set for the first time.
 *
 * @param mode how the order is drawn from chunk to chunk
 * @param seed its seed
 * @param batch the examples of a step, over all processes
 * @param pair the rows of an example: 1, or 2 where an example is a pair of answers
 * @param chunks the number of chunks that are gone through; 0 for all
 */
public record SeenOrder(ShuffleMode mode, long seed, int batch, int pair, int chunks) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if batch or pair isn't positive
     */
    public SeenOrder {
        if (batch < 1 || pair < 1 || chunks < 0) {
            throw new IllegalArgumentException(
                    "a step has at least 1 example of 1 row, not %d of %d".formatted(batch, pair));
        }
    }

    /** {@return the order of a training by its configuration} */
    public static SeenOrder of(TrainingConfig config) {
        return new SeenOrder(
                config.data().order(),
                config.seed(),
                config.batch().global(),
                config.objective().rows(),
                config.data().chunks());
    }

    /**
     * Tells when rows of a chunk are seen.
     *
     * @return the optimizer step of each row, from 1; 0 where none sees it, since a chunk's last
     *     rows make no whole step
     */
    long[] steps(DataManifest data, int chunk) {
        List<Long> examples = data.rowsPerChunk().stream().map(rows -> rows / pair).toList();
        long[] steps = new long[Math.toIntExact(data.rowsPerChunk().get(chunk))];
        if (chunks > 0 && chunk >= chunks) {
            return steps;
        }
        long before = IntStream.range(0, chunk).mapToLong(i -> examples.get(i) / batch).sum();
        ChunkOrder order = new DataOrder(mode, seed, examples).chunk(chunk, batch);
        for (long step = 0; step < order.steps(); step++) {
            for (long example : order.rows(step)) {
                int row = Math.toIntExact(example * pair);
                Arrays.fill(steps, row, row + pair, before + step + 1);
            }
        }
        return steps;
    }
}
