package ai.llm360.common.train;

import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;

/**
 * Computes the loss of a batch, and its gradient.
 *
 * <p>A step's loss is a sum over the rows of its global batch, divided by one number. The sum is
 * taken micro-batch by micro-batch, on several processes perhaps, so the divisor is that of all.
 */
public interface Objective {

    /**
     * Returns the number that a step's sum is divided by.
     *
     * @param chunk the data
     * @param rows the numbers of all rows of the step, those of other processes included
     * @return a positive number, the same on each process
     */
    double divisor(TokenChunk chunk, long[] rows);

    /**
     * Computes the loss of some of a step's rows and adds its gradient.
     *
     * @param decoder computes losses and collects gradients
     * @param batch the rows, with the data's masks as weights
     * @param divisor as {@link #divisor} gave it
     * @return these rows' part of the step's loss
     */
    default double add(DecoderGradients decoder, TokenBatch batch, double divisor) {
        return decoder.add(batch, divisor);
    }

    /**
     * Computes the loss of rows that were held out.
     *
     * @param decoder computes losses
     * @param batch the rows, with the data's masks as weights
     * @param divisor as {@link #divisor} gave it
     * @return these rows' part of the loss
     */
    default double loss(DecoderGradients decoder, TokenBatch batch, double divisor) {
        return decoder.loss(batch, divisor);
    }

    /**
     * Returns the objective of pretraining: the sum of the losses of all labels that the data's
     * masks let count, divided by the number of all labels, B * T. A mask leaves the divisor as it
     * is; so CrystalCoder was trained (Cerebras' {@code loss_scaling: batch_size}, {@code
     * loss_weight: 1/T}).
     *
     * @return the objective
     */
    static Objective pretraining() {
        return (chunk, rows) -> (double) rows.length * (chunk.rowLength() - 1);
    }

    /**
     * {@return the objective of supervised fine-tuning: the mean loss of the labels that the data's
     * masks let count, over the whole step}
     */
    static Objective labels() {
        return (chunk, rows) -> {
            float[] mask = new float[chunk.rowLength() - 1];
            double count = 0;
            for (long row : rows) {
                chunk.readMask(row, mask, 0);
                for (float label : mask) {
                    count += label;
                }
            }
            return Math.max(1, count);
        };
    }
}
