package ai.llm360.common.tokenizer;

/**
 * Decodes a text token by token, never emitting half a character.
 *
 * <p>What {@link #push} and a last {@link #flush} return, joined, is what {@link Tokenizer#decode}
 * gives for all the ids at once. A token costs the same however long the text has become. One
 * thread at a time may use a decoder; it stays usable when its tokenizer is closed.
 */
public final class StreamingDecoder {

    private final Vocabulary vocabulary;
    private final boolean verbatim;
    private final Utf8Assembler characters;
    private boolean atStart = true;

    StreamingDecoder(Vocabulary vocabulary, boolean verbatim) {
        this.vocabulary = vocabulary;
        this.verbatim = verbatim;
        characters = new Utf8Assembler(vocabulary.replacesRuns());
    }

    /**
     * {@return the text, perhaps empty, that the next token completes} An id past the vocabulary
     * adds nothing: a model whose embedding is larger than its vocabulary can make one; a negative
     * one is refused.
     */
    public String push(long id) {
        StringBuilder text = new StringBuilder();
        push(id, text);
        return text.toString();
    }

    /**
     * {@return the last text, mostly empty: bytes that still waited for the rest of their character
     * become U+FFFD}
     */
    public String flush() {
        StringBuilder text = new StringBuilder();
        flush(text);
        return text.toString();
    }

    void push(long id, StringBuilder text) {
        int from = text.length();
        for (byte b : verbatim ? vocabulary.verbatim(id) : vocabulary.text(id)) {
            characters.accept(b, text);
        }
        stripLeadingSpace(text, from);
    }

    void flush(StringBuilder text) {
        int from = text.length();
        characters.finish(text);
        stripLeadingSpace(text, from);
    }

    // The encoder put one space before the text; only the text's very first character can be it.
    private void stripLeadingSpace(StringBuilder text, int from) {
        if (atStart && text.length() > from) {
            atStart = false;
            if (vocabulary.stripsLeadingSpace() && text.charAt(from) == ' ') {
                text.deleteCharAt(from);
            }
        }
    }
}
