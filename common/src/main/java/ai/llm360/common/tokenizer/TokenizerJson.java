package ai.llm360.common.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The parts of a tokenizer.json that DJL's binding keeps to itself, read in one pass. */
final class TokenizerJson {

    private final String text;
    private final Map<String, Long> tokens = new LinkedHashMap<>();
    private JsonElement addedTokens = new JsonArray();
    private JsonElement decoder;
    private JsonElement postProcessor;
    private String unknown;

    private TokenizerJson(String text) {
        this.text = text;
    }

    /**
     * Parses a file's text.
     *
     * @throws IOException if it isn't JSON
     * @throws RuntimeException if it is JSON of another shape
     */
    static TokenizerJson parse(String json) throws IOException {
        TokenizerJson parsed = new TokenizerJson(json);
        JsonReader reader = new JsonReader(new StringReader(json));
        reader.setStrictness(Strictness.STRICT);
        reader.beginObject();
        while (reader.hasNext()) {
            switch (reader.nextName()) {
                case "added_tokens" -> parsed.addedTokens = JsonParser.parseReader(reader);
                case "decoder" -> parsed.decoder = JsonParser.parseReader(reader);
                case "post_processor" -> parsed.postProcessor = JsonParser.parseReader(reader);
                case "normalizer" -> requireNoCharacterMap(JsonParser.parseReader(reader));
                case "model" -> parsed.readModel(reader);
                default -> reader.skipValue();
            }
        }
        reader.endObject();
        if (parsed.tokens.isEmpty()) {
            throw new IllegalArgumentException("model.vocab is missing or empty");
        }
        return parsed;
    }

    // Both this map and the prefix below, when damaged, make the native library abort the process.
    private static void requireNoCharacterMap(JsonElement normalizer) {
        if (normalizer.toString().contains("\"precompiled_charsmap\"")) {
            throw new IllegalArgumentException(
                    "a normalizer with a character map is not supported (LLaMA's has none)");
        }
    }

    private void readModel(JsonReader reader) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (name.equals("vocab")) {
                readVocabulary(reader);
            } else if (name.equals("continuing_subword_prefix")
                    && reader.peek() == JsonToken.STRING) {
                if (!reader.nextString().isEmpty()) {
                    throw new IllegalArgumentException(name + " is not supported (LLaMA has none)");
                }
            } else if (name.equals("unk_token") && reader.peek() == JsonToken.STRING) {
                unknown = reader.nextString();
            } else {
                reader.skipValue();
            }
        }
        reader.endObject();
    }

    private void readVocabulary(JsonReader reader) throws IOException {
        if (reader.peek() != JsonToken.BEGIN_OBJECT) {
            throw new IllegalArgumentException(
                    "model.vocab is no object: only BPE tokenizers are supported");
        }
        reader.beginObject();
        while (reader.hasNext()) {
            tokens.put(reader.nextName(), reader.nextLong());
        }
        reader.endObject();
    }

    String text() {
        return text;
    }

    boolean spellsAddedToken(String candidate) {
        return addedTokens.getAsJsonArray().asList().stream()
                .map(token -> token.getAsJsonObject().get("content").getAsString())
                .anyMatch(candidate::contains);
    }

    String textWithoutAddedTokens() {
        JsonObject root = JsonParser.parseString(text).getAsJsonObject();
        root.remove("added_tokens");
        return root.toString();
    }

    Vocabulary vocabulary(TokenizerSettings settings) {
        Vocabulary.Builder builder = new Vocabulary.Builder(DecodingRule.parse(decoder));
        tokens.forEach((token, id) -> builder.add(id, token, false));
        for (JsonElement element : addedTokens.getAsJsonArray()) {
            JsonObject added = element.getAsJsonObject();
            builder.add(
                    added.get("id").getAsLong(),
                    added.get("content").getAsString(),
                    added.get("special").getAsBoolean());
        }
        String bos = settings.bos().or(this::leadingToken).orElse("<s>");
        return builder.roles(bos, settings.eos().orElse("</s>"), unknown).build();
    }

    /** The token that the post-processor puts before every text, if it does. */
    Optional<String> leadingToken() {
        return leadingToken(postProcessor);
    }

    private static Optional<String> leadingToken(JsonElement processor) {
        if (processor == null || !processor.isJsonObject()) {
            return Optional.empty();
        }
        JsonObject object = processor.getAsJsonObject();
        if (object.has("processors")) {
            for (JsonElement inner : object.getAsJsonArray("processors")) {
                Optional<String> found = leadingToken(inner);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        if (!object.has("single") || !object.get("single").isJsonArray()) {
            return Optional.empty();
        }
        JsonArray template = object.getAsJsonArray("single");
        if (template.isEmpty() || !template.get(0).isJsonObject()) {
            return Optional.empty();
        }
        JsonElement first = template.get(0).getAsJsonObject().get("SpecialToken");
        return first == null
                ? Optional.empty()
                : Optional.of(first.getAsJsonObject().get("id").getAsString());
    }
}
