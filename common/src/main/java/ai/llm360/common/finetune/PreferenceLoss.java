package ai.llm360.common.finetune;

import ai.llm360.common.train.TrainingConfig.Goal;
import ai.llm360.common.train.TrainingConfig.Goal.Preference;

/**
 * The loss of a pair of answers by how much more probable than before each has become: Direct
 * Preference Optimization (arXiv 2305.18290) and IPO (arXiv 2310.12036).
 *
 * <p>With c and r, the logarithms of the chosen and of the rejected answer's probability less those
 * that the reference gives them, x = c - r, and the label smoothing e:
 *
 * <ul>
 *   <li>sigmoid: {@code -(1 - e) log sigmoid(beta x) - e log sigmoid(-beta x)}
 *   <li>ipo: {@code (x - 1 / (2 beta))^2}; both as eric-mitchell/direct-preference-optimization has
 *       them (trainers.py, preference_loss)
 *   <li>ipo-mean: the same with c and r divided by the numbers of their tokens, as TRL's {@code
 *       ipo}
 * </ul>
 *
 * @param goal names the loss, with beta and e
 */
record PreferenceLoss(Goal goal) {

    /**
     * A pair's loss.
     *
     * @param loss the loss
     * @param byChosen its derivative by the chosen answer's log-probability
     * @param byRejected that by the rejected one's
     */
    record Value(double loss, double byChosen, double byRejected) {}

    /**
     * Computes a pair's loss.
     *
     * @param chosen c
     * @param rejected r
     * @param chosenTokens the tokens of the chosen answer
     * @param rejectedTokens those of the rejected one
     */
    Value of(double chosen, double rejected, double chosenTokens, double rejectedTokens) {
        boolean mean = goal.preference() == Preference.IPO_MEAN;
        double perChosen = mean ? 1 / Math.max(1, chosenTokens) : 1;
        double perRejected = mean ? 1 / Math.max(1, rejectedTokens) : 1;
        double margin = perChosen * chosen - perRejected * rejected;
        double slope = slope(margin);
        return new Value(loss(margin), perChosen * slope, -perRejected * slope);
    }

    private double loss(double margin) {
        double beta = goal.beta();
        if (goal.preference() != Preference.SIGMOID) {
            double distance = margin - 1 / (2 * beta);
            return distance * distance;
        }
        double smoothing = goal.labelSmoothing();
        return (1 - smoothing) * softplus(-beta * margin) + smoothing * softplus(beta * margin);
    }

    private double slope(double margin) {
        double beta = goal.beta();
        if (goal.preference() != Preference.SIGMOID) {
            return 2 * (margin - 1 / (2 * beta));
        }
        double smoothing = goal.labelSmoothing();
        return beta
                * (smoothing * sigmoid(beta * margin) - (1 - smoothing) * sigmoid(-beta * margin));
    }

    /** Returns {@code log(1 + exp(x))}, which is {@code -log sigmoid(-x)}, without overflow. */
    private static double softplus(double x) {
        return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
        return StrictMath.exp(-softplus(-x));
    }
}
