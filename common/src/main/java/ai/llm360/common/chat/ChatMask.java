package ai.llm360.common.chat;

import ai.llm360.common.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** The rules for which tokens of a conversation the model learns. */
public enum ChatMask {

    /**
     * Each token that ends behind the mark at which an answer begins, up to and including the one
     * that ends the answer.
     */
    EXACT,

    /**
     * FastChat's ({@code preprocess} in {@code train.py}), for the Vicuna templates: the same
     * labels, but it loses count and learns nothing from a conversation in which a message spells
     * {@code </s>} or {@code " ASSISTANT: "}, or a question is empty. AmberChat was trained so.
     */
    FASTCHAT;

    private static final Pattern END = Pattern.compile(Pattern.quote(ChatText.EOS));
    private static final Pattern MARK = Pattern.compile(" ASSISTANT: ");

    /** {@return its name in recipes and on the command line} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the rule of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static ChatMask named(String label) {
        return Labels.named(label, "mask", values());
    }

    /**
     * Encodes a conversation for training.
     *
     * @param template the template
     * @param tokenizer the model's tokenizer
     * @param messages the messages
     * @param mostIds what is beyond so many ids is cut off; of an answer that is cut, the rest is
     *     learned
     * @return the ids and labels; without a label if there is nothing to learn
     * @throws IllegalArgumentException if the template has no form for such messages, or isn't one
     *     of Vicuna's where FastChat's rule is asked for
     */
    public LabelledIds encode(
            ChatTemplate template, Tokenizer tokenizer, List<Message> messages, int mostIds) {
        LabelledIds exact = template.encode(tokenizer, messages).truncate(mostIds);
        if (this == EXACT) {
            return exact;
        }
        if (!(template instanceof PlainTemplate plain) || !plain.isVicuna()) {
            throw new IllegalArgumentException(
                    "the mask fastchat is for the template vicuna, not %s; take exact"
                            .formatted(template.name()));
        }
        boolean[] labels =
                fastChat(
                        plain.render(messages, false),
                        tokenizer,
                        exact.ids().length,
                        mostIds,
                        plain.spaced());
        return new LabelledIds(exact.ids(), labels);
    }

    /** Line by line; tok() puts BOS before a text, and text never becomes a special token here. */
    private static boolean[] fastChat(
            String conversation, Tokenizer tokenizer, int total, int mostIds, boolean legacy) {
        boolean[] target = new boolean[total];
        Arrays.fill(target, true);
        target[0] = false;
        int cur = 1;
        String[] turns = END.split(conversation, -1);
        for (int i = 0; i < turns.length && !turns[i].isEmpty(); i++) {
            String[] parts = MARK.split(turns[i], -1);
            if (parts.length != 2) {
                break;
            }
            int later = i != 0 && !legacy ? 1 : 0;
            // 2 are BOS and the space, which is part of the answer's first word.
            int instruction = tokens(tokenizer, parts[0] + " ASSISTANT: ") - 2 - later;
            unlabel(target, cur, cur + instruction);
            cur += tokens(tokenizer, turns[i]) - later;
        }
        unlabel(target, cur, total);
        return cur < mostIds && cur != total ? new boolean[total] : target;
    }

    private static int tokens(Tokenizer tokenizer, String text) {
        return 1 + tokenizer.encodeLiteral(text).length;
    }

    private static void unlabel(boolean[] target, int from, int to) {
        int end = Math.min(to, target.length);
        if (from < end) {
            Arrays.fill(target, from, end, false);
        }
    }
}
