package ai.llm360.amber;

import static ai.llm360.common.checkpoint.HubConfig.require;
import static ai.llm360.common.checkpoint.HubConfig.requireLayers;
import static ai.llm360.common.checkpoint.HubConfig.requireSize;
import static ai.llm360.common.checkpoint.HubConfig.requireWithin;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The sizes and constants of an Amber model, or of another model of the LLaMA architecture, as its
 * {@code config.json} states them.
 *
 * @param vocabularySize the number of tokens (V)
 * @param hiddenSize the width of the residual stream (C)
 * @param intermediateSize the width of the feed-forward layers (F)
 * @param layers the number of decoder layers
 * @param heads the number of attention heads (H)
 * @param keyValueHeads the number of key and value heads (K); fewer than {@code heads} is
 *     grouped-query attention
 * @param headDim the size of a head (D)
 * @param contextLength the largest number of positions
 * @param rmsNormEps what RMSNorm adds to the mean square
 * @param ropeTheta the base of the rotary angles
 * @param tiedEmbeddings whether the head is the embedding table
 * @param initializerRange the standard deviation of fresh weights
 * @param bosTokenId the token that starts a text, if there is one
 * @param eosTokenIds the tokens that end a text
 * @param padTokenId the token that fills a batch, if there is one
 * @param dtype the type that the weights are published in, if the file says so
 */
public record AmberConfig(
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDim,
        int contextLength,
        double rmsNormEps,
        double ropeTheta,
        boolean tiedEmbeddings,
        double initializerRange,
        Optional<Long> bosTokenId,
        List<Long> eosTokenIds,
        Optional<Long> padTokenId,
        Optional<TensorType> dtype) {

    private static final IgnoreRule ROTARY =
            new IgnoreRule(
                    "rotary-buffers",
                    Pattern.compile("model\\.layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq"),
                    "old checkpoints carry the rotary frequencies, which rope_theta gives");

    private static final IgnoreRule TIED_HEAD =
            IgnoreRule.copyOf(
                            "tied-head",
                            "lm_head.weight",
                            "model.embed_tokens.weight",
                            "the configuration ties the head to the embedding table")
                    .claimedBy("tie_word_embeddings");

    /**
     * Checks that the values fit together.
     *
     * @throws IllegalArgumentException naming the value that doesn't
     */
    public AmberConfig {
        requireSize("vocab_size", vocabularySize);
        requireSize("hidden_size", hiddenSize);
        requireSize("intermediate_size", intermediateSize);
        requireLayers("num_hidden_layers", layers);
        requireSize("num_attention_heads", heads);
        requireSize("num_key_value_heads", keyValueHeads);
        requireSize("head_dim", headDim);
        requireSize("num_attention_heads times head_dim", (long) heads * headDim);
        requireSize("max_position_embeddings", contextLength);
        require(
                heads % keyValueHeads == 0,
                "num_attention_heads (%d) must be a multiple of num_key_value_heads (%d)",
                heads,
                keyValueHeads);
        require(headDim % 2 == 0, "head_dim (%d) must be even for rotary embeddings", headDim);
        requireWithin("rms_norm_eps", rmsNormEps, 1e-12, 1);
        requireWithin("rope_theta", ropeTheta, 1, 1e12);
        requireWithin("initializer_range", initializerRange, 1e-9, 100);
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /**
     * Reads a config.json.
     *
     * @throws IllegalArgumentException if it describes another architecture, or one with parts that
     *     this block doesn't have, or if values are missing or don't fit together
     */
    public static AmberConfig read(Path file) throws IOException {
        return HubConfig.read(file, AmberConfig::of);
    }

    /** Parses the text of a config.json. It throws what {@link #read} does. */
    public static AmberConfig parse(String json) {
        return HubConfig.parse(json, AmberConfig::of);
    }

    /** {@return the rules for tensors of a released checkpoint that such a model has no use for} */
    public List<IgnoreRule> ignoredTensors() {
        return tiedEmbeddings ? List.of(ROTARY, TIED_HEAD) : List.of(ROTARY);
    }

    /** {@return the names of the entries of a config.json that count, there or not} */
    public static Set<String> entries(String json) {
        return HubConfig.namesRead(json, AmberConfig::of);
    }

    private static AmberConfig of(HubConfig entries) {
        entries.requireModelType("llama");
        entries.refuseUnless("hidden_act", "silu");
        entries.refuseUnless("attention_bias", false);
        entries.refuseUnless("mlp_bias", false);
        int hidden = entries.count("hidden_size");
        int heads = entries.count("num_attention_heads");
        return new AmberConfig(
                entries.count("vocab_size"),
                hidden,
                entries.count("intermediate_size"),
                entries.count("num_hidden_layers"),
                heads,
                entries.count("num_key_value_heads", heads),
                entries.isAbsent("head_dim") ? headDim(hidden, heads) : entries.count("head_dim"),
                entries.count("max_position_embeddings", 2048),
                entries.number("rms_norm_eps", 1e-6),
                ropeTheta(entries),
                entries.flag("tie_word_embeddings", false),
                entries.number("initializer_range", 0.02),
                entries.id("bos_token_id"),
                entries.ids("eos_token_id"),
                entries.id("pad_token_id"),
                entries.dtype());
    }

    private static int headDim(int hidden, int heads) {
        requireSize("num_attention_heads", heads);
        require(
                hidden % heads == 0,
                "hidden_size (%d) must be a multiple of num_attention_heads (%d) where head_dim"
                        + " isn't given",
                hidden,
                heads);
        return hidden / heads;
    }

    /** Reads the forms of transformers 4 ({@code rope_theta}) and 5 ({@code rope_parameters}). */
    private static double ropeTheta(HubConfig entries) {
        for (String name : List.of("rope_scaling", "rope_parameters")) {
            String type = entries.part(name).flatMap(AmberConfig::ropeType).orElse("default");
            require(
                    type.equals("default"),
                    "%s asks for %s rotary scaling, but this block has only the default",
                    name,
                    PlainText.quote(type));
        }
        double theta = entries.number("rope_theta", 10000);
        return entries.part("rope_parameters")
                .map(parameters -> parameters.number("rope_theta", theta))
                .orElse(theta);
    }

    private static Optional<String> ropeType(HubConfig scaling) {
        return scaling.text("rope_type").or(() -> scaling.text("type"));
    }
}
