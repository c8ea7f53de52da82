package ai.llm360.amber;

import ai.djl.nn.Parameter;
import ai.djl.training.initializer.NormalInitializer;
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
 * Amber, LLM360's first model, and with it the LLaMA family: RMSNorm, rotary positions, SwiGLU,
 * grouped-query attention where the configuration asks for it.
 *
 * <p>Input: token ids, INT64 (B, T). Output: logits, float32 (B, T, V). The parameters have the
 * names of the Hub's checkpoints. The forward pass is the page {@code amber.torchscript} beside
 * this class.
 */
public final class Amber extends CausalDecoder {

    private final AmberConfig config;

    /**
     * Creates an Amber without weights: load a checkpoint into it, or initialise it to train from
     * nothing.
     */
    @SuppressWarnings("this-escape")
    public Amber(AmberConfig config) {
        super(layout(config));
        this.config = config;
        // Linear and embedding weights from N(0, initializer_range), norms with ones.
        setInitializer(
                new NormalInitializer((float) config.initializerRange()), Parameter.Type.WEIGHT);
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
    public AmberConfig config() {
        return config;
    }

    static DecoderLayout layout(AmberConfig config) {
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.keyValueHeads() * config.headDim();
        int vocabulary = config.vocabularySize();
        return new DecoderLayout(
                TorchScript.source(Amber.class, "amber.torchscript"),
                Map.of("theta", config.ropeTheta()),
                vocabulary,
                config.contextLength(),
                config.layers(),
                config.heads(),
                config.keyValueHeads(),
                config.headDim(),
                1 / Math.sqrt(config.headDim()),
                Optional.of(
                        new DecoderRules(
                                DecoderRules.Norm.RMS,
                                config.rmsNormEps(),
                                DecoderRules.Rotation.HALVES,
                                config.headDim(),
                                0,
                                1,
                                List.of(3, 1, 2, 1))),
                WeightSpec.embedding("model.embed_tokens.weight", vocabulary, hidden),
                "model.layers",
                List.of(
                        WeightSpec.gain("input_layernorm.weight", hidden),
                        WeightSpec.linear("self_attn.q_proj.weight", queries, hidden),
                        WeightSpec.linear("self_attn.k_proj.weight", keys, hidden),
                        WeightSpec.linear("self_attn.v_proj.weight", keys, hidden),
                        WeightSpec.linear("self_attn.o_proj.weight", hidden, queries),
                        WeightSpec.gain("post_attention_layernorm.weight", hidden),
                        WeightSpec.linear(
                                "mlp.gate_proj.weight", config.intermediateSize(), hidden),
                        WeightSpec.linear("mlp.up_proj.weight", config.intermediateSize(), hidden),
                        WeightSpec.linear(
                                "mlp.down_proj.weight", hidden, config.intermediateSize())),
                List.of(WeightSpec.gain("model.norm.weight", hidden)),
                config.tiedEmbeddings()
                        ? Optional.empty()
                        : Optional.of(WeightSpec.linear("lm_head.weight", vocabulary, hidden)));
    }
}
