package ai.llm360.common.tokenizer;

import java.util.Arrays;

/** Counts words, in the order in which each came first. */
final class WordCounts {

    /** Takes words. */
    interface Sink {
        /** Takes the word that stands between two places. */
        void accept(char[] chars, int start, int end, long count);
    }

    private char[] text = new char[1 << 12]; // the words on end
    private int[] ends = new int[1 << 9]; // of each word
    private long[] counts = new long[1 << 9];
    private int size;

    // Open addressing: the word's number and one more, or 0.
    private int[] table = new int[1 << 10];

    int size() {
        return size;
    }

    void add(char[] chars, int start, int end, long count) {
        int slot = slot(chars, start, end);
        if (table[slot] == 0) {
            append(chars, start, end, count);
            table[slot] = size;
            if (2 * size > table.length) {
                table = new int[2 * table.length];
                fillTable();
            }
        } else {
            counts[table[slot] - 1] += count;
        }
    }

    void forEach(Sink sink) {
        for (int word = 0; word < size; word++) {
            sink.accept(text, start(word), ends[word], counts[word]);
        }
    }

    /**
     * Forgets all but the words with the highest counts; of equal ones, those that came first stay.
     *
     * @param most the number of words that stay
     */
    void keep(int most) {
        if (size <= most) {
            return;
        }
        long[] sorted = Arrays.copyOf(counts, size);
        Arrays.sort(sorted);
        long least = sorted[size - most];
        int higher = 0;
        for (int i = size - 1; i >= 0 && sorted[i] > least; i--) {
            higher++;
        }
        int room = most - higher;
        int kept = 0;
        int end = 0;
        for (int word = 0; word < size; word++) {
            if (counts[word] > least || (counts[word] == least && room-- > 0)) {
                int from = start(word);
                int length = ends[word] - from;
                System.arraycopy(text, from, text, end, length);
                end += length;
                counts[kept] = counts[word];
                ends[kept] = end; // not behind the word's own, and the next start is ends[word]
                kept++;
            }
        }
        size = kept;
        fillTable();
    }

    private int start(int word) {
        return word == 0 ? 0 : ends[word - 1];
    }

    private void append(char[] chars, int start, int end, long count) {
        int from = start(size);
        int to = from + end - start;
        if (to > text.length) {
            text = Arrays.copyOf(text, Math.max(to, text.length + text.length / 2));
        }
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, size + size / 2);
            counts = Arrays.copyOf(counts, ends.length);
        }
        System.arraycopy(chars, start, text, from, end - start);
        ends[size] = to;
        counts[size++] = count;
    }

    private int slot(char[] chars, int start, int end) {
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + chars[i];
        }
        int mask = table.length - 1;
        int slot = (hash * 0x9E3779B9) >>> 7 & mask;
        while (table[slot] != 0) {
            int word = table[slot] - 1;
            if (Arrays.equals(text, start(word), ends[word], chars, start, end)) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void fillTable() {
        Arrays.fill(table, 0);
        for (int word = 0; word < size; word++) {
            table[slot(text, start(word), ends[word])] = word + 1;
        }
    }
}
