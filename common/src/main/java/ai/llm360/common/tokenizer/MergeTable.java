package ai.llm360.common.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The pieces and merges of a tokenizer.json that is byte-pair encoding exactly as LLaMA's: a space
 * before the text, spaces written as U+2581, no division into words, bytes for unknown characters.
 * Immutable.
 */
final class MergeTable {

    static final char SPACE = '\u2581';

    private static final JsonElement NORMALIZER =
            JsonParser.parseString(
                    """
                    {"type": "Sequence", "normalizers": [
                        {"type": "Prepend", "prepend": "\u2581"},
                        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
                    """);

    private static final int NONE = -1;

    private final int[] byteIds = new int[256];
    private final int[] charIds = new int[1 << 16];
    private final Map<Integer, Integer> supplementaryIds = new HashMap<>();
    private final BitSet joinsSpace = new BitSet(); // by the char before the space

    // Open addressing: the pair of ids, and at the same place its rank and the id of the merged.
    private final long[] pairs;
    private final int[] ranks;
    private final int[] merged;

    private MergeTable(Map<String, Integer> vocabulary, List<String[]> merges) {
        Arrays.fill(charIds, NONE);
        vocabulary.forEach(this::addCharacter);
        charIds[' '] = charIds[SPACE];
        for (int b = 0; b < 256; b++) {
            byteIds[b] = id(vocabulary, String.format(Locale.ROOT, "<0x%02X>", b));
        }
        int capacity = Integer.highestOneBit(Math.max(merges.size(), 1)) << 2;
        pairs = new long[capacity];
        Arrays.fill(pairs, NONE);
        ranks = new int[capacity];
        merged = new int[capacity];
        for (int rank = 0; rank < merges.size(); rank++) {
            String left = merges.get(rank)[0];
            String right = merges.get(rank)[1];
            addMerge(
                    id(vocabulary, left),
                    id(vocabulary, right),
                    rank,
                    id(vocabulary, left + right));
            if (right.charAt(0) == SPACE) {
                joinsSpace.set(left.charAt(left.length() - 1));
            }
        }
        if (joinsSpace.get(SPACE)) {
            joinsSpace.set(' ');
        }
    }

    private void addCharacter(String token, int id) {
        if (token.codePointCount(0, token.length()) != 1) {
            return;
        }
        int character = token.codePointAt(0);
        if (Character.isBmpCodePoint(character)) {
            charIds[character] = id;
        } else {
            supplementaryIds.put(character, id);
        }
    }

    private static int id(Map<String, Integer> vocabulary, String token) {
        Integer id = vocabulary.get(token);
        if (id == null) {
            throw new UnsupportedKindException("no token " + token);
        }
        return id;
    }

    private void addMerge(int left, int right, int rank, int id) {
        for (int b : byteIds) {
            // Bytes stand where a text is cut into words, so they must not join anything.
            require(b != left && b != right, "merges of bytes");
        }
        int slot = slot(left, right);
        require(pairs[slot] == NONE, "a merge given twice");
        pairs[slot] = pair(left, right);
        ranks[slot] = rank;
        merged[slot] = id;
    }

    /**
     * Reads a tokenizer.json that the library has read.
     *
     * @return the table, or empty if the file is of another kind
     */
    static Optional<MergeTable> parse(String json) {
        try {
            JsonObject root = JsonParser.parseString(json).getAsJsonObject();
            require(NORMALIZER.equals(root.get("normalizer")), "another normalizer");
            requireNothing(root, "pre_tokenizer");
            JsonObject model = root.getAsJsonObject("model");
            for (String name :
                    List.of("dropout", "continuing_subword_prefix", "end_of_word_suffix")) {
                requireNothing(model, name);
            }
            require(isTrue(model, "byte_fallback"), "no bytes for unknown characters");
            require(!isTrue(model, "ignore_merges"), "words taken before merges");
            Map<String, Integer> vocabulary = new HashMap<>();
            model.getAsJsonObject("vocab")
                    .entrySet()
                    .forEach(token -> vocabulary.put(token.getKey(), token.getValue().getAsInt()));
            require(vocabulary.containsKey(String.valueOf(SPACE)), "no token for a space");
            require(!vocabulary.containsKey(" "), "a token of a plain space");
            List<String[]> merges =
                    model.getAsJsonArray("merges").asList().stream()
                            .map(MergeTable::merge)
                            .toList();
            return Optional.of(new MergeTable(vocabulary, merges));
        } catch (UnsupportedKindException e) {
            return Optional.empty();
        }
    }

    private static String[] merge(JsonElement merge) {
        String[] parts =
                merge.isJsonArray() ? both(merge.getAsJsonArray()) : merge.getAsString().split(" ");
        require(parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty(), "an odd merge");
        return parts;
    }

    private static String[] both(JsonArray pair) {
        return pair.asList().stream().map(JsonElement::getAsString).toArray(String[]::new);
    }

    private static void requireNothing(JsonObject object, String name) {
        JsonElement value = object.get(name);
        require(
                value == null
                        || value.isJsonNull()
                        || Set.of("\"\"", "0.0").contains(value.toString()),
                name);
    }

    private static boolean isTrue(JsonObject object, String name) {
        JsonElement value = object.get(name);
        return value != null && !value.isJsonNull() && value.getAsBoolean();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new UnsupportedKindException(otherwise);
        }
    }

    /** Returns the id of a character's own token, or -1 if it has none. */
    int charId(int codePoint) {
        return codePoint < charIds.length
                ? charIds[codePoint]
                : supplementaryIds.getOrDefault(codePoint, NONE);
    }

    /**
     * Whether some merge joins a piece that ends in this char to one that begins with a space.
     * Where none does, no merge can ever span that place, and the two sides are encoded alone.
     */
    boolean joinsSpace(char before) {
        return joinsSpace.get(before);
    }

    /** Returns where the merge of two ids is found, or -1 if there is none. */
    int find(int left, int right) {
        int slot = slot(left, right);
        return pairs[slot] == NONE ? NONE : slot;
    }

    /** The lower, the sooner the merge at a place is made. */
    int rank(int place) {
        return ranks[place];
    }

    /** The id that the merge at a place makes. */
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

    /** Appends the ids of a character's UTF-8 bytes. */
    void appendBytes(int codePoint, IdBuffer ids) {
        for (byte b : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
            ids.add(byteIds[b & 0xFF]);
        }
    }

    /** The file is none of the kind that this class reads; the library reads it. */
    private static final class UnsupportedKindException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UnsupportedKindException(String kind) {
            super(kind);
        }
    }
}
