package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.code.Confinement;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The provenance of results, beside tasks and data.
 *
 * @param model the model
 * @param program the program that evaluates, with its version
 * @param device the device on which the model ran, such as {@code cpu}
 * @param started when it began
 * @param limit the largest number of documents of a task; all if empty
 * @param confinement the limits of generated code, if any was run
 */
public record EvaluationRun(
        EvaluatedModel model,
        String program,
        String device,
        Instant started,
        OptionalInt limit,
        Optional<Confinement> confinement) {}
