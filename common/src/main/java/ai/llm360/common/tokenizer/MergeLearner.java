package ai.llm360.common.tokenizer;

import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Finds the merges of byte-pair encoding: again and again, the pair of neighbours that is most
 * frequent in all words becomes one symbol.
 *
 * <p>Of pairs of one count, the one whose piece has fewer characters is merged; then the one whose
 * piece comes first by its code points; then the one whose left part is shorter. A pair that is
 * there only once isn't merged, nor one whose piece was made of another pair before. These are the
 * rules of SentencePiece's trainer, but for the last two, which it leaves open and lacks.
 *
 * <p>Counts are kept while words change, so that a merge costs what the words cost that have its
 * pair. A count only falls once all words are merged that it is new in, so a candidate whose pair
 * has another count by now is put back with that when its turn comes.
 */
final class MergeLearner {

    /** A merge of two symbols to one. */
    record Merge(Piece left, Piece right) {

        Piece joined() {
            return left.join(right);
        }
    }

    private record Candidate(int pair, long count) {}

    private final List<Piece> pieces;
    private final int longest;
    private final Set<String> made = new HashSet<>();
    private final PairCounts pairs = new PairCounts();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>(this::compare);

    // The words' symbols on end; a word's shrink in their place.
    private int[] symbols = new int[1 << 12];
    private int[] starts = new int[1 << 9];
    private int[] lengths = new int[1 << 9];
    private long[] counts = new long[1 << 9];
    private int size;

    /**
     * Creates a learner.
     *
     * @param alphabet the symbols that words are of at first, by number
     * @param longest the most characters, or bytes, of a piece
     */
    MergeLearner(List<Piece> alphabet, int longest) {
        pieces = new ArrayList<>(alphabet);
        this.longest = longest;
    }

    /** Adds a word, or a part of one that no piece spans the end of. */
    void add(int[] word, int start, int end, long count) {
        if (end - start < 2) {
            return; // no pair
        }
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, 2 * size);
            lengths = Arrays.copyOf(lengths, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        int from = size == 0 ? 0 : starts[size - 1] + lengths[size - 1];
        int to = from + end - start;
        if (to > symbols.length) {
            symbols = Arrays.copyOf(symbols, Math.max(to, symbols.length + symbols.length / 2));
        }
        System.arraycopy(word, start, symbols, from, end - start);
        starts[size] = from;
        lengths[size] = end - start;
        counts[size] = count;
        size++;
    }

    /**
     * Finds merges.
     *
     * @param most the number wanted
     * @param each is run after each merge
     * @return as many, or fewer if there are no more
     * @throws InterruptedIOException if the thread was interrupted
     */
    List<Merge> learn(int most, Runnable each) throws InterruptedIOException {
        for (int word = 0; word < size; word++) {
            countPairs(word, counts[word], 0);
        }
        for (int pair = 0; pair < pairs.size(); pair++) {
            offer(pair);
        }
        List<Merge> merges = new ArrayList<>();
        while (merges.size() < most) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            int pair = next();
            if (pair < 0) {
                break;
            }
            Merge merge = new Merge(left(pair), right(pair));
            if (made.add(merge.joined().text())) {
                merges.add(merge);
                merge(pair, merge.joined());
                each.run();
            }
        }
        return merges;
    }

    private Piece left(int pair) {
        return pieces.get(pairs.left(pair));
    }

    private Piece right(int pair) {
        return pieces.get(pairs.right(pair));
    }

    private int compare(Candidate a, Candidate b) {
        if (a.count() != b.count()) {
            return Long.compare(b.count(), a.count());
        }
        Piece left = left(a.pair());
        Piece right = right(a.pair());
        Piece otherLeft = left(b.pair());
        Piece otherRight = right(b.pair());
        int byLength =
                Integer.compare(
                        left.length() + right.length(), otherLeft.length() + otherRight.length());
        if (byLength != 0) {
            return byLength;
        }
        int bySpelling = Piece.compareJoined(left, right, otherLeft, otherRight);
        return bySpelling != 0 ? bySpelling : Integer.compare(left.length(), otherLeft.length());
    }

    private void offer(int pair) {
        if (pairs.count(pair) > 1) {
            queue.add(new Candidate(pair, pairs.count(pair)));
        }
    }

    /** Returns the pair to merge, or -1 if there is none. */
    private int next() {
        for (Candidate best = queue.poll(); best != null; best = queue.poll()) {
            long count = pairs.count(best.pair());
            if (count == best.count()) {
                return best.pair();
            }
            offer(best.pair());
        }
        return -1;
    }

    private void merge(int pair, Piece joined) {
        int left = pairs.left(pair);
        int right = pairs.right(pair);
        int number = pieces.size();
        pieces.add(joined);
        int known = pairs.size();
        for (int word : pairs.takeWords(pair)) {
            if (has(word, left, right)) {
                countPairs(word, -counts[word], number);
                join(word, left, right, number);
                countPairs(word, counts[word], number);
            }
        }
        // Counts rise only of pairs with the new symbol in them, and these are new.
        for (int i = known; i < pairs.size(); i++) {
            offer(i);
        }
    }

    private boolean has(int word, int left, int right) {
        for (int i = starts[word]; i < starts[word] + lengths[word] - 1; i++) {
            if (symbols[i] == left && symbols[i + 1] == right) {
                return true;
            }
        }
        return false;
    }

    private void join(int word, int left, int right, int number) {
        int end = starts[word] + lengths[word];
        int to = starts[word];
        for (int i = to; i < end; i++) {
            boolean found = i + 1 < end && symbols[i] == left && symbols[i + 1] == right;
            symbols[to++] = found ? number : symbols[i];
            i += found ? 1 : 0;
        }
        lengths[word] = to - starts[word];
    }

    /**
     * Adds to the counts of a word's pairs.
     *
     * @param since the lowest number of a symbol whose pairs don't know yet that this word has them
     */
    private void countPairs(int word, long count, int since) {
        for (int i = starts[word]; i < starts[word] + lengths[word] - 1; i++) {
            int left = symbols[i];
            int right = symbols[i + 1];
            if (pieces.get(left).joins(pieces.get(right), longest)) {
                int pair = pairs.add(left, right, count);
                if (left >= since || right >= since) {
                    pairs.addWord(pair, word);
                }
            }
        }
    }
}
