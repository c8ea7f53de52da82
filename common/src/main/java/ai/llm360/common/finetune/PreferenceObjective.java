package ai.llm360.common.finetune;

import ai.djl.ndarray.NDArray;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.TrainingConfig.Goal;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Learns to prefer one answer to another: rows 2i of the data hold prompt and chosen answer, rows
 * 2i + 1 the same prompt and the rejected one, masks the answers' tokens.
 *
 * <p>A step's loss is the mean over its pairs. One pass through the layers serves both the policy's
 * log-probabilities and the gradient; only the head computes the answers' tokens twice.
 *
 * <p>Figures have TRL's names: a reward is beta times the answer's log-probability less the
 * reference's; accuracies is the part of the pairs whose chosen answer has the greater reward.
 */
public final class PreferenceObjective implements Objective {

    private final PreferenceLoss loss;
    private final double beta;
    private final ReferenceScores reference;

    /**
     * Creates the objective.
     *
     * @param goal names the loss of a pair, with its constants
     * @param reference what the data's rows are compared with
     */
    public PreferenceObjective(Goal goal, ReferenceScores reference) {
        loss = new PreferenceLoss(goal);
        beta = goal.beta();
        this.reference = reference;
    }

    @Override
    public double divisor(TokenChunk chunk, long[] rows) {
        return Math.max(1, rows.length / 2.0);
    }

    @Override
    public Layout layout() {
        return Layout.TRIMMED;
    }

    @Override
    public Map<String, Double> add(DecoderGradients decoder, MicroBatch batch, double divisor) {
        Sums sums = new Sums(batch, divisor);
        decoder.addWeighed(batch.tokens(), sums::slopes);
        return sums.figures;
    }

    @Override
    public Map<String, Double> loss(DecoderGradients decoder, MicroBatch batch, double divisor) {
        Sums sums = new Sums(batch, divisor);
        sums.slopes(decoder.logProbabilities(batch.tokens()));
        return sums.figures;
    }

    /** Adds up the figures of a micro-batch's pairs. */
    private final class Sums {

        private final double divisor;
        private final double[] references;
        private final float[] tokens;
        private final Map<String, Double> figures = new LinkedHashMap<>();

        Sums(MicroBatch batch, double divisor) {
            this.divisor = divisor;
            references = reference.of(batch.chunk(), batch.rows());
            tokens = tokens(batch.tokens());
        }

        private void add(String name, double value) {
            figures.merge(name, value / divisor, Double::sum);
        }

        /** Returns the loss's derivative by each row's log-probability. */
        double[] slopes(double[] policy) {
            double[] slopes = new double[policy.length];
            for (int i = 0; i + 1 < policy.length; i += 2) {
                double chosen = policy[i] - references[i];
                double rejected = policy[i + 1] - references[i + 1];
                PreferenceLoss.Value value = loss.of(chosen, rejected, tokens[i], tokens[i + 1]);
                slopes[i] = value.byChosen() / divisor;
                slopes[i + 1] = value.byRejected() / divisor;
                add(LOSS, value.loss());
                add("rewards/chosen", beta * chosen);
                add("rewards/rejected", beta * rejected);
                add("rewards/accuracies", chosen > rejected ? 1 : 0);
                add("rewards/margins", beta * (chosen - rejected));
                add("logps/chosen", policy[i]);
                add("logps/rejected", policy[i + 1]);
            }
            return slopes;
        }
    }

    private static float[] tokens(TokenBatch batch) {
        try (NDArray counts = batch.weights().orElseThrow().sum(new int[] {1})) {
            return counts.toFloatArray();
        }
    }
}
