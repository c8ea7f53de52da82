package ai.llm360.common.train;

import ai.llm360.common.train.TrainingConfig.Schedule;

/**
 * The learning rate of each step: a linear warm-up from 0, then the schedule's shape.
 *
 * <p>With W warm-up steps, the peak a, the end b and T steps in all, warm-up included: {@code a t /
 * W} for {@code t < W}; and from there on
 *
 * <ul>
 *   <li>cosine: {@code b + (1 + cos(pi (t - W) / (T - W))) / 2 * (a - b)} up to T, then {@code b}:
 *       Amber's function (LLM360/amber-train, main.py). Its first step has the rate 0, as there.
 *   <li>linear: {@code (1 - (t - W) / (T - W)) (a - b) + b} up to T, then {@code b}: CrystalCoder's
 *       two segments of W and of T - W steps. Its first phase ended before T.
 *   <li>constant: {@code a}
 * </ul>
 *
 * The reference implementation of DPO (eric-mitchell/direct-preference-optimization, trainers.py)
 * has {@code a min(1, (t + 1) / (W + 1))} throughout.
 *
 * <p>The cosine is {@link StrictMath}'s, which is the same on every processor and Java.
 */
public final class LearningRate {

    private final Schedule schedule;
    private final long total;
    private final long warmup;

    /**
     * Creates the rates of a run.
     *
     * @param schedule the schedule
     * @param steps the run's steps, which a schedule without a total of its own takes
     */
    public LearningRate(Schedule schedule, long steps) {
        this.schedule = schedule;
        total = schedule.total() > 0 ? schedule.total() : steps;
        warmup =
                schedule.warmupRatio() > 0
                        ? (long) Math.ceil(schedule.warmupRatio() * total)
                        : schedule.warmup();
    }

    /**
     * Returns a step's rate.
     *
     * @param step the step's number, from 0
     * @return the rate, before a parameter group's scale
     */
    public double at(long step) {
        double peak = schedule.peak();
        double end = schedule.end();
        if (schedule.kind() == Schedule.Kind.REFERENCE) {
            return peak * Math.min(1, (step + 1) / (warmup + 1.0));
        }
        if (step < warmup) {
            return peak * step / warmup;
        }
        if (schedule.kind() == Schedule.Kind.CONSTANT) {
            return peak;
        }
        if (step > total || total == warmup) {
            return end;
        }
        double share = (double) (step - warmup) / (total - warmup);
        return schedule.kind() == Schedule.Kind.COSINE
                ? end + 0.5 * (1 + StrictMath.cos(Math.PI * share)) * (peak - end)
                : (1 - share) * (peak - end) + end;
    }
}
