package ai.llm360.analysis.memorization;

import java.util.Objects;

/**
 * The beginning of a training row, cut into what a model is given and what it should answer.
 *
 * @param source the name of the row's source
 * @param prompt the row's first tokens (k)
 * @param continuation the tokens after them (l)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MemorizationSample(String source, long[] prompt, long[] continuation) {

    /**
     * Checks the lengths.
     *
     * @throws IllegalArgumentException if there is no prompt or no continuation
     */
    public MemorizationSample {
        Objects.requireNonNull(source, "a sample has no source");
        if (prompt.length == 0 || continuation.length == 0) {
            throw new IllegalArgumentException(
                    "a sample has at least one token of prompt and one of continuation, not %d and %d"
                            .formatted(prompt.length, continuation.length));
        }
    }
}
