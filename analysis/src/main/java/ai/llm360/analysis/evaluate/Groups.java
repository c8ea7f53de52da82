package ai.llm360.analysis.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Puts tasks' results together. */
final class Groups {

    private Groups() {}

    /**
     * Returns the results of all groups whose tasks are all there. Of measures only means can be
     * put together, and only those that each task has.
     */
    static List<GroupResult> of(EvaluationTasks tasks, List<TaskResult> results) {
        Map<String, TaskResult> byName = new LinkedHashMap<>();
        results.forEach(result -> byName.put(result.name(), result));
        List<GroupResult> groups = new ArrayList<>();
        for (EvaluationTasks.Group group : tasks.groups()) {
            List<TaskResult> members = group.tasks().stream().map(byName::get).toList();
            if (!members.contains(null)) {
                groups.add(of(group, members));
            }
        }
        return groups;
    }

    private static GroupResult of(EvaluationTasks.Group group, List<TaskResult> members) {
        int[] sizes = members.stream().mapToInt(TaskResult::evaluated).toArray();
        boolean weighted = group.page().weighBySize().orElse(true);
        List<MetricResult> metrics = new ArrayList<>();
        for (MetricResult first : members.get(0).metrics()) {
            List<MetricResult> same =
                    members.stream()
                            .flatMap(member -> member.metrics().stream())
                            .filter(metric -> metric.metric().equals(first.metric()))
                            .filter(metric -> metric.filter().equals(first.filter()))
                            .toList();
            if (same.size() == members.size()) {
                metrics.add(together(same, sizes, weighted));
            }
        }
        int evaluated = members.stream().mapToInt(TaskResult::evaluated).sum();
        return new GroupResult(group.name(), group.page(), group.members(), metrics, evaluated);
    }

    private static MetricResult together(
            List<MetricResult> metrics, int[] sizes, boolean weighted) {
        double sum = 0;
        double weights = 0;
        double[] errors = new double[sizes.length];
        boolean known = true;
        for (int i = 0; i < sizes.length; i++) {
            double weight = weighted ? sizes[i] : 1;
            sum += weight * metrics.get(i).value();
            weights += weight;
            known &= metrics.get(i).error().isPresent();
            errors[i] = metrics.get(i).error().orElse(0);
        }
        double error =
                weighted
                        ? StandardErrors.pooled(errors, sizes)
                        : StandardErrors.ofPlainMean(errors);
        MetricResult first = metrics.get(0);
        return new MetricResult(
                first.metric(),
                first.filter(),
                sum / weights,
                known ? OptionalDouble.of(error) : OptionalDouble.empty(),
                first.higherIsBetter());
    }
}
