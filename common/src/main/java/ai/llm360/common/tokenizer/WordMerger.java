package ai.llm360.common.tokenizer;

import java.util.Arrays;

/**
 * Merges the characters of a word: of all neighbours that a merge is known for, always the pair of
 * the lowest rank, and of equal ones the leftmost, until there is none.
 */
final class WordMerger {

    private static final int END = -1;
    private static final int GONE = -2;

    private final MergeTable table;

    // The pieces as a linked list, by the place of their first character.
    private int[] ids = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];

    // A binary heap of candidates: the rank above, the place of the left piece below.
    private long[] heap = new long[64];
    private int heapSize;

    WordMerger(MergeTable table) {
        this.table = table;
    }

    /** Appends the ids of a word, none of whose characters is apart. */
    void append(char[] chars, int start, int end, IdBuffer into) {
        int whole = table.wholeWord(chars, start, end);
        if (whole >= 0) {
            into.add(whole);
            return;
        }
        reserve(table.mostSymbols(end - start));
        int count = table.symbols(chars, start, end, ids);
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < count ? i + 1 : END;
        }
        for (int i = 0; i + 1 < count; i++) {
            offer(i);
        }
        while (heapSize > 0) {
            long best = poll();
            merge((int) best, (int) (best >>> 32));
        }
        for (int i = 0; i != END; i = next[i]) {
            table.emit(ids[i], into);
        }
    }

    private void merge(int left, int rank) {
        if (next[left] < 0) {
            return; // merged into another piece meanwhile, or the last one now
        }
        int right = next[left];
        int place = table.find(ids[left], ids[right]);
        if (place < 0 || table.rank(place) != rank) {
            return; // one of the two has become another piece meanwhile
        }
        ids[left] = table.merged(place);
        next[left] = next[right];
        next[right] = GONE;
        if (next[left] != END) {
            previous[next[left]] = left;
            offer(left);
        }
        if (previous[left] >= 0) {
            offer(previous[left]);
        }
    }

    private void offer(int left) {
        int place = table.find(ids[left], ids[next[left]]);
        if (place < 0) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, 2 * heapSize);
        }
        long candidate = (long) table.rank(place) << 32 | left;
        int at = heapSize++;
        while (at > 0 && heap[(at - 1) / 2] > candidate) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = candidate;
    }

    private long poll() {
        long best = heap[0];
        long last = heap[--heapSize];
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return best;
    }

    private void reserve(int symbols) {
        if (symbols > ids.length) {
            int size = Math.max(symbols, 2 * ids.length);
            ids = new int[size];
            next = new int[size];
            previous = new int[size];
        }
    }
}
