package ai.llm360.analysis.series;

import ai.llm360.common.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/**
 * Finds a text in rows of token ids, however it was cut into tokens: what is compared are the bytes
 * that the tokens stand for. Special tokens, which stand for none, end a text. Immutable.
 */
final class TextSearch {

    /* The automaton of Knuth, Morris and Pratt over bytes. Its state is the number of bytes of the
     * text that the row's last bytes are; each token moves it by all of its bytes. Most tokens are
     * met in state 0, so what they do there is looked up; the others are spelled. */

    private static final int MAX_BYTES = 1 << 16;

    private final byte[] text;
    private final int[] borders; // of the text's first i bytes, the longest proper one
    private final byte[][] tokens;
    private final int[] stateAfter; // state 0 and a token
    private final int[] foundAfter;

    /**
     * Prepares a search.
     *
     * @param vocabulary every id of the rows is below it
     * @throws IllegalArgumentException if the text is empty or has more than 65,536 bytes
     */
    TextSearch(Tokenizer tokenizer, String text, int vocabulary) {
        this.text = text.getBytes(StandardCharsets.UTF_8);
        if (this.text.length == 0 || this.text.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "a text to look for has 1 to %,d bytes of UTF-8, not %,d"
                            .formatted(MAX_BYTES, this.text.length));
        }
        borders = borders(this.text);
        tokens = new byte[vocabulary][];
        stateAfter = new int[vocabulary];
        foundAfter = new int[vocabulary];
        for (int id = 0; id < vocabulary; id++) {
            tokens[id] = tokenizer.bytes(id);
            int state = 0;
            for (byte b : tokens[id]) {
                state = next(state, b);
                foundAfter[id] += state == this.text.length ? 1 : 0;
            }
            stateAfter[id] = state;
        }
    }

    private static int[] borders(byte[] text) {
        int[] borders = new int[text.length + 1];
        for (int i = 1, border = 0; i < text.length; i++) {
            while (border > 0 && text[i] != text[border]) {
                border = borders[border];
            }
            border += text[i] == text[border] ? 1 : 0;
            borders[i + 1] = border;
        }
        return borders;
    }

    private int next(int from, byte b) {
        int state = from == text.length ? borders[from] : from;
        while (state > 0 && text[state] != b) {
            state = borders[state];
        }
        return text[state] == b ? state + 1 : 0;
    }

    /** Counts where the text occurs in a row; occurrences may overlap. */
    int count(long[] row) {
        int found = 0;
        int state = 0;
        for (long id : row) {
            int token = (int) id;
            if (state == 0) {
                found += foundAfter[token];
                state = stateAfter[token];
                continue;
            }
            byte[] bytes = tokens[token];
            if (bytes.length == 0) {
                state = 0;
            }
            for (byte b : bytes) {
                state = next(state, b);
                found += state == text.length ? 1 : 0;
            }
        }
        return found;
    }
}
