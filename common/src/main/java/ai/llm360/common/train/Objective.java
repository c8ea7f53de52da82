package ai.llm360.common.train;

import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.train.TrainingConfig.Goal;
import java.util.Map;

/**
 * Computes the loss of a batch, and its gradient.
 *
 * <p>A step's loss is a sum over the rows of its global batch, divided by one number. The sum is
 * taken micro-batch by micro-batch, on several processes perhaps, so the divisor is that of all.
 */
public interface Objective {

    /** The name of the loss among the figures of {@link #add} and {@link #loss}. */
    String LOSS = "loss";

    /**
     * Some of a step's rows.
     *
     * @param chunk where they are
     * @param rows their numbers (B)
     * @param tokens their tokens, on the model's device, with the data's masks as weights
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
    record MicroBatch(TokenChunk chunk, long[] rows, TokenBatch tokens) implements AutoCloseable {

        /** Frees the tokens. */
        @Override
        public void close() {
            tokens.close();
        }
    }

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
     * @param batch the rows
     * @param divisor as {@link #divisor} gave it
     * @return these rows' part of the step's figures: {@link #LOSS}, and what else there is to
     *     tell, by names with a slash; the same names for all rows
     */
    default Map<String, Double> add(DecoderGradients decoder, MicroBatch batch, double divisor) {
        return Map.of(LOSS, decoder.add(batch.tokens(), divisor));
    }

    /**
     * Computes the loss of rows that were held out.
     *
     * @param decoder computes losses
     * @param batch the rows
     * @param divisor as {@link #divisor} gave it
     * @return these rows' part of the figures, as {@link #add} returns them
     */
    default Map<String, Double> loss(DecoderGradients decoder, MicroBatch batch, double divisor) {
        return Map.of(LOSS, decoder.loss(batch.tokens(), divisor));
    }

    /** Names the ways in which a micro-batch's rows lie in its arrays. */
    enum Layout {
        /** (B, T + 1), as the data has them. */
        WHOLE,
        /**
         * Without the columns behind the last label that counts in any row. They change nothing but
         * the last bits, and cost as much as others.
         */
        TRIMMED,
        /**
         * One row of B texts, each up to its own last label that counts: no padding is computed.
         */
        TEXTS,
        /** The same of rows that hold several texts, each from a BOS to the next. */
        PACKED_TEXTS
    }

    /** Returns how this objective wants its rows: by default whole. */
    default Layout layout() {
        return Layout.WHOLE;
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
     * Returns the objective of supervised fine-tuning: the loss of the labels that the data's masks
     * let count. The head computes nothing for others, and no layer for padding.
     *
     * @param normalisation what the sum is divided by
     * @param micro the rows of a micro-batch, which the mean of micro-batches depends on
     * @param packed whether rows hold several texts, each of which begins with BOS, and is computed
     *     as if it were alone
     * @return the objective
     */
    static Objective labels(Goal.Normalisation normalisation, int micro, boolean packed) {
        return new LabelLoss(normalisation, micro, packed);
    }
}
