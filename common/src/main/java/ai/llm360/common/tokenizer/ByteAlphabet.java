package ai.llm360.common.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The characters that stand for bytes in a byte-level vocabulary: a printable Latin-1 character for
 * itself, and U+0100 onwards for the 68 others in order (GPT-2's {@code bytes_to_unicode}).
 */
final class ByteAlphabet {

    private static final char[] CHARS = new char[256];
    private static final int[] BYTES = new int[256 + 68];

    static {
        Arrays.fill(BYTES, -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
            CHARS[b] = printable ? (char) b : next++;
            BYTES[CHARS[b]] = b;
        }
    }

    private ByteAlphabet() {}

    static char character(int unsignedByte) {
        return CHARS[unsignedByte];
    }

    /** Spells a text's UTF-8 bytes. */
    static String spell(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        char[] spelled = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            spelled[i] = CHARS[bytes[i] & 0xFF];
        }
        return new String(spelled);
    }

    /** Returns the bytes that a token spells, or its own UTF-8 if it has another character. */
    static byte[] bytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }
}
