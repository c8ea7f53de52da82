package ai.llm360.analysis.task;

import java.util.List;

/** A question to a model, as lm-evaluation-harness asks it. */
public sealed interface Request {

    /**
     * Asks how probable a text is behind another one.
     *
     * @param context the text before, perhaps empty
     * @param continuation the text to score, with the delimiter that it begins with
     */
    record LogLikelihood(String context, String continuation) implements Request {}

    /**
     * Asks how probable a whole text is, in windows of the model's context length.
     *
     * @param text the text
     */
    record Rolling(String text) implements Request {}

    /**
     * Asks for a continuation.
     *
     * @param context the prompt
     * @param until the strings that end the answer, beside the model's end token; the answer has
     *     none of them
     * @param maxTokens the largest number of tokens to generate
     * @param temperature 0 for the most probable token at each step
     * @param topP the probability mass that is sampled from, in (0, 1]
     * @param repeats the number of answers
     */
    record Generation(
            String context,
            List<String> until,
            int maxTokens,
            double temperature,
            double topP,
            int repeats)
            implements Request {}
}
