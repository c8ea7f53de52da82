package ai.llm360.amber.testing;

import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.testing.TinyModel;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Random models of the LLaMA architecture, small enough for a test, written as a checkpoint. */
public final class TinyAmber {

    private final AmberConfig config;
    private final TinyModel model;

    private TinyAmber(Sizes sizes) {
        config = sizes.build();
        model = new TinyModel(new Amber(config).parameterShapes(), sizes.toJson());
    }

    /** Returns the sizes that most tests use, to be changed where a test needs others. */
    public static Sizes sizes() {
        return new Sizes();
    }

    /** Returns a random model of the given sizes; the same sizes give the same weights. */
    public static TinyAmber of(Sizes sizes) {
        return new TinyAmber(sizes);
    }

    /** A config.json, whose entries can be changed. */
    public static final class Sizes {

        private final JsonObject json =
                JsonParser.parseString(
                                """
                                {
                                  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
                                  "hidden_act": "silu", "vocab_size": 96, "hidden_size": 32,
                                  "intermediate_size": 56, "num_hidden_layers": 2,
                                  "num_attention_heads": 4, "num_key_value_heads": 4,
                                  "max_position_embeddings": 64,
                                  "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
                                  "tie_word_embeddings": false, "initializer_range": 0.02,
                                  "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
                                  "torch_dtype": "float32"
                                }
                                """)
                        .getAsJsonObject();

        private Sizes with(String entry, Number value) {
            json.addProperty(entry, value);
            return this;
        }

        public Sizes setVocabularySize(int size) {
            return with("vocab_size", size);
        }

        public Sizes setHiddenSize(int size) {
            return with("hidden_size", size);
        }

        public Sizes setIntermediateSize(int size) {
            return with("intermediate_size", size);
        }

        public Sizes optLayers(int layers) {
            return with("num_hidden_layers", layers);
        }

        public Sizes optKeyValueHeads(int heads) {
            return with("num_key_value_heads", heads);
        }

        public Sizes optHeadDim(int dim) {
            return with("head_dim", dim);
        }

        public Sizes optContextLength(int length) {
            return with("max_position_embeddings", length);
        }

        public Sizes optRopeTheta(double theta) {
            return with("rope_theta", theta);
        }

        public Sizes optTiedEmbeddings(boolean tied) {
            json.addProperty("tie_word_embeddings", tied);
            return this;
        }

        public Sizes optEosTokenIds(List<Long> ids) {
            JsonArray all = new JsonArray();
            ids.forEach(all::add);
            json.add("eos_token_id", all);
            return this;
        }

        public String toJson() {
            return new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
        }

        public AmberConfig build() {
            return AmberConfig.parse(toJson());
        }
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
