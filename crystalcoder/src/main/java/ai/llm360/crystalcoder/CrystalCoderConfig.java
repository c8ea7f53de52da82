package ai.llm360.crystalcoder;

import static ai.llm360.common.checkpoint.HubConfig.require;
import static ai.llm360.common.checkpoint.HubConfig.requireLayers;
import static ai.llm360.common.checkpoint.HubConfig.requireSize;
import static ai.llm360.common.checkpoint.HubConfig.requireWithin;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The sizes and constants of a CrystalCoder, as its {@code config.json} states them.
 *
 * <p>The muP constants (arXiv 2203.03466) are those of {@code modeling_crystalcoder.py}: embeddings
 * are multiplied by {@code embeddingsScale}, logits by {@code outputAlpha * widthScale}. A constant
 * that the file lacks leaves things as they are without muP.
 *
 * @param vocabularySize the number of tokens (V); 32,032, of which ten are used by none
 * @param hiddenSize the width of the residual stream (C)
 * @param intermediateSize the width of the feed-forward layers (F)
 * @param layers the number of decoder layers
 * @param heads the number of attention heads (H)
 * @param contextLength the largest number of positions
 * @param rotaryDim how many dimensions of a head turn with the position (R)
 * @param layerNormEps what LayerNorm adds to the variance
 * @param embeddingsScale what embeddings are multiplied by
 * @param outputAlpha what logits are multiplied by, beside {@code widthScale}
 * @param widthScale the width of muP's proxy model by this one's: 256 / 4096
 * @param scaleByHeadDim whether scores are divided by the head dim, rather than by its root
 * @param initializerRange the standard deviation of fresh weights in {@link
 *     Initialization#HUGGING_FACE}, before muP's scale
 * @param initialization how fresh weights are drawn; {@code initialization} in the file, which
 *     other programs pass over
 * @param eosTokenIds the tokens that end a text
 */
public record CrystalCoderConfig(
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int contextLength,
        int rotaryDim,
        double layerNormEps,
        double embeddingsScale,
        double outputAlpha,
        double widthScale,
        boolean scaleByHeadDim,
        double initializerRange,
        Initialization initialization,
        List<Long> eosTokenIds) {

    private static final List<IgnoreRule> IGNORED =
            List.of(
                    new IgnoreRule(
                            "attention-buffers",
                            Pattern.compile("transformer\\.h\\.\\d+\\.attn\\.(masked_)?bias"),
                            "released files carry the causal mask and the value of masked scores"),
                    IgnoreRule.copyOf(
                            "tied-head",
                            "lm_head.weight",
                            "transformer.wte.weight",
                            "released files carry the head, which is the embedding table, twice"));

    /** Ways of drawing fresh weights. In both, biases begin at 0 and gains at 1. */
    public enum Initialization {
        /**
         * As the released models were (params.yaml): normal draws cut at two standard deviations,
         * 0.073 for embeddings, times √widthScale for matrices, by √(2 · layers) less for those
         * that lead back into the residual stream.
         */
        PRETRAINING,
        /** As {@code modeling_crystalcoder.py}: normal draws of initializerRange · √widthScale. */
        HUGGING_FACE
    }

    /**
     * Checks that the values fit together.
     *
     * @throws IllegalArgumentException naming the value that doesn't
     */
    public CrystalCoderConfig {
        requireSize("vocab_size", vocabularySize);
        requireSize("n_embd", hiddenSize);
        requireSize("n_inner", intermediateSize);
        requireLayers("n_layer", layers);
        requireSize("n_head", heads);
        requireSize("n_positions", contextLength);
        require(
                hiddenSize % heads == 0,
                "n_embd (%d) must be a multiple of n_head (%d)",
                hiddenSize,
                heads);
        require(
                rotaryDim > 0 && rotaryDim % 2 == 0 && rotaryDim <= hiddenSize / heads,
                "rotary_dim (%d) must be even, and at most the head dim (%d)",
                rotaryDim,
                hiddenSize / heads);
        requireWithin("layer_norm_epsilon", layerNormEps, 1e-12, 1);
        requireWithin("mup_embeddings_scale", embeddingsScale, 1e-9, 1e9);
        requireWithin("mup_output_alpha", outputAlpha, 1e-9, 1e9);
        requireWithin("mup_width_scale", widthScale, 1e-9, 1e9);
        requireWithin("initializer_range", initializerRange, 1e-9, 100);
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /**
     * Reads a config.json.
     *
     * @throws IllegalArgumentException if it describes another architecture, or one with parts that
     *     this block doesn't have, or if values are missing or don't fit together
     */
    public static CrystalCoderConfig read(Path file) throws IOException {
        return HubConfig.read(file, CrystalCoderConfig::of);
    }

    /** Parses the text of a config.json. It throws what {@link #read} does. */
    public static CrystalCoderConfig parse(String json) {
        return HubConfig.parse(json, CrystalCoderConfig::of);
    }

    /** {@return the names of the entries of a config.json that count, there or not} */
    public static Set<String> entries(String json) {
        return HubConfig.namesRead(json, CrystalCoderConfig::of);
    }

    private static CrystalCoderConfig of(HubConfig entries) {
        entries.requireModelType("crystalcoder");
        entries.refuseUnless("activation_function", "swiglu");
        entries.refuseUnless("position_embedding_type", "rotary");
        entries.refuseUnless("tie_word_embeddings", true);
        entries.refuseUnless("scale_attn_weights", true);
        entries.refuseUnless("scale_attn_by_inverse_layer_idx", false);
        int hidden = entries.count("n_embd");
        return new CrystalCoderConfig(
                entries.count("vocab_size"),
                hidden,
                entries.count("n_inner", 4 * Math.min(hidden, Integer.MAX_VALUE / 4)),
                entries.count("n_layer"),
                entries.count("n_head"),
                entries.count("n_positions"),
                entries.count("rotary_dim"),
                entries.number("layer_norm_epsilon", 1e-5),
                entries.number("mup_embeddings_scale", 1),
                entries.number("mup_output_alpha", 1),
                entries.number("mup_width_scale", 1),
                entries.flag("mup_scale_qk_dot_by_d", false),
                entries.number("initializer_range", 0.02),
                entries.text("initialization")
                        .map(CrystalCoderConfig::initialization)
                        .orElse(Initialization.PRETRAINING),
                entries.ids("eos_token_id"));
    }

    private static Initialization initialization(String name) {
        for (Initialization one : Initialization.values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(name)) {
                return one;
            }
        }
        throw new IllegalArgumentException(
                "initialization is %s, but must be pretraining or hugging_face"
                        .formatted(PlainText.quote(name)));
    }

    /** {@return the rules for tensors of a released checkpoint that such a model has no use for} */
    public List<IgnoreRule> ignoredTensors() {
        return IGNORED;
    }

    /** Returns the size of a head (D). */
    public int headDim() {
        return hiddenSize / heads;
    }

    /** Returns what logits are multiplied by: 0.13875 in the released models. */
    public double logitScale() {
        return outputAlpha * widthScale;
    }
}
