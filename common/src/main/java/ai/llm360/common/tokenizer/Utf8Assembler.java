package ai.llm360.common.tokenizer;

/**
 * Assembles characters from a stream of bytes.
 *
 * <p>A byte that neither begins nor continues a valid character becomes one U+FFFD, and the search
 * goes on at the byte after it. That is SentencePiece's rule; {@link
 * java.nio.charset.CharsetDecoder} replaces longer runs by one character.
 */
final class Utf8Assembler {

    private static final char REPLACEMENT = '\uFFFD';

    private final byte[] pending = new byte[4];
    private int count;

    void accept(byte b, StringBuilder text) {
        if (count == 0 && b >= 0) {
            text.append((char) b);
            return;
        }
        pending[count++] = b;
        while (count > 0) {
            int length = characterLength();
            if (length > count) {
                return;
            }
            if (length == 0) {
                text.append(REPLACEMENT);
                drop(1);
            } else {
                text.appendCodePoint(codePoint(length));
                drop(length);
            }
        }
    }

    void finish(StringBuilder text) {
        text.append(String.valueOf(REPLACEMENT).repeat(count));
        count = 0;
    }

    /** The length of the character that the pending bytes begin, or 0 if they can't begin one. */
    private int characterLength() {
        int lead = pending[0] & 0xFF;
        // The second byte's range rules out overlong forms, surrogates and what lies past U+10FFFF.
        int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        int length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (lead > 0xF4) {
            return 0;
        }
        for (int i = 1; i < Math.min(length, count); i++) {
            int next = pending[i] & 0xFF;
            if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) {
                return 0;
            }
        }
        return length;
    }

    private int codePoint(int length) {
        int value = length == 1 ? pending[0] : pending[0] & (0xFF >> (length + 1));
        for (int i = 1; i < length; i++) {
            value = value << 6 | (pending[i] & 0x3F);
        }
        return value;
    }

    private void drop(int bytes) {
        count -= bytes;
        System.arraycopy(pending, bytes, pending, 0, count);
    }
}
