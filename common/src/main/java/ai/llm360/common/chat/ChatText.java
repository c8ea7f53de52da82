package ai.llm360.common.chat;

import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * A conversation as a template writes it: runs of text and special tokens between them. A run is
 * encoded as a whole; some of it, from a place to its end, may be for the model to learn.
 */
final class ChatText {

    /** A special token, or a run of text of which what follows {@code unlearned} is learned. */
    private record Piece(String text, boolean special, boolean hidden, int unlearned) {

        private Piece add(String more, boolean learned) {
            boolean nothingYet = unlearned == text.length();
            return new Piece(
                    text + more,
                    false,
                    false,
                    learned || !nothingYet ? unlearned : unlearned + more.length());
        }
    }

    static final String BOS = "<s>";
    static final String EOS = "</s>";

    private final String template;
    private final boolean spaced;
    private final List<Piece> pieces = new ArrayList<>();
    private boolean open;

    /**
     * Begins a text.
     *
     * @param template the template's name, for errors
     * @param spaced whether the tokenizer's space comes before each run, not before the first alone
     */
    ChatText(String template, boolean spaced) {
        this.template = template;
        this.spaced = spaced;
    }

    /** Adds the beginning token, which the text itself doesn't show. */
    ChatText begin() {
        pieces.add(new Piece(BOS, true, true, BOS.length()));
        return this;
    }

    ChatText special(String token, boolean learned) {
        pieces.add(new Piece(token, true, false, learned ? 0 : token.length()));
        open = false;
        return this;
    }

    /** Adds text that the model reads. */
    ChatText read(String text) {
        return add(text, false);
    }

    /** Adds text that the model writes; the run after it is for the model to learn. */
    ChatText learn(String text) {
        return add(text, true);
    }

    /** Ends a run: what follows is encoded on its own. */
    ChatText apart() {
        open = false;
        return this;
    }

    private ChatText add(String text, boolean learned) {
        if (!open) {
            pieces.add(new Piece("", false, false, 0));
            open = true;
        }
        pieces.set(pieces.size() - 1, pieces.get(pieces.size() - 1).add(text, learned));
        return this;
    }

    String render() {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            text.append(piece.hidden() ? "" : piece.text());
        }
        return text.toString();
    }

    LabelledIds encode(Tokenizer tokenizer) {
        List<LabelledIds> parts = new ArrayList<>();
        boolean first = true;
        int length = 0;
        for (Piece piece : pieces) {
            LabelledIds part;
            if (piece.special()) {
                part =
                        new LabelledIds(
                                new long[] {id(tokenizer, piece.text())},
                                new boolean[] {piece.unlearned() == 0});
            } else {
                part = encode(tokenizer, piece, first || spaced);
                first = false;
            }
            parts.add(part);
            length += part.ids().length;
        }
        LabelledIds whole = new LabelledIds(new long[length], new boolean[length]);
        int at = 0;
        for (LabelledIds part : parts) {
            System.arraycopy(part.ids(), 0, whole.ids(), at, part.ids().length);
            System.arraycopy(part.labels(), 0, whole.labels(), at, part.ids().length);
            at += part.ids().length;
        }
        return whole;
    }

    private long id(Tokenizer tokenizer, String token) {
        OptionalLong id =
                switch (token) {
                    case BOS -> tokenizer.bosId();
                    case EOS -> tokenizer.eosId();
                    default -> tokenizer.id(token);
                };
        return id.orElseThrow(
                () ->
                        new IllegalArgumentException(
                                "the template %s needs the token %s, which this tokenizer lacks; take a template that the model was made for"
                                        .formatted(template, token)));
    }

    /** Each token that ends behind the place is learned. */
    private static LabelledIds encode(Tokenizer tokenizer, Piece piece, boolean spaced) {
        String text = piece.text();
        long[] ids = spaced ? tokenizer.encodeLiteral(text) : tokenizer.encodeContinuation(text);
        boolean[] labels = new boolean[ids.length];
        if (piece.unlearned() == 0) {
            Arrays.fill(labels, true); // the tokenizer's space too, where it is a token of its own
        } else if (piece.unlearned() < text.length()) {
            long spelled = 0;
            for (long id : ids) {
                spelled += tokenizer.textBytes(id);
            }
            long prefix = spelled - utf8Bytes(text, text.length());
            if (prefix != 0 && prefix != 1) {
                throw new IllegalArgumentException(
                        "this tokenizer's tokens don't spell a text byte by byte, so the one where"
                                + " an answer begins isn't known; take one with byte fallback");
            }
            long end = -prefix;
            int mark = utf8Bytes(text, piece.unlearned());
            for (int i = 0; i < ids.length; i++) {
                end += tokenizer.textBytes(ids[i]);
                labels[i] = end > mark;
            }
        }
        return new LabelledIds(ids, labels);
    }

    /** Returns the bytes of the first characters; half of a surrogate pair is read as U+FFFD. */
    private static int utf8Bytes(String text, int count) {
        int bytes = 0;
        for (int i = 0; i < count; ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        }
        return bytes;
    }
}
