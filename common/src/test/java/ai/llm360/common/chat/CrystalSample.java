package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.tokenizer.Tokenizer;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares rows of CrystalChat's training data with what the template makes of the conversations in
 * them. A row's first and last text may be cut, so of these only the label is compared.
 */
final class CrystalSample {

    private static final long BOS = 1;
    private static final long EOS = 2;
    private static final long QUESTION = 32018; // <|im_start|>
    private static final long QUESTION_END = 32019;
    private static final long SYSTEM = 32020;
    private static final long SYSTEM_END = 32021;

    private static final ChatTemplate TEMPLATE = ChatTemplate.named("crystalchat");

    private int positions;
    private int wholeConversations;

    int positions() {
        return positions;
    }

    int wholeConversations() {
        return wholeConversations;
    }

    /**
     * Compares a row, {@code token_ids}, {@code label_ids} (the next ids) and {@code loss_mask}.
     */
    void compare(Tokenizer tokenizer, JsonObject row) {
        JsonArray inputs = row.getAsJsonArray("token_ids");
        int length = inputs.size() + 1;
        long[] ids = new long[length];
        boolean[] labels = new boolean[length];
        for (int i = 1; i < length; i++) {
            ids[i - 1] = inputs.get(i - 1).getAsLong();
            ids[i] = row.getAsJsonArray("label_ids").get(i - 1).getAsLong();
            labels[i] = row.getAsJsonArray("loss_mask").get(i - 1).getAsInt() == 1;
        }
        int start = 0;
        for (int i = 1; i <= length; i++) {
            if (i == length || ids[i] == BOS) {
                compare(
                        tokenizer,
                        Arrays.copyOfRange(ids, start, i),
                        Arrays.copyOfRange(labels, start, i),
                        start == 0);
                start = i;
            }
        }
        positions += length - 1; // nothing predicts the first
    }

    private static boolean isSpecial(long id) {
        return id <= EOS || id >= QUESTION;
    }

    private void compare(Tokenizer tokenizer, long[] ids, boolean[] labels, boolean first) {
        int special = 0;
        while (special < ids.length && !isSpecial(ids[special])) {
            special++;
        }
        if (special == ids.length) {
            assertAll(labels, 0, ids.length, true, first); // within an answer
            return;
        }
        int last = ids.length - 1;
        while (!isSpecial(ids[last])) {
            last--;
        }
        List<Message> messages = messages(tokenizer, ids, special);
        LabelledIds ours = TEMPLATE.encode(tokenizer, messages);
        int at = special == 0 && ids[0] == BOS ? 0 : indexOf(ours.ids(), ids[special]);
        for (int i = special; i <= last; i++) {
            assertThat(ours.ids()[at + i - special])
                    .as("id %d of %s", i, messages)
                    .isEqualTo(ids[i]);
            if (i > 0 || !first) {
                assertThat(labels[i])
                        .as("label %d of %s", i, messages)
                        .isEqualTo(ours.labels()[at + i - special]);
            }
        }
        if (special > 0) {
            assertAll(labels, 0, special, ours.labels()[at - 1], first);
        }
        if (last + 1 < ids.length) {
            boolean rest = ours.labels()[at + last - special + 1];
            assertAll(labels, last + 1, ids.length, rest, false);
        }
        if (ids[0] == BOS && ids[last] == EOS && ids[1] == SYSTEM) {
            assertThat(ours.ids()).isEqualTo(ids);
            wholeConversations++;
        }
    }

    private static void assertAll(
            boolean[] labels, int from, int to, boolean expected, boolean first) {
        for (int i = first ? Math.max(1, from) : from; i < to; i++) {
            assertThat(labels[i]).as("label %d of %d to %d", i, from, to).isEqualTo(expected);
        }
    }

    /** Finds the special token that ends the first text; an answer's comes behind a question. */
    private static int indexOf(long[] ids, long special) {
        int i = 0;
        if (special == QUESTION || special == EOS) {
            while (ids[i] != QUESTION_END) {
                i++;
            }
        }
        while (ids[i] != special) {
            i++;
        }
        return i;
    }

    /** Reads the messages back, with one before or behind them where the row cut it off. */
    private static List<Message> messages(Tokenizer tokenizer, long[] ids, int special) {
        List<Message> messages = new ArrayList<>();
        Message other = new Message(Role.USER, "cut off");
        boolean document = ids[0] == BOS && (ids.length == 1 || !isSpecial(ids[1]));
        long opened = ids[0] == BOS ? 0 : cutOff(ids[special]);
        if (opened == QUESTION_END) {
            messages.add(other);
        }
        int start = ids[0] == BOS ? 1 : 0;
        for (int i = start; i <= ids.length; i++) {
            if (i < ids.length && !isSpecial(ids[i])) {
                continue;
            }
            String text = tokenizer.decode(Arrays.copyOfRange(ids, start, i));
            boolean spoken =
                    i > start || opened == SYSTEM || opened == QUESTION || opened == QUESTION_END;
            if (spoken) {
                messages.add(
                        new Message(
                                opened == SYSTEM
                                        ? Role.SYSTEM
                                        : opened == QUESTION ? Role.USER : Role.ASSISTANT,
                                text));
            }
            opened = i < ids.length ? ids[i] : 0;
            start = i + 1;
        }
        boolean turns = messages.stream().anyMatch(message -> message.role() != Role.SYSTEM);
        if (!turns && !document) {
            messages.add(other);
        }
        return messages;
    }

    /** Returns the token that opened the text which this one ends. */
    private static long cutOff(long end) {
        if (end == SYSTEM_END) {
            return SYSTEM;
        }
        return end == QUESTION_END ? QUESTION : QUESTION_END;
    }
}
