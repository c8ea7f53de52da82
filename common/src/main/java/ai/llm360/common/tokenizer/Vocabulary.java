package ai.llm360.common.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** The tokens by id, and the bytes of text that each stands for. Immutable. */
final class Vocabulary {

    private static final byte[] NO_TEXT = {};
    private static final int LIMIT = 1 << 24;

    private final String[] tokens;
    private final byte[][] text;
    private final Map<String, Integer> ids;
    private final DecodingRule rule;
    private final int longest;
    private final OptionalLong bos;
    private final OptionalLong eos;
    private final OptionalLong unknown;

    private Vocabulary(Builder builder, String bos, String eos, String unknown) {
        tokens = builder.tokens;
        text = builder.text;
        ids = builder.ids;
        rule = builder.rule;
        longest =
                IntStream.range(0, tokens.length)
                        .map(id -> verbatim(id).length)
                        .max()
                        .orElseThrow();
        this.bos = id(bos);
        this.eos = id(eos);
        this.unknown = id(unknown);
    }

    int size() {
        return tokens.length;
    }

    String token(long id) {
        if (id < 0 || id >= tokens.length || tokens[(int) id] == null) {
            throw new IllegalArgumentException(
                    "no token has id " + id + ": the vocabulary has " + tokens.length + " ids");
        }
        return tokens[(int) id];
    }

    /** Returns the largest number of bytes of text that a token stands for. */
    int longest() {
        return longest;
    }

    /** Returns whether bytes that spell no character are replaced run by run, not one by one. */
    boolean replacesRuns() {
        return rule.byteLevel();
    }

    OptionalLong id(String token) {
        Integer id = token == null ? null : ids.get(token);
        return id == null ? OptionalLong.empty() : OptionalLong.of(id);
    }

    /** The UTF-8 bytes that a token adds to a text: none if it is special or has no entry. */
    byte[] text(long id) {
        if (id < 0) {
            throw new IllegalArgumentException("a token id can't be negative: " + id);
        }
        return id >= text.length ? NO_TEXT : text[(int) id];
    }

    /** The UTF-8 bytes that a token adds to a text where special tokens are spelled out. */
    byte[] verbatim(long id) {
        byte[] plain = text(id);
        boolean special = plain.length == 0 && id < tokens.length && tokens[(int) id] != null;
        return special ? tokens[(int) id].getBytes(StandardCharsets.UTF_8) : plain;
    }

    boolean stripsLeadingSpace() {
        return rule.stripsLeadingSpace();
    }

    OptionalLong bosId() {
        return bos;
    }

    OptionalLong eosId() {
        return eos;
    }

    OptionalLong unknownId() {
        return unknown;
    }

    /** Collects a vocabulary in any order of ids. */
    static final class Builder {

        private final DecodingRule rule;
        private final Map<String, Integer> ids = new HashMap<>();
        private String[] tokens = {};
        private byte[][] text = {};

        Builder(DecodingRule rule) {
            this.rule = rule;
        }

        Builder add(long id, String token, boolean special) {
            return add(id, token, special ? NO_TEXT : textOf(token));
        }

        /** Adds a token that was added to a vocabulary: its text is spelled in it as it is. */
        Builder addWhole(long id, String token, boolean special) {
            boolean plain = rule.byteLevel() && !special;
            return plain
                    ? add(id, token, token.getBytes(StandardCharsets.UTF_8))
                    : add(id, token, special);
        }

        private Builder add(long id, String token, byte[] bytes) {
            if (id < 0 || id >= LIMIT) {
                throw new IllegalArgumentException(
                        "token '" + token + "' has id " + id + ", outside 0 to " + (LIMIT - 1));
            }
            int slot = (int) id;
            if (slot < tokens.length && tokens[slot] != null && !tokens[slot].equals(token)) {
                throw new IllegalArgumentException(
                        "id %d is both '%s' and '%s'".formatted(id, tokens[slot], token));
            }
            if (slot >= tokens.length) {
                int used = tokens.length;
                tokens = Arrays.copyOf(tokens, slot + 1 + slot / 2);
                text = Arrays.copyOf(text, tokens.length);
                Arrays.fill(text, used, text.length, NO_TEXT);
            }
            tokens[slot] = token;
            text[slot] = bytes;
            ids.put(token, slot);
            return this;
        }

        private byte[] textOf(String token) {
            if (rule.byteLevel()) {
                return ByteAlphabet.bytes(token);
            }
            if (rule.bytePieces() && token.length() == 6 && token.matches("<0x[0-9A-Fa-f]{2}>")) {
                return new byte[] {(byte) HexFormat.fromHexDigits(token, 3, 5)};
            }
            String spelled = rule.metaspace() ? token.replace('\u2581', ' ') : token;
            return spelled.getBytes(StandardCharsets.UTF_8);
        }

        /** Names the tokens with a role; a null or absent one stays without an id. */
        Vocabulary build(String bos, String eos, String unknown) {
            int size = tokens.length;
            while (size > 0 && tokens[size - 1] == null) {
                size--;
            }
            tokens = Arrays.copyOf(tokens, size);
            text = Arrays.copyOf(text, size);
            return new Vocabulary(this, bos, eos, unknown);
        }
    }
}
