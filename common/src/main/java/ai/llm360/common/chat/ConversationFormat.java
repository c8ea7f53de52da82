package ai.llm360.common.chat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The forms of a conversation in files: each reads one JSON object. Other fields don't matter. */
public enum ConversationFormat {

    /** FastChat's and ShareGPT's: {@code {"conversations": [{"from": "human", "value": …}, …]}}. */
    SHAREGPT,

    /** {@code {"messages": [{"role": "user", "content": …}, …]}}. */
    MESSAGES,

    /**
     * Alpaca's: {@code {"instruction": …, "input": …, "output": …}}; an input that isn't empty
     * follows the instruction on a line of its own. {@code system} may stand beside.
     */
    ALPACA,

    /** {@code {"prompt": …, "response": …}}, or {@code completion} in the second's place. */
    PROMPT_RESPONSE,

    /**
     * {@code {"text": …}}: a document without a question, such as a textbook, as an answer to
     * nothing.
     */
    TEXT;

    private static final Map<String, Role> ROLES =
            Map.of(
                    "system", Role.SYSTEM,
                    "human", Role.USER,
                    "user", Role.USER,
                    "gpt", Role.ASSISTANT,
                    "chatgpt", Role.ASSISTANT,
                    "assistant", Role.ASSISTANT);

    /** {@return its name in recipes and on the command line, such as {@code prompt-response}} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the format of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static ConversationFormat named(String label) {
        return Labels.named(label, "format of conversations", values());
    }

    /**
     * {@return the format of a record, by the fields that it has}
     *
     * @param record a file's first record
     * @throws IllegalArgumentException if it is of none, or of several
     */
    public static ConversationFormat of(JsonObject record) {
        List<ConversationFormat> found =
                Arrays.stream(values()).filter(format -> format.takes(record)).toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        throw new IllegalArgumentException(
                "the fields %s are of %s format; name one by format: %s"
                        .formatted(
                                PlainText.shorten(record.keySet().toString()),
                                found.isEmpty()
                                        ? "no known"
                                        : "more than one, "
                                                + found.stream().map(Labels::of).toList()
                                                + ",",
                                Labels.of(values())));
    }

    private boolean takes(JsonObject record) {
        return switch (this) {
            case SHAREGPT -> record.has("conversations");
            case MESSAGES -> record.has("messages");
            case ALPACA -> record.has("instruction") && record.has("output");
            case PROMPT_RESPONSE -> record.has("prompt") && record.has(answer(record));
            case TEXT -> record.has("text");
        };
    }

    private static String answer(JsonObject record) {
        return record.has("completion") && !record.has("response") ? "completion" : "response";
    }

    /**
     * Reads a record.
     *
     * @param record the JSON object
     * @param number its place in the file, which is its id where it has none ({@code id}, {@code
     *     idx})
     * @return the conversation, its messages in whatever order they are
     * @throws IllegalArgumentException if a field is missing or isn't what it should be; the
     *     message names it and says what was expected
     */
    public Conversation read(JsonObject record, long number) {
        return new Conversation(id(record, number), messages(record));
    }

    private List<Message> messages(JsonObject record) {
        return switch (this) {
            case SHAREGPT -> messages(record, "conversations", "from", "value");
            case MESSAGES -> messages(record, "messages", "role", "content");
            case ALPACA -> {
                String instruction = Fields.text(record, "instruction");
                String input = Fields.optText(record, "input").orElse("");
                List<Message> messages = new ArrayList<>();
                Fields.optText(record, "system")
                        .filter(text -> !text.isEmpty())
                        .ifPresent(text -> messages.add(new Message(Role.SYSTEM, text)));
                messages.add(
                        new Message(
                                Role.USER,
                                input.isEmpty() ? instruction : instruction + "\n" + input));
                messages.add(new Message(Role.ASSISTANT, Fields.text(record, "output")));
                yield messages;
            }
            case PROMPT_RESPONSE ->
                    List.of(
                            new Message(Role.USER, Fields.text(record, "prompt")),
                            new Message(Role.ASSISTANT, Fields.text(record, answer(record))));
            case TEXT -> List.of(new Message(Role.ASSISTANT, Fields.text(record, "text")));
        };
    }

    private static List<Message> messages(
            JsonObject record, String list, String speaker, String words) {
        List<Message> messages = new ArrayList<>();
        for (JsonObject message : Fields.objects(record, list)) {
            String at = "%s[%d]".formatted(list, messages.size());
            try {
                String name = Fields.text(message, speaker);
                Role role = ROLES.get(name.toLowerCase(Locale.ROOT));
                if (role == null) {
                    throw new IllegalArgumentException(
                            "the field '%s' is %s; expected one of %s: rename the speaker, or leave the conversation out"
                                    .formatted(
                                            speaker,
                                            PlainText.quote(name),
                                            ROLES.keySet().stream().sorted().toList()));
                }
                messages.add(new Message(role, Fields.text(message, words)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(at + ": " + e.getMessage(), e);
            }
        }
        return messages;
    }

    private static String id(JsonObject record, long number) {
        return Optional.ofNullable(record.get(record.has("id") ? "id" : "idx"))
                .filter(JsonElement::isJsonPrimitive)
                .map(JsonElement::getAsString)
                .orElse(Long.toString(number));
    }
}
