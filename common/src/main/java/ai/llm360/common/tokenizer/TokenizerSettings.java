package ai.llm360.common.tokenizer;

import ai.llm360.common.checkpoint.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads the small files beside a tokenizer. A missing file or entry says nothing.
 *
 * @param addsBos {@code add_bos_token}
 * @param bos the beginning-of-sequence token
 * @param eos the end-of-sequence token
 */
record TokenizerSettings(Optional<Boolean> addsBos, Optional<String> bos, Optional<String> eos) {

    static TokenizerSettings beside(Path tokenizer) throws IOException {
        JsonObject config = read(tokenizer.resolveSibling("tokenizer_config.json"));
        JsonObject special = read(tokenizer.resolveSibling("special_tokens_map.json"));
        JsonElement flag = config.get("add_bos_token");
        return new TokenizerSettings(
                flag == null || flag.isJsonNull()
                        ? Optional.empty()
                        : Optional.of(flag.getAsBoolean()),
                content(config, "bos_token").or(() -> content(special, "bos_token")),
                content(config, "eos_token").or(() -> content(special, "eos_token")));
    }

    /** Whether prompts begin with BOS; a wish for a BOS that doesn't exist is an error. */
    boolean addsBos(Path file, Vocabulary vocabulary, boolean otherwise) throws IOException {
        boolean adds = addsBos.orElse(otherwise);
        if (adds && vocabulary.bosId().isEmpty()) {
            throw new TokenizerException(
                    file,
                    "prompts should begin with a BOS token, but the vocabulary has no "
                            + bos.orElse("<s>"));
        }
        return adds;
    }

    /** A token is written as a string, or as an object with its content. */
    private static Optional<String> content(JsonObject object, String name) {
        JsonElement token = object.get(name);
        if (token != null && token.isJsonObject()) {
            token = token.getAsJsonObject().get("content");
        }
        return token == null || !token.isJsonPrimitive()
                ? Optional.empty()
                : Optional.of(token.getAsString());
    }

    private static JsonObject read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return new JsonObject();
        }
        try (Reader reader = Files.newBufferedReader(file)) {
            JsonElement root = JsonParser.parseReader(reader);
            if (root.isJsonObject()) {
                return root.getAsJsonObject();
            }
        } catch (JsonParseException e) {
            throw new TokenizerException(file, "malformed: " + PlainText.jsonProblem(e), e);
        }
        throw new TokenizerException(file, "malformed: expected a JSON object");
    }
}
