package ai.llm360.common.train;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.run.ValidationLoss;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** The mean loss of each source's held-out rows: the same rows each time, in their order. */
final class HeldOutLoss {

    private final TokenDataset dataset;
    private final int rows;
    private final long batches;

    /**
     * Creates the computation.
     *
     * @param dataset the data
     * @param rows the rows of a batch
     * @param batches the most batches of a source
     */
    HeldOutLoss(TokenDataset dataset, int rows, long batches) {
        this.dataset = dataset;
        this.rows = rows;
        this.batches = batches;
    }

    /**
     * Computes the losses, in nats; a source without held-out rows is left out.
     *
     * @param step the steps done, which the results say
     */
    List<ValidationLoss> compute(long step, NDManager manager, DecoderGradients decoder)
            throws IOException {
        List<ValidationLoss> losses = new ArrayList<>();
        for (String source : dataset.validationSources()) {
            try (TokenChunk held = dataset.openValidation(source)) {
                long count = Math.min(held.rows(), rows * batches);
                double sum = 0;
                for (long first = 0; first < count; first += rows) {
                    long end = Math.min(first + rows, count);
                    long[] numbers = LongStream.range(first, end).toArray();
                    try (TokenBatch batch = Batches.of(manager, held, numbers)) {
                        sum += decoder.loss(batch) * numbers.length;
                    }
                }
                if (count > 0) {
                    long tokens = count * (held.rowLength() - 1);
                    losses.add(new ValidationLoss(step, source, sum / count, tokens));
                }
            }
        }
        return losses;
    }
}
