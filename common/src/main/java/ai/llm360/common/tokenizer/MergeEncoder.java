package ai.llm360.common.tokenizer;

import java.util.Arrays;

/**
 * Encodes by {@link EncodingRules}: cuts a text where no merge can join the two sides, which is
 * before most spaces, or between the words of a byte-level vocabulary, and remembers the ids of the
 * words in between.
 *
 * <p>The words of a text are few and repeat: of English prose nine in ten are found in the memory.
 */
final class MergeEncoder implements BulkEncoder {

    private static final int SLOTS = 1 << 16;
    private static final int MAX_REMEMBERED = 48;

    private final EncodingRules rules;
    private final MergeTable table;
    private final boolean remembers;
    private final char[][] words;
    private final int[][] wordIds;
    private final IdBuffer ids = new IdBuffer();
    private final WordMerger merger;

    /** Creates an encoder, which keeps the ids of words for many texts, not for one. */
    MergeEncoder(EncodingRules rules, boolean remembers) {
        this.rules = rules;
        this.remembers = remembers;
        table = rules.table();
        words = new char[remembers ? SLOTS : 0][];
        wordIds = new int[remembers ? SLOTS : 0][];
        merger = new WordMerger(table);
    }

    @Override
    public int[] encode(String text) {
        rules.added().split(Surrogates.replaceUnpaired(text), ids::add, this::appendSection);
        return ids.takeFrom(0);
    }

    private void appendSection(String section, boolean first) {
        rules.normalized()
                .split(
                        rules.form().normalize(section),
                        ids::add,
                        (part, atStart) -> appendPart(part, first && atStart));
    }

    private void appendPart(String part, boolean first) {
        char[] chars = rules.form().preTokenize(part, first).toCharArray();
        int before = ids.size();
        if (rules.form().words().isPresent()) {
            WordPattern pattern = rules.form().words().get();
            for (int start = 0; start < chars.length; ) {
                int end = pattern.end(chars, start);
                appendWord(chars, start, end);
                start = end;
            }
        } else {
            appendUncut(chars);
        }
        if (!table.spellsEverything()) {
            table.joinUnknown(ids, before);
        }
    }

    private void appendUncut(char[] chars) {
        boolean cuts = rules.form().cutsAtSpaces();
        int start = 0;
        for (int i = 0; i < chars.length; ) {
            int character = Character.codePointAt(chars, i);
            int next = i + Character.charCount(character);
            if (table.isApart(character)) {
                appendWord(chars, start, i);
                table.emitApart(character, ids);
                start = next;
            } else if (i > start
                    && chars[i] == TextForm.MARK
                    && (cuts || !table.joinsSpace(chars[i - 1]))) {
                appendWord(chars, start, i);
                start = i;
            }
            i = next;
        }
        appendWord(chars, start, chars.length);
    }

    private void appendWord(char[] chars, int start, int end) {
        if (start == end) {
            return;
        }
        if (!remembers || end - start > MAX_REMEMBERED) {
            merger.append(chars, start, end, ids);
            return;
        }
        int slot = slot(chars, start, end);
        char[] word = words[slot];
        if (word == null || !Arrays.equals(word, 0, word.length, chars, start, end)) {
            int before = ids.size();
            merger.append(chars, start, end, ids);
            words[slot] = Arrays.copyOfRange(chars, start, end);
            wordIds[slot] = ids.takeFrom(before);
        }
        ids.addAll(wordIds[slot]);
    }

    private static int slot(char[] chars, int start, int end) {
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + chars[i];
        }
        return (hash * 0x9E3779B9) >>> 16 & (SLOTS - 1);
    }
}
