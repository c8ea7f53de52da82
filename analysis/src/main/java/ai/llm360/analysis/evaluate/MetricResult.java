package ai.llm360.analysis.evaluate;

import java.util.OptionalDouble;

/**
 * A measure of a task or a group.
 *
 * @param metric its name, such as {@code acc_norm}
 * @param filter the name of the filter that took the answers out of generated texts; {@code none}
 *     where there is none
 * @param value the value
 * @param error the standard error; empty where the harness takes none, and of a single document
 * @param higherIsBetter whether more is better
 */
public record MetricResult(
        String metric, String filter, double value, OptionalDouble error, boolean higherIsBetter) {}
