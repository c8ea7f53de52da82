package ai.llm360.common.tokenizer;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The {@code model} of a tokenizer.json: byte-pair encoding, the one type that is supported. */
final class BytePairs {

    private static final int HIGHEST_ID = (1 << 24) - 1;

    private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
    private final List<MergeTable.Merge> merges = new ArrayList<>();
    private Optional<String> unknown = Optional.empty();
    private boolean byteFallback;
    private boolean fusesUnknown;
    private boolean takesWords;

    void read(JsonReader reader) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            switch (name) {
                case "type" -> requireBpe(reader.nextString());
                case "vocab" -> readVocabulary(reader);
                case "merges" -> readMerges(reader);
                case "unk_token" -> unknown = optString(reader);
                case "byte_fallback" -> byteFallback = reader.nextBoolean();
                case "fuse_unk" -> fusesUnknown = reader.nextBoolean();
                case "ignore_merges" -> takesWords = reader.nextBoolean();
                case "continuing_subword_prefix", "end_of_word_suffix" ->
                        require(optString(reader).orElse("").isEmpty(), name, "null");
                case "dropout" -> {
                    boolean absent = isNull(reader);
                    require(absent || reader.nextDouble() == 0, name, "null: ids aren't drawn");
                }
                default -> require(false, "the field '" + name + "'", "BPE's own");
            }
        }
        reader.endObject();
    }

    private static void requireBpe(String type) {
        require(type.equals("BPE"), "type '" + type + "'", "BPE");
    }

    private static void require(boolean holds, String given, String supported) {
        if (!holds) {
            throw JsonPart.unsupported("model", given, supported);
        }
    }

    private static boolean isNull(JsonReader reader) throws IOException {
        if (reader.peek() != JsonToken.NULL) {
            return false;
        }
        reader.nextNull();
        return true;
    }

    private static Optional<String> optString(JsonReader reader) throws IOException {
        return isNull(reader) ? Optional.empty() : Optional.of(reader.nextString());
    }

    private void readVocabulary(JsonReader reader) throws IOException {
        require(
                reader.peek() == JsonToken.BEGIN_OBJECT,
                "a vocab that is no object",
                "BPE, whose vocab is one");
        reader.beginObject();
        while (reader.hasNext()) {
            String token = JsonPart.wellFormed("a token", reader.nextName());
            long id = reader.nextLong();
            if (id < 0 || id > HIGHEST_ID) {
                throw new IllegalArgumentException(
                        "token '%s' has id %d, outside 0 to %d".formatted(token, id, HIGHEST_ID));
            }
            vocabulary.put(token, (int) id);
        }
        reader.endObject();
    }

    private void readMerges(JsonReader reader) throws IOException {
        reader.beginArray();
        while (reader.hasNext()) {
            String[] parts;
            if (reader.peek() == JsonToken.BEGIN_ARRAY) {
                reader.beginArray();
                parts = new String[] {reader.nextString(), reader.nextString()};
                reader.endArray();
            } else {
                parts = reader.nextString().split(" ", -1);
            }
            if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
                throw new IllegalArgumentException(
                        "merge %d doesn't join two tokens: '%s'"
                                .formatted(merges.size(), String.join(" ", parts)));
            }
            merges.add(new MergeTable.Merge(parts[0], parts[1], merges.size()));
        }
        reader.endArray();
    }

    void check() {
        if (vocabulary.isEmpty()) {
            throw new IllegalArgumentException("model.vocab is missing or empty");
        }
        for (MergeTable.Merge merge : merges) {
            for (String token :
                    List.of(merge.left(), merge.right(), merge.left() + merge.right())) {
                requireToken(token, "merge " + merge.rank() + " needs a token '%s'");
            }
        }
        unknown.ifPresent(token -> requireToken(token, "unk_token is '%s'"));
    }

    private void requireToken(String token, String why) {
        if (!vocabulary.containsKey(token)) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, why + ", which the vocabulary lacks", token));
        }
    }

    /** Returns the table in Java, or empty if this is a kind that has none. */
    Optional<MergeTable> table(TextForm form) {
        boolean bytes = form.spaces() == TextForm.Spaces.PLAIN;
        MergeTable.Symbols kind =
                bytes ? MergeTable.Symbols.BYTES : MergeTable.Symbols.CHARACTERS_OR_BYTES;
        boolean usual =
                bytes
                        ? !byteFallback
                        : byteFallback && !takesWords && merges.stream().noneMatch(this::joinsByte);
        return usual && MergeTable.hasBytes(kind, vocabulary)
                ? Optional.of(new MergeTable(kind, vocabulary, merges, -1, takesWords))
                : Optional.empty();
    }

    // Bytes stand where a text is cut into words, so they must not join anything.
    private boolean joinsByte(MergeTable.Merge merge) {
        return isByte(merge.left()) || isByte(merge.right());
    }

    private static boolean isByte(String token) {
        return token.length() == 6 && token.startsWith("<0x");
    }

    Map<String, Integer> vocabulary() {
        return vocabulary;
    }

    List<MergeTable.Merge> merges() {
        return merges;
    }

    Optional<String> unknown() {
        return unknown;
    }

    boolean byteFallback() {
        return byteFallback;
    }

    boolean fusesUnknown() {
        return fusesUnknown;
    }

    boolean takesWords() {
        return takesWords;
    }
}
