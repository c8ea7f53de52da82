package ai.llm360.common.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The symbols and merges of byte-pair encoding. A text begins as symbols, one a character, or one a
 * byte where the vocabulary is byte-level, and merges join two to one. Immutable.
 */
final class MergeTable {

    private static final int NONE = -1;

    /**
     * A merge of two pieces to one that spells both.
     *
     * @param rank the lower, the sooner it is made; of equal ranks, the leftmost is
     */
    record Merge(String left, String right, int rank) {}

    /** The symbols that a text begins as. */
    enum Symbols {
        /** Characters; one without a token becomes its UTF-8 bytes' tokens. */
        CHARACTERS_OR_BYTES,
        /** Characters; a run of those without a token becomes the unknown token. */
        CHARACTERS,
        /** UTF-8 bytes. */
        BYTES
    }

    private final Symbols kind;
    private final int unknownId;
    private final int[] byteIds = new int[256];
    private final int[] charIds = new int[1 << 16];
    private final Map<Integer, Integer> supplementaryIds = new HashMap<>();
    private final BitSet joinsSpace = new BitSet(); // by the char before the space

    // Characters of pieces that have no token of their own get ids behind the vocabulary's.
    private final int size;
    private final List<Integer> tokenless = new ArrayList<>();

    // Open addressing: the pair of ids, and at the same place its rank and the id of the merged.
    private final long[] pairs;
    private final int[] ranks;
    private final int[] merged;

    /** The tokens that a whole word is looked up in before it is merged. */
    private final Optional<Map<String, Integer>> wholeWords;

    /**
     * Makes a table of the tokens that text can become; -1 is no unknown token. Where whole words
     * are looked up, one that is a token isn't merged.
     *
     * @throws IllegalArgumentException if a merge's pieces have no tokens
     */
    MergeTable(
            Symbols kind,
            Map<String, Integer> vocabulary,
            List<Merge> merges,
            int unknownId,
            boolean looksUpWords) {
        this.kind = kind;
        this.unknownId = unknownId;
        wholeWords = looksUpWords ? Optional.of(vocabulary) : Optional.empty();
        size = vocabulary.values().stream().mapToInt(id -> id).max().orElse(NONE) + 1;
        Arrays.fill(charIds, NONE);
        vocabulary.forEach(
                (token, id) -> {
                    if (isCharacter(token)) {
                        setCharId(token.codePointAt(0), id);
                    }
                });
        Arrays.fill(byteIds, NONE);
        for (int b = 0; b < 256 && kind != Symbols.CHARACTERS; b++) {
            byteIds[b] = id(vocabulary, byteToken(kind, b));
        }
        int capacity = Integer.highestOneBit(Math.max(merges.size(), 1)) << 2;
        pairs = new long[capacity];
        Arrays.fill(pairs, NONE);
        ranks = new int[capacity];
        merged = new int[capacity];
        for (Merge merge : merges) {
            addMerge(merge, vocabulary);
        }
    }

    /** Returns whether the vocabulary has all tokens that a kind of symbols needs. */
    static boolean hasBytes(Symbols kind, Map<String, Integer> vocabulary) {
        for (int b = 0; b < 256; b++) {
            if (!vocabulary.containsKey(byteToken(kind, b))) {
                return false;
            }
        }
        return true;
    }

    private static String byteToken(Symbols kind, int b) {
        return kind == Symbols.BYTES
                ? String.valueOf(ByteAlphabet.character(b))
                : String.format(Locale.ROOT, "<0x%02X>", b);
    }

    private static boolean isCharacter(String token) {
        return !token.isEmpty() && token.codePointCount(0, token.length()) == 1;
    }

    private void setCharId(int character, int id) {
        if (Character.isBmpCodePoint(character)) {
            charIds[character] = id;
        } else {
            supplementaryIds.put(character, id);
        }
    }

    private static int id(Map<String, Integer> vocabulary, String token) {
        Integer id = vocabulary.get(token);
        if (id == null) {
            throw new IllegalArgumentException("there is no token '" + token + "'");
        }
        return id;
    }

    private void addMerge(Merge merge, Map<String, Integer> vocabulary) {
        int left = symbol(merge.left(), vocabulary);
        int right = symbol(merge.right(), vocabulary);
        int slot = slot(left, right);
        pairs[slot] = pair(left, right); // of a merge given twice, the last rank counts
        ranks[slot] = merge.rank();
        merged[slot] = id(vocabulary, merge.left() + merge.right());
        if (merge.right().charAt(0) == TextForm.MARK) {
            joinsSpace.set(merge.left().charAt(merge.left().length() - 1));
        }
    }

    private int symbol(String piece, Map<String, Integer> vocabulary) {
        if (kind != Symbols.BYTES && isCharacter(piece)) {
            int character = piece.codePointAt(0);
            if (charId(character) == NONE) {
                setCharId(character, size + tokenless.size());
                tokenless.add(character);
            }
            return charId(character);
        }
        return id(vocabulary, piece);
    }

    /** Returns the id of a character's symbol, or -1 if it has none. */
    private int charId(int codePoint) {
        return codePoint < charIds.length
                ? charIds[codePoint]
                : supplementaryIds.getOrDefault(codePoint, NONE);
    }

    /** Returns whether a character is no part of any token, so that nothing spans it. */
    boolean isApart(int codePoint) {
        return kind != Symbols.BYTES && charId(codePoint) == NONE;
    }

    /**
     * Returns whether some merge joins a piece that ends in this char to one that begins with a
     * space. Where none does, no merge can ever span that place, and the two sides are encoded
     * alone.
     */
    boolean joinsSpace(char before) {
        return joinsSpace.get(before);
    }

    /** Returns the largest number of symbols that some chars become. */
    int mostSymbols(int chars) {
        return kind == Symbols.BYTES ? Math.multiplyExact(3, chars) : chars;
    }

    /** Writes the symbols of a word, of characters that aren't apart, and returns their number. */
    int symbols(char[] chars, int start, int end, int[] into) {
        int count = 0;
        if (kind == Symbols.BYTES) {
            String word = new String(chars, start, end - start);
            for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                into[count++] = byteIds[b & 0xFF];
            }
            return count;
        }
        for (int i = start; i < end; ) {
            int character = Character.codePointAt(chars, i);
            i += Character.charCount(character);
            into[count++] = charId(character);
        }
        return count;
    }

    /** Returns the id of a whole word that needs no merges, or -1. */
    int wholeWord(char[] chars, int start, int end) {
        if (wholeWords.isEmpty()) {
            return NONE;
        }
        String word = new String(chars, start, end - start);
        String token = kind == Symbols.BYTES ? ByteAlphabet.spell(word) : word;
        return wholeWords.get().getOrDefault(token, NONE);
    }

    /** Returns where the merge of two ids is found, or -1 if there is none. */
    int find(int left, int right) {
        int slot = slot(left, right);
        return pairs[slot] == NONE ? NONE : slot;
    }

    /** Returns the rank of the merge at a place: the lower, the sooner it is made. */
    int rank(int place) {
        return ranks[place];
    }

    /** Returns the id that the merge at a place makes. */
    int merged(int place) {
        return merged[place];
    }

    private int slot(int left, int right) {
        long pair = pair(left, right);
        int mask = pairs.length - 1;
        int slot = (int) ((pair * 0x9E3779B97F4A7C15L) >>> 40) & mask;
        while (pairs[slot] != NONE && pairs[slot] != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    /** Appends a symbol that no merge has taken: its id, or what spells its character. */
    void emit(int symbol, IdBuffer ids) {
        if (symbol < size) {
            ids.add(symbol);
        } else {
            emitApart(tokenless.get(symbol - size), ids);
        }
    }

    /** Appends the ids of a character without a token. */
    void emitApart(int codePoint, IdBuffer ids) {
        if (kind == Symbols.CHARACTERS) {
            ids.add(unknownId);
            return;
        }
        for (byte b : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
            ids.add(byteIds[b & 0xFF]);
        }
    }

    /** Makes one unknown token of each run of them. */
    void joinUnknown(IdBuffer ids, int start) {
        ids.joinRuns(unknownId, start);
    }

    /** Returns whether every text is spelled whole, so that nothing becomes the unknown token. */
    boolean spellsEverything() {
        return kind != Symbols.CHARACTERS;
    }
}
