package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.zoo.Criteria;
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

    /** Writes an adapter that changes the model's answers, and returns its directory. */
    static String adapter(Path model, Path directory) throws IOException {
        try (ZooModel<NDList, NDList> loaded =
                Criteria.loadModel(model.toString(), NDList.class, NDList.class)) {
            AdapterConfig config =
                    AdapterConfig.builder()
                            .optR(2)
                            .optLoraAlpha(30)
                            .optInitLoraWeights("false")
                            .build();
            LoraAdapters.begin((CausalDecoder) loaded.getBlock(), config, 5).write(directory);
            return directory.toString();
        } catch (ModelException e) {
            throw new IOException(e);
        }
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
