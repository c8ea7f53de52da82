package ai.llm360.common.chat;

import java.util.Objects;

/**
 * Two answers to one prompt, of which one was preferred.
 *
 * @param prompt the text before the answers, as it is: no template has been applied
 * @param chosen the better answer
 * @param rejected the other one
 */
public record Preference(String prompt, String chosen, String rejected) {

    /** Checks that all are there. */
    public Preference {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(chosen, "chosen");
        Objects.requireNonNull(rejected, "rejected");
    }
}
