package ai.llm360.common.chat;

import ai.llm360.common.chat.Message.Role;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The messages of a conversation, checked: the system's text, if there is one, and turns that
 * alternate.
 */
record Dialogue(String template, Optional<String> system, List<Message> turns) {

    /**
     * Checks a conversation.
     *
     * @param answering whether the model is to answer, so that the user's message is the last
     * @throws IllegalArgumentException if two messages in a row are of one speaker, or the system's
     *     isn't the first, or there is none
     */
    static Dialogue of(String template, List<Message> messages, boolean answering) {
        boolean instructed = !messages.isEmpty() && messages.get(0).role() == Role.SYSTEM;
        List<Message> turns = messages.subList(instructed ? 1 : 0, messages.size());
        for (int i = 0; i < turns.size(); i++) {
            Role role = turns.get(i).role();
            if (role == Role.SYSTEM || (i > 0 && role == turns.get(i - 1).role())) {
                throw new IllegalArgumentException(
                        "message %d is the %s's%s; the user's and the assistant's alternate, the system's is the first"
                                .formatted(
                                        i + (instructed ? 1 : 0),
                                        role.name().toLowerCase(Locale.ROOT),
                                        i > 0 && role == turns.get(i - 1).role()
                                                ? " like the one before"
                                                : ""));
            }
        }
        Dialogue dialogue =
                new Dialogue(
                        template,
                        instructed ? Optional.of(messages.get(0).text()) : Optional.empty(),
                        turns);
        if (turns.isEmpty() || (answering && dialogue.isAnswered())) {
            throw new IllegalArgumentException(
                    turns.isEmpty()
                            ? "a conversation without a message"
                            : "the last message is the assistant's; an answer follows the user's");
        }
        return dialogue;
    }

    boolean isAnswered() {
        return turns.get(turns.size() - 1).role() == Role.ASSISTANT;
    }

    /** Tells whether this is a text without a question. */
    boolean isDocument() {
        return system.isEmpty() && turns.size() == 1 && isAnswered();
    }

    void startWithQuestion() {
        if (turns.get(0).role() != Role.USER) {
            throw new IllegalArgumentException(
                    "the first message is the assistant's; in %s the user's is"
                            .formatted(template));
        }
    }

    void refuseSystem() {
        if (system.isPresent()) {
            throw new IllegalArgumentException(
                    "%s has no place for a system message; leave it out".formatted(template));
        }
    }

    void atMost(int messages) {
        if (turns.size() > messages) {
            throw new IllegalArgumentException(
                    "%d messages; %s has one question and one answer"
                            .formatted(turns.size(), template));
        }
    }
}
