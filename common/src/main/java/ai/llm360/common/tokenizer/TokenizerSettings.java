package ai.llm360.common.tokenizer;

import ai.llm360.common.checkpoint.HubConfig;
import com.google.gson.JsonElement;
import java.io.IOException;
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

    private static final String ADD_BOS = "add_bos_token";

    private static final TokenizerSettings NONE =
            new TokenizerSettings(Optional.empty(), Optional.empty(), Optional.empty());

    static TokenizerSettings beside(Path tokenizer) throws IOException {
        TokenizerSettings config = read(tokenizer.resolveSibling("tokenizer_config.json"));
        TokenizerSettings special = read(tokenizer.resolveSibling("special_tokens_map.json"));
        return new TokenizerSettings(
                config.addsBos, config.bos.or(() -> special.bos), config.eos.or(() -> special.eos));
    }

    private static TokenizerSettings read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return NONE;
        }
        try {
            return HubConfig.read(file, TokenizerSettings::of);
        } catch (IllegalArgumentException e) {
            throw new TokenizerException(e.getMessage(), e);
        }
    }

    private static TokenizerSettings of(HubConfig entries) {
        return new TokenizerSettings(
                entries.isAbsent(ADD_BOS)
                        ? Optional.empty()
                        : Optional.of(entries.flag(ADD_BOS, false)),
                content(entries, "bos_token"),
                content(entries, "eos_token"));
    }

    /** Tells whether prompts begin with BOS; a wish for a BOS that doesn't exist is an error. */
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
    private static Optional<String> content(HubConfig entries, String name) {
        return entries.get(name).filter(JsonElement::isJsonObject).isPresent()
                ? entries.part(name).orElseThrow().text("content")
                : entries.text(name);
    }
}
