package ai.llm360.cli;

import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A random model with a tokenizer, as a directory. */
final class TinyModel {

    /** The tokenizer below has fewer tokens. */
    static final int VOCABULARY = 320;

    private TinyModel() {}

    static String withoutTokenizer(Path directory) throws IOException {
        return TinyAmber.of(TinyAmber.sizes().setVocabularySize(VOCABULARY))
                .writeTo(directory)
                .toString();
    }

    static String withTokenizer(Path directory) throws IOException {
        String model = withoutTokenizer(directory);
        TinyTokenizer.llama().words("Hello", "world").writeJson(directory);
        return model;
    }

    /** A model with a head of its own, whose config.json claims that it has none. */
    static String wronglyTied(Path directory) throws IOException {
        String model = withTokenizer(directory);
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(
                config,
                text.replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
        return model;
    }
}
