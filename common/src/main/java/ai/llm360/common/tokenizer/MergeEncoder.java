package ai.llm360.common.tokenizer;

import java.util.Arrays;

/**
 * Encodes by a {@link MergeTable}: cuts a text where no merge can join the two sides, which is
 * before most spaces, and remembers the ids of the words in between.
 *
 * <p>The words of a text are few and repeat: of English prose nine in ten are found in the memory.
 */
final class MergeEncoder implements BulkEncoder {

    private static final int SLOTS = 1 << 16;
    private static final int MAX_REMEMBERED = 48;

    private final MergeTable table;
    private final char[][] words = new char[SLOTS][];
    private final int[][] wordIds = new int[SLOTS][];
    private final IdBuffer ids = new IdBuffer();
    private final WordMerger merger;

    MergeEncoder(MergeTable table) {
        this.table = table;
        merger = new WordMerger(table);
    }

    @Override
    public int[] encode(String text) {
        if (text.isEmpty()) {
            return new int[0];
        }
        char[] chars = (MergeTable.SPACE + Surrogates.replaceUnpaired(text)).toCharArray();
        int start = 0;
        for (int i = 0; i < chars.length; ) {
            int character = Character.codePointAt(chars, i);
            int next = i + Character.charCount(character);
            if (table.charId(character) < 0) {
                appendWord(chars, start, i);
                table.appendBytes(character, ids);
                start = next;
            } else if (i > start && isSpace(chars[i]) && !table.joinsSpace(chars[i - 1])) {
                appendWord(chars, start, i);
                start = i;
            }
            i = next;
        }
        appendWord(chars, start, chars.length);
        return ids.takeFrom(0);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == MergeTable.SPACE;
    }

    private void appendWord(char[] chars, int start, int end) {
        if (start == end) {
            return;
        }
        if (end - start > MAX_REMEMBERED) {
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
