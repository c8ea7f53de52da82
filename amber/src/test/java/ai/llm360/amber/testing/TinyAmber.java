package ai.llm360.amber.testing;

import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.amber.AmberConfigBuilder;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Path;

/** Random models of the LLaMA architecture, small enough for a test, written as a checkpoint. */
public final class TinyAmber {

    private final AmberConfig config;
    private final TinyModel model;

    private TinyAmber(AmberConfig config) {
        this.config = config;
        model = new TinyModel(new Amber(config).parameterShapes(), config.toJson());
    }

    /** Returns the sizes that most tests use, to be changed where a test needs others. */
    public static AmberConfigBuilder sizes() {
        return AmberConfig.builder()
                .setVocabularySize(96)
                .setHiddenSize(32)
                .setIntermediateSize(56)
                .setLayers(2)
                .setHeads(4)
                .optContextLength(64)
                .optDtype(TensorType.F32);
    }

    /** Returns a random model of the given sizes; the same sizes give the same weights. */
    public static TinyAmber of(AmberConfigBuilder sizes) {
        return new TinyAmber(sizes.build());
    }

    public AmberConfig config() {
        return config;
    }

    public float[] weight(String name) {
        return model.weight(name);
    }

    /** Writes the model as safetensors with its config.json and returns the directory. */
    public Path writeTo(Path directory) throws IOException {
        return model.writeTo(directory);
    }
}
