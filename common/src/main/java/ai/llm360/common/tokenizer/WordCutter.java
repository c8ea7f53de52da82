package ai.llm360.common.tokenizer;

import ai.llm360.common.tokenizer.TokenizerTraining.Kind;
import java.text.Normalizer;

/**
 * Cuts a text into the words within which a tokenizer's pieces are looked for. Immutable.
 *
 * <p>As SentencePiece's trainer does for LLaMA, a word is a run of spaces with what follows it, and
 * ends before the next space; between two scripts; around each digit; and at line ends, tabs and
 * NULs, which are in no piece. A byte-level word is one of GPT-2's pattern.
 */
final class WordCutter {

    /** Longer words are counted in parts: memory is bounded, and no piece would be so long. */
    static final int LONGEST = 64;

    private final Kind kind;
    private final boolean nfkc;

    WordCutter(Kind kind, boolean nfkc) {
        this.kind = kind;
        this.nfkc = nfkc;
    }

    /**
     * Counts the words of a part of a text.
     *
     * @param first whether a text begins here
     */
    void cut(String part, boolean first, WordCounts into) {
        String text = Surrogates.replaceUnpaired(part);
        if (nfkc) {
            text = Normalizer.normalize(text, Normalizer.Form.NFKC);
        }
        if (kind == Kind.LLAMA) {
            char[] marked = ((first ? " " : "") + text).replace(' ', TextForm.MARK).toCharArray();
            cutMarked(marked, into);
        } else {
            char[] chars = text.toCharArray();
            for (int start = 0; start < chars.length; ) {
                int end = WordPattern.GPT2.end(chars, start);
                add(chars, start, end, into);
                start = end;
            }
        }
    }

    private static void cutMarked(char[] chars, WordCounts into) {
        int start = 0;
        int before = TextForm.MARK; // the last character of the word so far
        for (int i = 0; i < chars.length; ) {
            int c = Character.codePointAt(chars, i);
            int next = i + Character.charCount(c);
            if (isApart(c) || isDigit(c)) {
                add(chars, start, i, into);
                if (isDigit(c)) {
                    add(chars, i, next, into);
                }
                start = next;
                before = TextForm.MARK;
            } else {
                if (i > start && parts(before, c)) {
                    add(chars, start, i, into);
                    start = i;
                }
                before = c;
            }
            i = next;
        }
        add(chars, start, chars.length, into);
    }

    /** Returns whether a character is in no piece, so that its bytes spell it. */
    static boolean isApart(int c) {
        return c == '\n' || c == '\t' || c == 0;
    }

    private static boolean isDigit(int c) {
        return (c >= '0' && c <= '9') || (c >= '\uff10' && c <= '\uff19');
    }

    /** Returns whether no piece has these two characters in it, one behind the other. */
    private static boolean parts(int left, int right) {
        if (left == TextForm.MARK) {
            return false;
        }
        if (right == TextForm.MARK) {
            return true;
        }
        int one = Scripts.of(left);
        int other = Scripts.of(right);
        return one != other && one != Scripts.ANY && other != Scripts.ANY;
    }

    private static void add(char[] chars, int start, int end, WordCounts into) {
        int from = start;
        while (end - from > LONGEST) {
            int to = from + LONGEST;
            to -= Character.isHighSurrogate(chars[to - 1]) ? 1 : 0;
            into.add(chars, from, to, 1);
            from = to;
        }
        if (from < end) {
            into.add(chars, from, end, 1);
        }
    }
}
