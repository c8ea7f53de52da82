package ai.llm360.zoo.catalogue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Holds one result file of the evaluation harness, of its versions before 0.4: {@code {"results":
 * {task: {metric: number}}, "versions": …, "config": …}}.
 *
 * @param metrics each metric's mean over the tasks, every task counting the same; of a metric's
 *     standard error ({@code …_stderr}) that of this mean, the tasks taken as independent
 * @param tasks the metrics by task; one for most files, 57 for MMLU
 */
public record Scores(Map<String, Double> metrics, Map<String, Map<String, Double>> tasks) {

    private static final String ERROR = "_stderr";

    /** Makes the maps unmodifiable; their order stays. */
    public Scores {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
    }

    /** Reads a file; empty if it holds no results, as while an evaluation is running. */
    static Optional<Scores> read(String json) {
        Map<String, Map<String, Double>> tasks = new LinkedHashMap<>();
        try {
            JsonObject results =
                    JsonParser.parseString(json).getAsJsonObject().getAsJsonObject("results");
            for (String task : results.keySet()) {
                Map<String, Double> metrics = new LinkedHashMap<>();
                for (Map.Entry<String, JsonElement> metric :
                        results.getAsJsonObject(task).entrySet()) {
                    metrics.put(metric.getKey(), metric.getValue().getAsDouble());
                }
                tasks.put(task, Collections.unmodifiableMap(metrics));
            }
        } catch (JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException
                | UnsupportedOperationException
                | NumberFormatException e) {
            return Optional.empty();
        }
        return tasks.isEmpty() ? Optional.empty() : Optional.of(new Scores(means(tasks), tasks));
    }

    private static Map<String, Double> means(Map<String, Map<String, Double>> tasks) {
        Map<String, Double> sums = new LinkedHashMap<>();
        for (Map<String, Double> metrics : tasks.values()) {
            metrics.forEach(
                    (name, value) ->
                            sums.merge(
                                    name,
                                    name.endsWith(ERROR) ? value * value : value,
                                    Double::sum));
        }
        // A metric that some tasks lack has no mean over all.
        sums.keySet()
                .removeIf(name -> !tasks.values().stream().allMatch(one -> one.containsKey(name)));
        sums.replaceAll(
                (name, sum) -> (name.endsWith(ERROR) ? Math.sqrt(sum) : sum) / tasks.size());
        return sums;
    }
}
