package ai.llm360.common.train;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.train.Objective.MicroBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        rows = config.batch().micro() * config.objective().rows();
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
                Map<String, Double> figures = new LinkedHashMap<>();
                for (long first = 0; first < count; first += rows) {
                    long[] some = numbers(first, Math.min(first + rows, count));
                    try (MicroBatch batch = Batches.of(manager, held, some, objective.layout())) {
                        objective
                                .loss(decoder, batch, divisor)
                                .forEach((name, part) -> figures.merge(name, part, Double::sum));
                    }
                }
                if (count > 0) {
                    double loss = figures.remove(Objective.LOSS);
                    long tokens = count * (held.rowLength() - 1);
                    losses.add(new ValidationLoss(step, source, loss, tokens, figures));
                }
            }
        }
        return losses;
    }

    private static long[] numbers(long first, long end) {
        return LongStream.range(first, end).toArray();
    }
}
