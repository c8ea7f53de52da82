package ai.llm360.common.chat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** The ways to part a conversation that is longer than a model's context. */
public enum ChatSplit {

    /** Not at all: what is too long is cut off. */
    NONE,

    /**
     * Before a question, wherever the next question and answer would no longer fit; a system
     * message begins each part. Nothing is lost but what a question with its answer alone has too
     * much.
     */
    PAIRS,

    /**
     * FastChat's ({@code split_long_conversation.py}), as AmberChat's data was made. It counts the
     * tokens of each message, BOS and 6 more, and differs from {@link #PAIRS} in three ways: where
     * the last question and answer no longer fit, they are lost; before a first pair that is too
     * long it makes a part without messages, which is then dropped, with all parts whose messages
     * don't alternate, such as those of a conversation that begins with an answer; and it knows no
     * system message, so that one which stands first here is put before each part.
     */
    FASTCHAT;

    /** {@return its name in recipes and on the command line} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the way of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static ChatSplit named(String label) {
        return Labels.named(label, "split", values());
    }

    /**
     * Parts a conversation.
     *
     * @param conversation the conversation
     * @param template the template that the parts' lengths are counted in
     * @param tokenizer the model's tokenizer
     * @param mostIds the ids that fit
     * @return the parts in order, each called by the conversation's id and the number of its first
     *     message ({@code a_4}); the conversation itself where it isn't parted by {@link #PAIRS}
     * @throws IllegalArgumentException if the template has no form for such messages
     */
    public List<Conversation> split(
            Conversation conversation, ChatTemplate template, Tokenizer tokenizer, int mostIds) {
        return switch (this) {
            case NONE -> List.of(conversation);
            case PAIRS -> pairs(conversation, template, tokenizer, mostIds);
            case FASTCHAT -> fastChat(conversation, tokenizer, mostIds);
        };
    }

    private static List<Conversation> pairs(
            Conversation conversation, ChatTemplate template, Tokenizer tokenizer, int mostIds) {
        int instructed = instructed(conversation);
        int count = conversation.messages().size() - instructed;
        if (fits(conversation, template, tokenizer, mostIds)) {
            return List.of(conversation);
        }
        List<Conversation> parts = new ArrayList<>();
        for (int start = 0; start < count; ) {
            int end = Math.min(count, start + 2);
            while (end < count) {
                int more = Math.min(count, end + 2);
                if (!fits(part(conversation, start, more), template, tokenizer, mostIds)) {
                    break;
                }
                end = more;
            }
            parts.add(part(conversation, start, end));
            start = end;
        }
        return parts;
    }

    private static boolean fits(
            Conversation conversation, ChatTemplate template, Tokenizer tokenizer, int mostIds) {
        return template.encode(tokenizer, conversation.messages()).ids().length <= mostIds;
    }

    private static List<Conversation> fastChat(
            Conversation conversation, Tokenizer tokenizer, int mostIds) {
        List<Message> messages =
                conversation
                        .messages()
                        .subList(instructed(conversation), conversation.messages().size());
        int count = messages.size() / 2 * 2;
        List<Conversation> parts = new ArrayList<>();
        int start = 0;
        int current = 0;
        for (int i = 0; i < count; i += 2) {
            int pair = fastChatTokens(messages, i, tokenizer);
            pair += fastChatTokens(messages, i + 1, tokenizer);
            if (current + pair > mostIds) {
                parts.add(part(conversation, start, i));
                start = i;
                current = 0;
            } else if (i == count - 2) {
                parts.add(part(conversation, start, i + 2));
            }
            current += pair;
        }
        parts.removeIf(part -> !alternates(part));
        return parts;
    }

    private static int fastChatTokens(List<Message> messages, int i, Tokenizer tokenizer) {
        return tokenizer.encodeLiteral(messages.get(i).text()).length + 1 + 6;
    }

    private static boolean alternates(Conversation part) {
        List<Message> messages = part.messages();
        int first = instructed(part);
        for (int i = first; i < messages.size(); i++) {
            if (messages.get(i).role() != ((i - first) % 2 == 0 ? Role.USER : Role.ASSISTANT)) {
                return false;
            }
        }
        return messages.size() > first;
    }

    private static int instructed(Conversation conversation) {
        List<Message> messages = conversation.messages();
        return !messages.isEmpty() && messages.get(0).role() == Role.SYSTEM ? 1 : 0;
    }

    /** Returns messages from one to another, the system's not counted but put before them. */
    private static Conversation part(Conversation conversation, int start, int end) {
        int instructed = instructed(conversation);
        List<Message> messages = new ArrayList<>(conversation.messages().subList(0, instructed));
        messages.addAll(conversation.messages().subList(start + instructed, end + instructed));
        return new Conversation(conversation.id() + "_" + start, messages);
    }
}
