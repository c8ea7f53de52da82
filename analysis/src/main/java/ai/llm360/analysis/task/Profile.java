package ai.llm360.analysis.task;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A version of lm-evaluation-harness whose rules are followed. */
public enum Profile {
    /** The release of 2026, with which models are compared today. */
    LM_EVAL_0_4_13("lm-eval@0.4.13"),
    /**
     * The commit of June 2023 that LLM360's paper used, with its model type {@code hf-causal}: no
     * BOS, documents shuffled by seed 42.
     */
    LM_EVAL_B281B09("lm-eval@b281b09");

    private final String label;

    Profile(String label) {
        this.label = label;
    }

    /**
     * Finds a profile by its name.
     *
     * @throws IllegalArgumentException if there is none of that name; the message lists them
     */
    public static Profile named(String name) {
        return Arrays.stream(values())
                .filter(profile -> profile.label.equals(name.strip().toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no profile is named %s; there are %s"
                                                .formatted(
                                                        name,
                                                        Arrays.stream(values())
                                                                .map(Profile::toString)
                                                                .collect(
                                                                        Collectors.joining(
                                                                                ", ")))));
    }

    /** Returns its name, such as {@code lm-eval@0.4.13}. */
    @Override
    public String toString() {
        return label;
    }
}
