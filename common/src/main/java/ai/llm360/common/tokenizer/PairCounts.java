package ai.llm360.common.tokenizer;

import java.util.Arrays;

/** Counts pairs of symbols, and remembers the words that each is, or was, in. */
final class PairCounts {

    private long[] pairs = new long[1 << 12];
    private long[] counts = new long[1 << 12];
    private int[][] words = new int[1 << 12][];
    private int[] wordCounts = new int[1 << 12];
    private int size;

    // Open addressing: the pair's number and one more, or 0.
    private int[] table = new int[1 << 13];

    int size() {
        return size;
    }

    int left(int pair) {
        return (int) (pairs[pair] >>> 32);
    }

    int right(int pair) {
        return (int) pairs[pair];
    }

    long count(int pair) {
        return counts[pair];
    }

    /** Adds to a pair's count and returns the pair's number, from 0. */
    int add(int left, int right, long count) {
        long pair = (long) left << 32 | right;
        int slot = slot(pair);
        if (table[slot] == 0) {
            if (size == pairs.length) {
                pairs = Arrays.copyOf(pairs, 2 * size);
                counts = Arrays.copyOf(counts, 2 * size);
                words = Arrays.copyOf(words, 2 * size);
                wordCounts = Arrays.copyOf(wordCounts, 2 * size);
            }
            pairs[size++] = pair;
            table[slot] = size;
            if (2 * size > table.length) {
                grow();
                slot = slot(pair);
            }
        }
        int number = table[slot] - 1;
        counts[number] += count;
        return number;
    }

    /** Notes that a word has a pair; a word may come twice. */
    void addWord(int pair, int word) {
        int count = wordCounts[pair];
        int[] known = words[pair];
        if (known == null) {
            words[pair] = new int[] {word};
        } else if (known[count - 1] == word) {
            return;
        } else {
            if (count == known.length) {
                words[pair] = Arrays.copyOf(known, count + count / 2 + 1);
            }
            words[pair][count] = word;
        }
        wordCounts[pair]++;
    }

    /** Returns the words that have, or had, a pair, and forgets them. */
    int[] takeWords(int pair) {
        int[] taken = Arrays.copyOf(words[pair], wordCounts[pair]);
        words[pair] = null;
        wordCounts[pair] = 0;
        return taken;
    }

    private int slot(long pair) {
        int mask = table.length - 1;
        int slot = (int) ((pair * 0x9E3779B97F4A7C15L) >>> 36) & mask;
        while (table[slot] != 0 && pairs[table[slot] - 1] != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        table = new int[2 * table.length];
        for (int pair = 0; pair < size; pair++) {
            table[slot(pairs[pair])] = pair + 1;
        }
    }
}
