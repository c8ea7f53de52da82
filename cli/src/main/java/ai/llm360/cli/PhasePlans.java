package ai.llm360.cli;

import ai.llm360.common.train.TrainingPlan;
import java.util.List;
import java.util.Locale;

/** The costs of a training's phases, one by one and in all; {@code --json} prints it so. */
record PhasePlans(List<PlanReport.Summary> phases, long steps, long tokens, Double seconds) {

    /** Prints the plans of a recipe's phases; that of a recipe without phases by itself. */
    static void print(List<TrainingPlan> plans, double flopsPerSecond, Output output) {
        List<PlanReport> reports =
                plans.stream().map(plan -> new PlanReport(plan, flopsPerSecond)).toList();
        if (plans.size() == 1) {
            PlanReport only = reports.get(0);
            output.result(only.summary(), () -> only.print(output));
            return;
        }
        PhasePlans all = of(reports);
        output.result(
                all,
                () -> {
                    reports.forEach(report -> report.print(output));
                    all.printSum(output);
                });
    }

    private static PhasePlans of(List<PlanReport> reports) {
        List<PlanReport.Summary> phases = reports.stream().map(PlanReport::summary).toList();
        boolean timed = phases.stream().allMatch(phase -> phase.seconds() != null);
        return new PhasePlans(
                phases,
                phases.stream().mapToLong(PlanReport.Summary::steps).sum(),
                phases.stream().mapToLong(PlanReport.Summary::tokens).sum(),
                timed ? phases.stream().mapToDouble(PlanReport.Summary::seconds).sum() : null);
    }

    private void printSum(Output output) {
        output.line(
                String.format(
                        Locale.ROOT,
                        "in all: %,d steps, %,d tokens%s",
                        steps,
                        tokens,
                        seconds == null ? "" : ", " + TrainingProgress.clock(Math.round(seconds))));
    }
}
