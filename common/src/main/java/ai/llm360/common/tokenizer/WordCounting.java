package ai.llm360.common.tokenizer;

import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;

/**
 * Counts the words of texts on several threads. The texts are parted without regard to the threads,
 * and the parts' counts are added in order, so that the result is the same with any number of them.
 */
final class WordCounting {

    /** Enough that handing a part over costs nothing beside counting it. */
    private static final int PART_CHARS = 1 << 19;

    private final WordCutter cutter;
    private final int mostWords;
    private final Workers threads;

    private final WordCounts words = new WordCounts();
    private final long[] characters = new long[Character.MAX_CODE_POINT + 1];
    private long texts;

    private final Queue<Future<WordCounts>> pending = new ArrayDeque<>();
    private List<Part> parts = new ArrayList<>();
    private int partsChars;

    /** Part of a text; a text begins at place 0. */
    private record Part(String text, int start, int end) {}

    /**
     * Creates a counter of nothing yet.
     *
     * @param mostWords the words that are kept; past twice as many, the rarest are forgotten
     */
    WordCounting(WordCutter cutter, int mostWords, Workers threads) {
        this.cutter = cutter;
        this.mostWords = mostWords;
        this.threads = threads;
    }

    /** Adds a text, unless it is blank. */
    void add(String text) throws IOException {
        if (text.isBlank()) {
            return;
        }
        texts++;
        for (int start = 0; start < text.length(); ) {
            int end = end(text, start);
            parts.add(new Part(text, start, end));
            partsChars += end - start;
            start = end;
            if (partsChars >= PART_CHARS) {
                submit();
                while (pending.size() > 2 * threads.count()) {
                    take();
                }
            }
        }
    }

    /** Ends the counting of what was added. */
    void finish() throws IOException {
        submit();
        while (!pending.isEmpty()) {
            take();
        }
        words.keep(mostWords);
    }

    WordCounts words() {
        return words;
    }

    /** Returns how often each character came, by its code point, in words now forgotten too. */
    long[] characters() {
        return characters;
    }

    long texts() {
        return texts;
    }

    /** A part ends before a line end behind a word: nothing looks across that place. */
    private static int end(String text, int start) {
        for (int i = Math.max(start + PART_CHARS, 1); i < text.length(); i++) {
            if (text.charAt(i) == '\n' && !UnicodeClasses.isSpace(text.charAt(i - 1))) {
                return i;
            }
        }
        return text.length();
    }

    private void submit() {
        List<Part> taken = parts;
        pending.add(threads.submit(() -> count(taken)));
        parts = new ArrayList<>();
        partsChars = 0;
    }

    private WordCounts count(List<Part> taken) {
        WordCounts counted = new WordCounts();
        for (Part part : taken) {
            cutter.cut(part.text().substring(part.start(), part.end()), part.start() == 0, counted);
        }
        return counted;
    }

    private void take() throws IOException {
        Workers.await(pending.remove())
                .forEach(
                        (chars, start, end, count) -> {
                            words.add(chars, start, end, count);
                            for (int i = start; i < end; ) {
                                int c = Character.codePointAt(chars, i, end);
                                characters[c] += count;
                                i += Character.charCount(c);
                            }
                        });
        if (words.size() > 2L * mostWords) {
            words.keep(mostWords);
        }
    }
}
