package ai.llm360.common.tokenizer;

import java.lang.Character.UnicodeScript;

/**
 * Tells the scripts that SentencePiece's trainer keeps apart: those of Unicode, as far as the JVM
 * knows them, but one for all of Japanese and Chinese, and none for a combining mark, which goes
 * with whatever it stands behind.
 */
final class Scripts {

    /** The script of a character that goes with any. */
    static final int ANY = -1;

    private static final short[] BASIC = new short[1 << 16]; // looked up for every character

    static {
        for (int c = 0; c < BASIC.length; c++) {
            BASIC[c] = (short) find(c);
        }
    }

    private Scripts() {}

    static int of(int codePoint) {
        return codePoint < BASIC.length ? BASIC[codePoint] : find(codePoint);
    }

    @SuppressWarnings("EnumOrdinal") // a number that isn't kept
    private static int find(int codePoint) {
        UnicodeScript script = UnicodeScript.of(codePoint);
        return switch (script) {
            case INHERITED -> ANY;
            case HIRAGANA, KATAKANA -> UnicodeScript.HAN.ordinal();
            case UNKNOWN -> UnicodeScript.COMMON.ordinal();
            default ->
                    // U+30FC lengthens a vowel of either.
                    (codePoint == 0x30FC ? UnicodeScript.HAN : script).ordinal();
        };
    }
}
