package ai.llm360.common.tokenizer;

import java.util.Arrays;
import java.util.Optional;

/**
 * The regular expressions by which byte-level tokenizers cut a text into words, written out: each
 * finds a word at every place, so a text is cut from left to right.
 */
enum WordPattern {
    /** GPT-2's, which a {@code ByteLevel} pre-tokenizer has of its own. */
    GPT2(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Integer.MAX_VALUE),
    /** Llama 3's. */
    LLAMA3(rest("\\p{N}{1,3}"), 3),
    /** Qwen 2's, which takes digits one by one. */
    QWEN2(rest("\\p{N}"), 1);

    private final String regex;
    private final int digits;

    WordPattern(String regex, int digits) {
        this.regex = regex;
        this.digits = digits;
    }

    private static String rest(String numbers) {
        return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
                + numbers
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }

    static Optional<WordPattern> of(String regex) {
        return Arrays.stream(values()).filter(p -> p.regex.equals(regex)).findAny();
    }

    /** Returns the end of the word that begins at a place before the text's end. */
    int end(char[] text, int start) {
        int contraction = contraction(text, start);
        if (contraction > 0) {
            return start + contraction;
        }
        int c = Character.codePointAt(text, start);
        int second = start + Character.charCount(c);
        // One character may stand before a word's letters: a space, or with Llama 3 almost any.
        boolean leads = this == GPT2 ? c == ' ' : c != '\r' && c != '\n' && isOther(c);
        int letters = runOf(text, leads ? second : start, UnicodeClasses::isLetter, MANY);
        if (letters > (leads ? second : start)) {
            return letters;
        }
        int first = c == ' ' && this == GPT2 ? second : start;
        int numbers = runOf(text, first, UnicodeClasses::isNumber, digits);
        if (numbers > first) {
            return numbers;
        }
        first = c == ' ' ? second : start;
        int marks = runOf(text, first, WordPattern::isMark, MANY);
        if (marks > first) {
            return this == GPT2 ? marks : runOf(text, marks, WordPattern::isLineEnd, MANY);
        }
        return spaces(text, start);
    }

    private static final int MANY = Integer.MAX_VALUE;

    private interface CharacterClass {
        boolean has(int codePoint);
    }

    private static int runOf(char[] text, int start, CharacterClass wanted, int most) {
        int end = start;
        for (int count = 0; end < text.length && count < most; count++) {
            int c = Character.codePointAt(text, end);
            if (!wanted.has(c)) {
                break;
            }
            end += Character.charCount(c);
        }
        return end;
    }

    // [^\p{L}\p{N}]
    private static boolean isOther(int c) {
        return !UnicodeClasses.isLetter(c) && !UnicodeClasses.isNumber(c);
    }

    // [^\s\p{L}\p{N}]
    private static boolean isMark(int c) {
        return isOther(c) && !UnicodeClasses.isSpace(c);
    }

    private static boolean isLineEnd(int c) {
        return c == '\r' || c == '\n';
    }

    // The last space before a word is the word's; Llama 3 first takes all up to the last line end.
    private int spaces(char[] text, int start) {
        int end = runOf(text, start, UnicodeClasses::isSpace, MANY);
        for (int i = end; this != GPT2 && i > start; i--) {
            if (isLineEnd(text[i - 1])) {
                return i;
            }
        }
        return end < text.length && end - start > 1 ? end - 1 : end;
    }

    private int contraction(char[] text, int start) {
        if (text[start] != '\'' || start + 1 >= text.length) {
            return 0;
        }
        char first = folded(text[start + 1]);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return 2;
        }
        char second = start + 2 < text.length ? folded(text[start + 2]) : 0;
        boolean two =
                (second == 'e' && (first == 'r' || first == 'v'))
                        || (second == 'l' && first == 'l');
        return two ? 3 : 0;
    }

    // (?i:s) is s, S and the long s, U+017F.
    private char folded(char c) {
        if (this == GPT2) {
            return c;
        }
        return c == '\u017F' ? 's' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
    }
}
