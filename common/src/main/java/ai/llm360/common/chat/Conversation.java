package ai.llm360.common.chat;

import ai.llm360.common.chat.Message.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A conversation.
 *
 * @param id the name that its file gives it, or its number there
 * @param messages the messages in their order
 */
public record Conversation(String id, List<Message> messages) {

    /** Checks that both are there. */
    public Conversation {
        Objects.requireNonNull(id, "id");
        messages = List.copyOf(messages);
    }

    /**
     * {@return the conversation without what nobody can learn from: an answer that comes first,
     * before other messages, and questions at the end that have no answer}
     */
    public Conversation answered() {
        List<Message> kept = new ArrayList<>(messages);
        int first = !kept.isEmpty() && kept.get(0).role() == Role.SYSTEM ? 1 : 0;
        if (kept.size() > first + 1 && kept.get(first).role() == Role.ASSISTANT) {
            kept.remove(first);
        }
        while (!kept.isEmpty() && kept.get(kept.size() - 1).role() != Role.ASSISTANT) {
            kept.remove(kept.size() - 1);
        }
        return new Conversation(id, kept);
    }
}
