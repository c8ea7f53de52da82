package ai.llm360.crystalcoder.testing;

import ai.llm360.common.testing.TinyModel;
import ai.llm360.crystalcoder.CrystalCoder;
import ai.llm360.crystalcoder.CrystalCoderConfig;
import java.io.IOException;
import java.nio.file.Path;

/** A random CrystalCoder, small enough for a test, written as a checkpoint. */
public final class TinyCrystalCoder {

    /** Its config.json, with the released models' constants. */
    public static final String CONFIG =
            """
            {
              "architectures": ["CrystalCoderLMHeadModel"], "model_type": "crystalcoder",
              "vocab_size": 96, "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 4,
              "n_inner": 56, "rotary_dim": 4, "activation_function": "swiglu",
              "position_embedding_type": "rotary", "layer_norm_epsilon": 1e-05,
              "tie_word_embeddings": true, "scale_attn_weights": true, "bos_token_id": 1,
              "eos_token_id": 2, "mup_embeddings_scale": 14.6, "mup_output_alpha": 2.22,
              "mup_width_scale": 0.0625, "mup_scale_qk_dot_by_d": true
            }
            """;

    private final CrystalCoderConfig config;
    private final TinyModel model;

    public TinyCrystalCoder() {
        this(CONFIG);
    }

    public TinyCrystalCoder(String configJson) {
        config = CrystalCoderConfig.parse(configJson);
        model = new TinyModel(new CrystalCoder(config).parameterShapes(), configJson);
    }

    public CrystalCoderConfig config() {
        return config;
    }

    /** Returns a tensor's elements, which may be changed before they are written. */
    public float[] weight(String name) {
        return model.weight(name);
    }

    /** Writes the model as safetensors with its config.json and returns the directory. */
    public Path writeTo(Path directory) throws IOException {
        return model.writeTo(directory);
    }
}
