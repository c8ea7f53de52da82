package ai.llm360.common.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Objects;

/**
 * Tells the letters, numbers and white space of Unicode 16 (Oniguruma's, in Hugging Face's library)
 * whatever the version that the JVM knows: JDK 17 has Unicode 13, and a letter that it doesn't know
 * would be cut from its word.
 */
final class UnicodeClasses {

    private static final BitSet LETTERS = new BitSet();
    private static final BitSet NUMBERS = new BitSet();

    static {
        try (InputStream in = UnicodeClasses.class.getResourceAsStream("letters-and-numbers.txt");
                BufferedReader reader =
                        new BufferedReader(
                                new InputStreamReader(
                                        Objects.requireNonNull(in), StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                BitSet set = line.startsWith("L") ? LETTERS : NUMBERS;
                for (String range : line.substring(2).split(" ", -1)) {
                    int dash = range.indexOf('-');
                    int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
                    int last = Integer.parseInt(range.substring(dash + 1), 16);
                    set.set(first, last + 1);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private UnicodeClasses() {}

    /** Returns whether a character is of {@code \p{L}}. */
    static boolean isLetter(int codePoint) {
        return LETTERS.get(codePoint);
    }

    /** Returns whether a character is of {@code \p{N}}. */
    static boolean isNumber(int codePoint) {
        return NUMBERS.get(codePoint);
    }

    /** Returns whether a character is of {@code \s}: Unicode's White_Space. */
    static boolean isSpace(int c) {
        return c == ' '
                || (c >= '\t' && c <= '\r')
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }
}
