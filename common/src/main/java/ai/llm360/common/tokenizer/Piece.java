package ai.llm360.common.tokenizer;

/**
 * A token in the making: its spelling, and what decides which others it may be joined to. The rules
 * are those of SentencePiece's trainer as LLaMA's was set: of one script, spaces only in front or
 * alone, and not too long.
 *
 * @param text its spelling in the vocabulary
 * @param length its characters, or its bytes in a byte-level vocabulary
 * @param first the first script in it, or {@link Scripts#ANY}
 * @param last the last script in it, or {@link Scripts#ANY}
 * @param marked whether it begins with {@link TextForm#MARK}, which stands for a space
 * @param blank whether it is of nothing but such marks
 */
record Piece(String text, int length, int first, int last, boolean marked, boolean blank) {

    /** Returns a character's piece. */
    static Piece ofCharacter(int character) {
        boolean mark = character == TextForm.MARK;
        int script = mark ? Scripts.ANY : Scripts.of(character);
        return new Piece(Character.toString(character), 1, script, script, mark, mark);
    }

    /** Returns a byte's piece, which may be joined to any other. */
    static Piece ofByte(int unsignedByte) {
        String text = String.valueOf(ByteAlphabet.character(unsignedByte));
        return new Piece(text, 1, Scripts.ANY, Scripts.ANY, false, false);
    }

    boolean joins(Piece right, int longest) {
        if (length + right.length > longest) {
            return false;
        }
        if (right.marked) {
            return blank && right.blank;
        }
        return (!blank || length == 1)
                && (last == Scripts.ANY || right.first == Scripts.ANY || last == right.first);
    }

    Piece join(Piece right) {
        return new Piece(
                text + right.text,
                length + right.length,
                first == Scripts.ANY ? right.first : first,
                right.last == Scripts.ANY ? last : right.last,
                marked,
                blank && right.blank);
    }

    /**
     * Compares two joined spellings by their code points, without joining them.
     *
     * @return below zero if {@code a + b} comes before {@code c + d}
     */
    static int compareJoined(Piece a, Piece b, Piece c, Piece d) {
        int end = a.text.length() + b.text.length();
        int otherEnd = c.text.length() + d.text.length();
        for (int i = 0; i < Math.min(end, otherEnd); i++) {
            char x = charAt(a, b, i);
            char y = charAt(c, d, i);
            if (x != y) {
                boolean surrogates = Character.isSurrogate(x) != Character.isSurrogate(y);
                return surrogates
                        ? Boolean.compare(Character.isSurrogate(x), Character.isSurrogate(y))
                        : Character.compare(x, y);
            }
        }
        return Integer.compare(end, otherEnd);
    }

    private static char charAt(Piece left, Piece right, int place) {
        int length = left.text.length();
        return place < length ? left.text.charAt(place) : right.text.charAt(place - length);
    }
}
