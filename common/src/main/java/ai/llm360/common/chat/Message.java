package ai.llm360.common.chat;

import java.util.Objects;

/**
 * One message of a conversation.
 *
 * @param role the speaker
 * @param text the words, without any template's marks
 */
public record Message(Role role, String text) {

    /** The speakers of a conversation. */
    public enum Role {
        /** Instructions that hold for the whole conversation; first, if there are any. */
        SYSTEM,
        /** The person. */
        USER,
        /** The model. */
        ASSISTANT
    }

    /** Checks that both are there. */
    public Message {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(text, "text");
    }
}
