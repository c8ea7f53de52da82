package ai.llm360.common.chat;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonObject;
import java.util.Optional;

/** The forms of a pair of answers in files: each reads one JSON object. */
public enum PreferenceFormat {

    /** {@code {"prompt": …, "chosen": …, "rejected": …}}. */
    PAIRS,

    /**
     * hh-rlhf's: two dialogues, {@code {"chosen": "\n\nHuman: …\n\nAssistant: …", "rejected": …}},
     * which part at an answer. The prompt is all up to and including the last {@code
     * \n\nAssistant:} that both share, as in the DPO reference implementation ({@code
     * extract_anthropic_prompt}), which takes the chosen one's last without looking at the other.
     */
    DIALOGUES,

    /**
     * PKU-SafeRLHF's: {@code prompt}, {@code response_0}, {@code response_1}, {@code
     * is_response_0_safe}, {@code is_response_1_safe}. Rows of which both answers are safe, or
     * neither, are left out; the safe one is the chosen one: AmberSafe's rule ({@code
     * get_saferlhf}).
     */
    SAFE_RLHF;

    private static final String MARK = "\n\nAssistant:";

    /** {@return its name in recipes and on the command line, such as {@code safe-rlhf}} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the format of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static PreferenceFormat named(String label) {
        return Labels.named(label, "format of preferences", values());
    }

    /**
     * {@return the format of a record, by the fields that it has}
     *
     * @param record a file's first record
     * @throws IllegalArgumentException if it is of none
     */
    public static PreferenceFormat of(JsonObject record) {
        if (record.has("is_response_0_safe")) {
            return SAFE_RLHF;
        }
        if (record.has("chosen") && record.has("rejected")) {
            return record.has("prompt") ? PAIRS : DIALOGUES;
        }
        throw new IllegalArgumentException(
                "the fields %s are of no known format of preferences; expected chosen and rejected, with prompt or as whole dialogues, or those of PKU-SafeRLHF"
                        .formatted(PlainText.shorten(record.keySet().toString())));
    }

    /**
     * Reads a record.
     *
     * @param record the JSON object
     * @return the pair, or empty if the format's rule leaves the record out
     * @throws IllegalArgumentException if a field is missing or isn't what it should be; the
     *     message names it and says what was expected
     */
    public Optional<Preference> read(JsonObject record) {
        return switch (this) {
            case PAIRS ->
                    Optional.of(
                            new Preference(
                                    Fields.text(record, "prompt"),
                                    Fields.text(record, "chosen"),
                                    Fields.text(record, "rejected")));
            case DIALOGUES ->
                    Optional.of(
                            dialogues(
                                    Fields.text(record, "chosen"),
                                    Fields.text(record, "rejected")));
            case SAFE_RLHF -> safe(record);
        };
    }

    private static Preference dialogues(String chosen, String rejected) {
        int shared = 0;
        int shorter = Math.min(chosen.length(), rejected.length());
        while (shared < shorter && chosen.charAt(shared) == rejected.charAt(shared)) {
            shared++;
        }
        int mark = chosen.lastIndexOf(MARK, shared - MARK.length());
        if (mark < 0) {
            throw new IllegalArgumentException(
                    "chosen and rejected share no prompt that ends with '\\n\\nAssistant:'; give it"
                            + " as a field 'prompt', or leave the record out");
        }
        int prompt = mark + MARK.length();
        return new Preference(
                chosen.substring(0, prompt), chosen.substring(prompt), rejected.substring(prompt));
    }

    private static Optional<Preference> safe(JsonObject record) {
        boolean first = Fields.flag(record, "is_response_0_safe");
        if (first == Fields.flag(record, "is_response_1_safe")) {
            return Optional.empty();
        }
        return Optional.of(
                new Preference(
                        Fields.text(record, "prompt"),
                        Fields.text(record, first ? "response_0" : "response_1"),
                        Fields.text(record, first ? "response_1" : "response_0")));
    }
}
