package ai.llm360.cli;

import ai.llm360.common.train.TrainingMemory;
import ai.llm360.common.train.TrainingPlan;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * Prints what a training run will take.
 *
 * @param flopsPerSecond the device's rate, or 0 where it isn't known
 */
record PlanReport(TrainingPlan plan, double flopsPerSecond) {

    /** A plan for {@code --json}; times are in seconds, at the full given rate. */
    private record Summary(
            String name,
            long parameters,
            int chunks,
            List<Long> stepsPerChunk,
            long steps,
            long tokensPerStep,
            long tokens,
            TrainingMemory memory,
            long memoryTotal,
            double flopsPerToken,
            double causalFlopsPerToken,
            Double seconds) {}

    /** The costs of a training's phases, one by one and in all, for {@code --json}. */
    private record Sum(List<Summary> phases, long steps, long tokens, Double seconds) {}

    /** Prints the plans of a recipe's phases; that of a recipe without phases by itself. */
    static void print(List<TrainingPlan> plans, double flopsPerSecond, Output output) {
        List<PlanReport> reports =
                plans.stream().map(plan -> new PlanReport(plan, flopsPerSecond)).toList();
        List<Summary> phases = reports.stream().map(PlanReport::summary).toList();
        long steps = phases.stream().mapToLong(Summary::steps).sum();
        long tokens = phases.stream().mapToLong(Summary::tokens).sum();
        boolean timed = phases.stream().allMatch(phase -> phase.seconds() != null);
        Double seconds = timed ? phases.stream().mapToDouble(Summary::seconds).sum() : null;
        output.result(
                phases.size() == 1 ? phases.get(0) : new Sum(phases, steps, tokens, seconds),
                () -> {
                    reports.forEach(report -> report.print(output));
                    if (phases.size() > 1) {
                        String time =
                                timed ? ", " + TrainingProgress.clock(Math.round(seconds)) : "";
                        output.line(
                                "in all: %s steps, %s tokens%s"
                                        .formatted(count(steps), count(tokens), time));
                    }
                });
    }

    private Summary summary() {
        return new Summary(
                plan.config().name(),
                plan.model().parameters(),
                plan.stepsPerChunk().size(),
                plan.stepsPerChunk(),
                plan.steps(),
                plan.tokensPerStep(),
                plan.tokens(),
                plan.memory(),
                plan.memory().total(),
                plan.flopsPerToken(),
                plan.causalFlopsPerToken(),
                flopsPerSecond > 0 ? plan.time(flopsPerSecond).toMillis() / 1e3 : null);
    }

    private void print(Output output) {
        TrainingMemory memory = plan.memory();
        output.line(plan.config().name());
        output.rows(
                List.of(
                        List.of("parameters", count(plan.model().parameters())),
                        List.of("steps", count(plan.steps()) + chunks()),
                        List.of(
                                "tokens",
                                "%s, %s a step"
                                        .formatted(
                                                count(plan.tokens()), count(plan.tokensPerStep()))),
                        List.of("memory", "about " + ByteSize.format(memory.total())),
                        List.of("  weights", ByteSize.format(memory.weights())),
                        List.of("  gradients", ByteSize.format(memory.gradients())),
                        List.of("  optimizer", ByteSize.format(memory.optimizer())),
                        List.of("  copies", ByteSize.format(memory.copies())),
                        List.of(
                                "  activations",
                                "%s at batch.micro=%d%s"
                                        .formatted(
                                                ByteSize.format(memory.activations()),
                                                plan.config().batch().micro(),
                                                recomputed(plan.config().recomputeLayers()))),
                        List.of("  loss", ByteSize.format(memory.loss())),
                        List.of(
                                "arithmetic",
                                String.format(
                                        Locale.ROOT,
                                        "%.4g FLOP a token (%.4g with causal attention counted"
                                                + " once)",
                                        plan.flopsPerToken(),
                                        plan.causalFlopsPerToken())),
                        List.of("time", time())));
    }

    private String chunks() {
        LongStream perChunk = plan.stepsPerChunk().stream().mapToLong(Long::longValue);
        int chunks = plan.stepsPerChunk().size();
        if (chunks == 0) {
            return "";
        }
        long[] distinct = perChunk.distinct().sorted().toArray();
        return ", %s of %s"
                .formatted(
                        Output.count(chunks, "chunk"),
                        distinct.length == 1
                                ? count(distinct[0])
                                : count(distinct[0])
                                        + " to "
                                        + count(distinct[distinct.length - 1]));
    }

    private static String recomputed(int layers) {
        return layers == 0 ? "" : ", %d layers recomputed".formatted(layers);
    }

    private String time() {
        if (flopsPerSecond == 0) {
            return "as --flops says how fast the device computes";
        }
        return "%s at %s FLOP/s"
                .formatted(
                        TrainingProgress.clock(plan.time(flopsPerSecond).toSeconds()),
                        String.format(Locale.ROOT, "%.3g", flopsPerSecond));
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
