package ai.llm360.cli;

import ai.llm360.analysis.evaluate.EvaluationTasks;
import ai.llm360.analysis.evaluate.GroupResult;
import ai.llm360.analysis.evaluate.MetricResult;
import ai.llm360.analysis.evaluate.TaskResult;
import ai.llm360.analysis.task.RequestHashes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prints what {@code llm360 evaluate} found out. */
final class EvaluationReport {

    private static final List<String> HEADER =
            List.of("task", "shots", "documents", "measure", "value", "± error");

    private record Hashes(String profile, Map<String, TaskHashes> tasks) {}

    private record TaskHashes(int docs, int requests, String sha256NulJoined, String sha256Json) {}

    private EvaluationReport() {}

    /** Prints tasks, then groups, with a line for each measure. */
    static void print(Output output, List<TaskResult> tasks, List<GroupResult> groups) {
        List<List<?>> rows = new ArrayList<>();
        tasks.forEach(
                task ->
                        add(
                                rows,
                                task.name(),
                                task.asked().shots(),
                                task.evaluated(),
                                task.metrics()));
        groups.forEach(group -> add(rows, group.name(), "", group.evaluated(), group.metrics()));
        output.table(HEADER, rows);
        for (TaskResult task : tasks) {
            for (String reason : task.asked().incomparable()) {
                output.line(
                        "%s: not comparable with published results: %s"
                                .formatted(task.name(), reason));
            }
        }
    }

    private static void add(
            List<List<?>> rows,
            String name,
            Object shots,
            int documents,
            List<MetricResult> metrics) {
        boolean first = true;
        for (MetricResult metric : metrics) {
            String filter = metric.filter().equals("none") ? "" : " (" + metric.filter() + ")";
            rows.add(
                    List.of(
                            first ? name : "",
                            first ? shots : "",
                            first ? documents : "",
                            metric.metric() + filter,
                            Output.decimal(metric.value(), 4),
                            metric.error().isPresent()
                                    ? "± " + Output.decimal(metric.error().getAsDouble(), 4)
                                    : ""));
            first = false;
        }
    }

    /** Prints what identifies each task's requests. */
    static void hashes(Output output, EvaluationTasks tasks) {
        Map<String, TaskHashes> all = new LinkedHashMap<>();
        for (EvaluationTasks.Asked asked : tasks.tasks()) {
            RequestHashes of = RequestHashes.of(tasks.profile(), asked.items().items());
            all.put(
                    asked.task().name(),
                    new TaskHashes(
                            of.docs(), of.requests(), of.sha256NulJoined(), of.sha256Json()));
        }
        output.result(
                new Hashes(tasks.profile().toString(), all),
                () ->
                        all.forEach(
                                (name, of) -> {
                                    output.line(name);
                                    output.rows(
                                            List.of(
                                                    List.of("docs", of.docs()),
                                                    List.of("requests", of.requests()),
                                                    List.of(
                                                            "sha256_nul_joined",
                                                            of.sha256NulJoined()),
                                                    List.of("sha256_json", of.sha256Json())));
                                }));
    }
}
