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
    private final Objective objective;

    /**
     * Creates the computation.
     *
     * @param dataset the data
     * @param config tells the rows of a batch, and the most batches of a source
     * @param objective the loss
     */
    HeldOutLoss(TokenDataset dataset, TrainingConfig config, Objective objective) {
        this.dataset = dataset;
        this.objective = objective;
        rows = config.batch().micro();
        batches = config.validation().batches();
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
                double divisor = objective.divisor(held, numbers(0, count));
                double loss = 0;
                for (long first = 0; first < count; first += rows) {
                    long end = Math.min(first + rows, count);
                    try (TokenBatch batch = Batches.of(manager, held, numbers(first, end))) {
                        loss += objective.loss(decoder, batch, divisor);
                    }
                }
                if (count > 0) {
                    long tokens = count * (held.rowLength() - 1);
                    losses.add(new ValidationLoss(step, source, loss, tokens));
                }
            }
        }
        return losses;
    }

    private static long[] numbers(long first, long end) {
        return LongStream.range(first, end).toArray();
    }
}
