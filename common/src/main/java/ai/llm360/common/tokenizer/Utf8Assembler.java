package ai.llm360.common.tokenizer;

/**
 * Assembles characters from a stream of bytes.
 *
 * <p>Bytes that are part of no valid character become U+FFFD: one each, as in SentencePiece, or one
 * for a run that could have begun a character, as in Unicode's recommendation and Rust's {@code
 * from_utf8_lossy}, which decodes byte-level tokens. The search goes on at the byte after them.
 */
final class Utf8Assembler {

    private static final char REPLACEMENT = '\uFFFD';

    private final boolean replacesRuns;
    private final byte[] pending = new byte[4];
    private int count;

    Utf8Assembler(boolean replacesRuns) {
        this.replacesRuns = replacesRuns;
    }

    void accept(byte b, StringBuilder text) {
        if (count == 0 && b >= 0) {
            text.append((char) b);
            return;
        }
        pending[count++] = b;
        while (count > 0) {
            int length = length();
            int valid = validStart(length);
            if (valid == length && length > 0) {
                text.appendCodePoint(codePoint(length));
                drop(length);
            } else if (valid == count) {
                return;
            } else {
                text.append(REPLACEMENT);
                drop(replacesRuns ? Math.max(1, valid) : 1);
            }
        }
    }

    void finish(StringBuilder text) {
        text.append(String.valueOf(REPLACEMENT).repeat(replacesRuns ? Math.min(1, count) : count));
        count = 0;
    }

    /** Returns the length of the character that the first pending byte begins, or 0 for none. */
    private int length() {
        int lead = pending[0] & 0xFF;
        return lead < 0x80
                ? 1
                : lead < 0xC2 || lead > 0xF4 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    }

    /** Returns the number of pending bytes that can begin a character of some length. */
    private int validStart(int length) {
        int lead = pending[0] & 0xFF;
        // The second byte's range rules out overlong forms, surrogates and what lies past U+10FFFF.
        int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        for (int i = 1; i < Math.min(length, count); i++) {
            int next = pending[i] & 0xFF;
            if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) {
                return i;
            }
        }
        return Math.min(length, count);
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
