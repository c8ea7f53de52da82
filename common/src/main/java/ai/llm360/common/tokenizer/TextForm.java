package ai.llm360.common.tokenizer;

import java.util.Optional;

/**
 * Says how a text becomes the characters that merges join.
 *
 * @param spaces what becomes of spaces
 * @param prefix where a space is put before a text
 * @param collapses whether spaces around a text, and all but one between words, are dropped
 * @param cutsAtSpaces whether each space begins a word, so that no merge spans it
 * @param words where a text is cut into words, if it is
 */
record TextForm(
        Spaces spaces,
        Prefix prefix,
        boolean collapses,
        boolean cutsAtSpaces,
        Optional<WordPattern> words) {

    /** The character that a space becomes, and the time when it does. */
    enum Spaces {
        /** U+2581, before normalized added tokens are looked for: a normalizer's work. */
        MARKED_EARLY,
        /** U+2581, in the text between added tokens: a pre-tokenizer's work. */
        MARKED,
        /** A byte as any other. */
        PLAIN
    }

    /** The texts that a space is put before. */
    enum Prefix {
        NEVER,
        ALWAYS,
        /** Unless it begins with one. */
        UNLESS_THERE,
        /** The same, but not behind an added token. */
        FIRST_UNLESS_THERE
    }

    static final char MARK = '\u2581';

    TextForm withoutPrefix() {
        return new TextForm(spaces, Prefix.NEVER, collapses, cutsAtSpaces, words);
    }

    /** Does the part that comes before normalized added tokens are looked for. */
    String normalize(String text) {
        return spaces == Spaces.MARKED_EARLY ? spell(text, true) : text;
    }

    /** Does the part that comes after. */
    String preTokenize(String text, boolean first) {
        return spaces == Spaces.MARKED_EARLY ? text : spell(text, first);
    }

    private String spell(String text, boolean first) {
        String kept = collapses ? collapsed(text) : text;
        if (kept.isEmpty()) {
            return kept;
        }
        char space = spaces == Spaces.PLAIN ? ' ' : MARK;
        String marked = kept.replace(' ', space);
        boolean there = marked.charAt(0) == space;
        boolean prefixed =
                switch (prefix) {
                    case NEVER -> false;
                    case ALWAYS -> true;
                    case UNLESS_THERE -> !there;
                    case FIRST_UNLESS_THERE -> first && !there;
                };
        String spelled = prefixed ? space + marked : marked;
        int end = spelled.length();
        while (collapses && end > 0 && spelled.charAt(end - 1) == space) {
            end--; // a text's own marks too, as in SentencePiece
        }
        return spelled.substring(0, end);
    }

    private static String collapsed(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean behindWord = kept.length() > 0 && kept.charAt(kept.length() - 1) != ' ';
            if (c != ' ' || behindWord) {
                kept.append(c);
            }
        }
        return kept.toString();
    }
}
