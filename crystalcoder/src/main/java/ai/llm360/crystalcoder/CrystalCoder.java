package ai.llm360.crystalcoder;

import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.initializer.TruncatedNormalInitializer;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.DecoderRules;
import ai.llm360.common.model.WeightSpec;
import ai.llm360.common.torch.TorchScript;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * CrystalCoder, LLM360's second model: LayerNorm, rotary positions on a part of each head, SwiGLU,
 * biases everywhere, a tied head, and muP.
 *
 * <p>Input: token ids, INT64 (B, T). Output: logits, float32 (B, T, V). The parameters have the
 * names of the Hub's checkpoints; matrices are stored [in, out]. The forward pass is the page
 * {@code crystalcoder.torchscript} beside this class.
 *
 * <p>In bfloat16 the original casts the sines and cosines to it and divides a score by the head dim
 * after the product, in bfloat16 both; here rotation and scores are float32, and so is the residual
 * stream. On the reference fixture's model (hidden size 64, T = 48, and random rows of T = 256) the
 * original's rules put the logits off by 1.12e-3 in the root mean square. Float32 rotation and
 * scores alone change that by 2 % at most, the float32 residual stream brings it to 0.89e-3. What
 * float32 scores prevent is overflow in float16, which q k' of 128 dimensions can reach.
 *
 * <p>The original numbers positions by their place in the cache, so that padding on the left shifts
 * them; here a row of a batch has no padding, and gives what it gives alone.
 */
public final class CrystalCoder extends CausalDecoder {

    /** The standard deviation of fresh embeddings in pre-training. */
    private static final double EMBEDDING_SIGMA = 0.073;

    private final CrystalCoderConfig config;

    /**
     * Creates a CrystalCoder without weights: load a checkpoint into it, or initialise it to train
     * from nothing.
     */
    @SuppressWarnings("this-escape")
    public CrystalCoder(CrystalCoderConfig config) {
        super(layout(config));
        this.config = config;
        for (Parameter parameter : getParameters().values()) {
            if (parameter.getType() == Parameter.Type.WEIGHT) {
                parameter.setInitializer(initializer(parameter.getName()));
            }
        }
    }

    private Initializer initializer(String name) {
        double scale = Math.sqrt(config.widthScale());
        if (name.endsWith("c_proj.weight")) {
            scale /= Math.sqrt(2.0 * config.layers());
        }
        if (config.initialization() == CrystalCoderConfig.Initialization.HUGGING_FACE) {
            return new NormalInitializer((float) (config.initializerRange() * scale));
        }
        return new TruncatedNormalInitializer(
                (float) (EMBEDDING_SIGMA * (name.endsWith("wte.weight") ? 1 : scale)));
    }

    @Override
    public List<IgnoreRule> ignoredTensors() {
        return config.ignoredTensors();
    }

    @Override
    public Set<Long> eosIds() {
        return Set.copyOf(config.eosTokenIds());
    }

    /** Returns the configuration that this model was made with. */
    public CrystalCoderConfig config() {
        return config;
    }

    private static DecoderLayout layout(CrystalCoderConfig config) {
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        double headDim = config.headDim();
        return new DecoderLayout(
                TorchScript.source(CrystalCoder.class, "crystalcoder.torchscript"),
                Map.of("embeddings_scale", config.embeddingsScale()),
                config.vocabularySize(),
                config.contextLength(),
                config.layers(),
                config.heads(),
                config.heads(),
                config.headDim(),
                1 / (config.scaleByHeadDim() ? headDim : Math.sqrt(headDim)),
                Optional.of(
                        new DecoderRules(
                                DecoderRules.Norm.LAYER,
                                config.layerNormEps(),
                                DecoderRules.Rotation.PAIRS,
                                config.rotaryDim(),
                                1,
                                config.logitScale(),
                                List.of(1, 1, 2, 1))),
                WeightSpec.embedding("transformer.wte.weight", config.vocabularySize(), hidden),
                "transformer.h",
                List.of(
                        WeightSpec.gain("ln_1.weight", hidden),
                        WeightSpec.bias("ln_1.bias", hidden),
                        WeightSpec.conv1d("attn.c_attn.weight", hidden, 3L * hidden),
                        WeightSpec.bias("attn.c_attn.bias", 3L * hidden),
                        WeightSpec.conv1d("attn.c_proj.weight", hidden, hidden),
                        WeightSpec.bias("attn.c_proj.bias", hidden),
                        WeightSpec.gain("ln_2.weight", hidden),
                        WeightSpec.bias("ln_2.bias", hidden),
                        WeightSpec.conv1d("mlp.c_fc.weight", hidden, inner),
                        WeightSpec.bias("mlp.c_fc.bias", inner),
                        WeightSpec.conv1d("mlp.c_fc2.weight", hidden, inner),
                        WeightSpec.bias("mlp.c_fc2.bias", inner),
                        WeightSpec.conv1d("mlp.c_proj.weight", inner, hidden),
                        WeightSpec.bias("mlp.c_proj.bias", hidden)),
                List.of(
                        WeightSpec.gain("transformer.ln_f.weight", hidden),
                        WeightSpec.bias("transformer.ln_f.bias", hidden)),
                Optional.empty());
    }
}
