package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.train.TrainingConfig.Goal.Normalisation;
import java.util.Map;

/** The loss of the labels that the data's masks let count, for supervised fine-tuning. */
record LabelLoss(Normalisation normalisation, int micro, boolean packed) implements Objective {

    @Override
    public double divisor(TokenChunk chunk, long[] rows) {
        return switch (normalisation) {
            case TOKENS -> Math.max(1, count(chunk, rows));
            case MICRO_BATCH -> Math.ceil((double) rows.length / micro);
            case EXAMPLES -> rows.length;
        };
    }

    private static double count(TokenChunk chunk, long[] rows) {
        float[] mask = new float[chunk.rowLength() - 1];
        double count = 0;
        for (long row : rows) {
            chunk.readMask(row, mask, 0);
            for (float label : mask) {
                count += label;
            }
        }
        return count;
    }

    @Override
    public Map<String, Double> add(DecoderGradients decoder, MicroBatch batch, double divisor) {
        return Map.of(LOSS, decoder.addCounted(batch.tokens(), whole(batch.tokens(), divisor)));
    }

    @Override
    public Map<String, Double> loss(DecoderGradients decoder, MicroBatch batch, double divisor) {
        return Map.of(LOSS, decoder.loss(batch.tokens(), whole(batch.tokens(), divisor)));
    }

    /** Returns what a micro-batch's own sum is divided by. */
    private double whole(TokenBatch batch, double divisor) {
        if (normalisation != Normalisation.MICRO_BATCH) {
            return divisor;
        }
        if (batch.weights().isEmpty()) {
            long labels = batch.ids().getShape().get(1) - 1;
            return divisor * batch.ids().getShape().get(0) * labels;
        }
        try (NDArray count = batch.weights().get().sum()) {
            return divisor * Math.max(1, count.getFloat());
        }
    }

    @Override
    public Layout layout() {
        return packed ? Layout.PACKED_TEXTS : Layout.TEXTS;
    }
}
