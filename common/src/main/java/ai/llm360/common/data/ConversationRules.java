package ai.llm360.common.data;

import ai.llm360.common.chat.ChatMask;
import ai.llm360.common.chat.ChatSplit;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.ConversationFormat;
import ai.llm360.common.chat.Packing;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The rules by which conversations become rows.
 *
 * @param format the files' format; if empty, the fields of each file's first record say it
 * @param template writes a conversation
 * @param mask the tokens that are learned
 * @param split what becomes of a conversation that is longer than a row
 * @param packing how conversations are put into rows
 */
public record ConversationRules(
        Optional<ConversationFormat> format,
        ChatTemplate template,
        ChatMask mask,
        ChatSplit split,
        Packing packing)
        implements ChatRules {

    /** Checks that all are there. */
    public ConversationRules {
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(template, "template");
        Objects.requireNonNull(mask, "mask");
        Objects.requireNonNull(split, "split");
        Objects.requireNonNull(packing, "packing");
    }

    /**
     * Returns the default rules: any format, the exact mask, long conversations parted between
     * questions, a conversation a row.
     *
     * @param template writes a conversation
     */
    public static ConversationRules of(ChatTemplate template) {
        return new ConversationRules(
                Optional.empty(), template, ChatMask.EXACT, ChatSplit.PAIRS, Packing.NONE);
    }

    @Override
    public String kind() {
        return "conversations";
    }

    @Override
    public Map<String, String> describe() {
        Map<String, String> rules = new LinkedHashMap<>();
        rules.put("format", format.map(ConversationFormat::label).orElse("by fields"));
        rules.put("template", template.name());
        rules.put("mask", mask.label());
        rules.put("split", split.label());
        rules.put("packing", packing.label());
        return rules;
    }
}
