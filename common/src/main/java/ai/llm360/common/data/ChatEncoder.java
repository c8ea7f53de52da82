package ai.llm360.common.data;

import ai.llm360.common.chat.ChatMask;
import ai.llm360.common.chat.ChatSplit;
import ai.llm360.common.chat.Conversation;
import ai.llm360.common.chat.LabelledIds;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.chat.Packing;
import ai.llm360.common.chat.Preference;
import ai.llm360.common.chat.PreferenceRule;
import ai.llm360.common.data.LabelledSpool.Item;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads files by {@link ChatRules} into a spool, and counts what it finds. */
final class ChatEncoder {

    private final ChatRules rules;
    private final Tokenizer tokenizer;
    private final int mostIds;
    private final LabelledSpool spool;
    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final Map<String, Integer> prompts = new HashMap<>();
    private int conversations;

    /**
     * Creates an encoder.
     *
     * @throws IllegalArgumentException if the rules don't fit the tokenizer or each other
     */
    ChatEncoder(ChatRules rules, Tokenizer tokenizer, int rowLength, LabelledSpool spool) {
        this.rules = rules;
        this.tokenizer = tokenizer;
        // A text that is wrapped goes on in the next row.
        mostIds = rules.packing() == Packing.WRAP ? Integer.MAX_VALUE : rowLength;
        this.spool = spool;
        if (rules instanceof ConversationRules conversation) {
            // What is wrong with the rules is wrong with every conversation.
            checkPacking(
                    conversation,
                    conversation
                            .mask()
                            .encode(
                                    conversation.template(),
                                    tokenizer,
                                    List.of(
                                            new Message(Role.USER, "Q"),
                                            new Message(Role.ASSISTANT, "A")),
                                    Integer.MAX_VALUE));
        } else if (rules instanceof PreferenceRules preference) {
            boolean cuts = preference.rule() == PreferenceRule.SEPARATE_NO_BOS;
            if (cuts && preference.mostPromptIds() >= rowLength) {
                throw new IllegalArgumentException(
                        "prompts of %d ids leave no answer room in rows of %d; cut them to fewer"
                                .formatted(preference.mostPromptIds(), rowLength));
            }
        }
    }

    /** Where each segment begins must be seen from the ids alone. */
    private void checkPacking(ConversationRules conversation, LabelledIds text) {
        long begin = tokenizer.bosId().orElse(-1);
        long begins = Arrays.stream(text.ids()).filter(id -> id == begin).count();
        if (conversation.packing() == Packing.BEST_FIT && (begins != 1 || text.ids()[0] != begin)) {
            throw new IllegalArgumentException(
                    "packing best-fit needs a template that begins with BOS and has it nowhere else, which %s with this tokenizer doesn't; take none"
                            .formatted(conversation.template().name()));
        }
    }

    Map<String, Long> counts() {
        return counts;
    }

    private void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    void read(Path file) throws IOException {
        if (rules instanceof ConversationRules conversation) {
            ConversationFiles.conversations(
                    file, conversation.format(), next -> add(conversation, next));
        } else if (rules instanceof PreferenceRules preference) {
            ConversationFiles.preferences(file, preference.format(), next -> add(preference, next));
        }
    }

    /** Adds conversations that are in no file, and returns how many there are now. */
    int add(List<Conversation> made) throws IOException {
        if (!(rules instanceof ConversationRules how)) {
            throw new IllegalArgumentException("questions make conversations, not preferences");
        }
        for (Conversation next : made) {
            add(how, next);
        }
        return conversations;
    }

    private void add(ConversationRules how, Conversation conversation) throws IOException {
        count("conversations");
        List<Conversation> parts;
        try {
            boolean asIs = how.split() == ChatSplit.FASTCHAT; // which goes by places
            Conversation answered = asIs ? conversation : conversation.answered();
            if (answered.messages().isEmpty()) {
                count("without_an_answer");
                return;
            }
            parts = how.split().split(answered, how.template(), tokenizer, mostIds);
        } catch (IllegalArgumentException e) {
            count("without_a_form"); // such as two questions in a row
            return;
        }
        if (parts.isEmpty()) {
            count("left_out_by_split");
        }
        for (Conversation part : parts) {
            LabelledIds text = encode(how, part.messages());
            if (!isLearnable(text)) {
                count("without_a_label");
            } else {
                count("texts");
                spool.add(text, conversations);
            }
        }
        conversations++;
    }

    /** Nothing predicts a text's first id. */
    private static boolean isLearnable(LabelledIds text) {
        return text.labelCount() > (text.ids().length > 0 && text.labels()[0] ? 1 : 0);
    }

    private LabelledIds encode(ConversationRules how, List<Message> messages) {
        LabelledIds whole = how.template().encode(tokenizer, messages);
        if (whole.ids().length > mostIds) {
            count("truncated");
        }
        return how.mask() == ChatMask.EXACT
                ? whole.truncate(mostIds)
                : how.mask().encode(how.template(), tokenizer, messages, mostIds);
    }

    private void add(PreferenceRules how, Preference pair) throws IOException {
        count("pairs");
        Optional<PreferenceRule.Rows> rows =
                how.rule()
                        .encode(
                                pair,
                                tokenizer,
                                mostIds,
                                how.mostPromptIds(),
                                how.keepsPromptEnd());
        if (rows.isEmpty()
                || !isLearnable(rows.get().chosen())
                || !isLearnable(rows.get().rejected())) {
            count("too_long");
            return;
        }
        int prompt = prompts.computeIfAbsent(pair.prompt(), text -> prompts.size());
        count("texts");
        spool.add(rows.get().chosen(), prompt);
        if (!how.targets()) {
            spool.add(rows.get().rejected(), prompt);
        }
    }

    /** Chooses what of the spool is kept, in its order: of targets the last one of each prompt. */
    List<Item> chosen() {
        if (!rules.kind().equals("targets")) {
            return spool.items();
        }
        Map<Integer, Item> last = new LinkedHashMap<>();
        for (Item item : spool.items()) {
            last.put(item.group(), item); // the place is the first one's
        }
        return List.copyOf(last.values());
    }
}
