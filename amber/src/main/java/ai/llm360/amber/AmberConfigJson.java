package ai.llm360.amber;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.io.PlainText;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * Reads and writes LLaMA's config.json: the form of transformers 4 ({@code rope_theta}, {@code
 * torch_dtype}) and that of transformers 5 ({@code rope_parameters}, {@code dtype}).
 */
final class AmberConfigJson {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private final HubConfig entries;

    private AmberConfigJson(HubConfig entries) {
        this.entries = entries;
    }

    static AmberConfig toConfig(HubConfig entries) {
        return new AmberConfigJson(entries).toConfig();
    }

    private AmberConfig toConfig() {
        entries.requireModelType("llama");
        entries.refuseUnless("hidden_act", "silu");
        entries.refuseUnless("attention_bias", false);
        entries.refuseUnless("mlp_bias", false);
        return AmberConfig.builder()
                .setVocabularySize(entries.count("vocab_size"))
                .setHiddenSize(entries.count("hidden_size"))
                .setIntermediateSize(entries.count("intermediate_size"))
                .setLayers(entries.count("num_hidden_layers"))
                .setHeads(entries.count("num_attention_heads"))
                .optKeyValueHeads(orZero("num_key_value_heads"))
                .optHeadDim(orZero("head_dim"))
                .optContextLength(entries.count("max_position_embeddings", 2048))
                .optRmsNormEps(entries.number("rms_norm_eps", 1e-6))
                .optRopeTheta(ropeTheta())
                .optTiedEmbeddings(entries.flag("tie_word_embeddings", false))
                .optInitializerRange(entries.number("initializer_range", 0.02))
                .optBosTokenId(entries.id("bos_token_id").orElse(null))
                .optEosTokenIds(entries.ids("eos_token_id"))
                .optPadTokenId(entries.id("pad_token_id").orElse(null))
                .optDtype(entries.dtype().orElse(null))
                .build();
    }

    /** Returns 0, by which the builder derives the value, only where the entry isn't there. */
    private int orZero(String name) {
        int value = entries.count(name, -1);
        HubConfig.require(
                value > 0 || entries.isAbsent(name), "%s (%s) must be positive", name, value);
        return Math.max(value, 0);
    }

    private double ropeTheta() {
        for (String name : List.of("rope_scaling", "rope_parameters")) {
            String type = entries.part(name).flatMap(AmberConfigJson::typeOf).orElse("default");
            HubConfig.require(
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

    private static Optional<String> typeOf(HubConfig scaling) {
        return scaling.text("rope_type").or(() -> scaling.text("type"));
    }

    static String write(AmberConfig config) {
        JsonObject out = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add("LlamaForCausalLM");
        out.add("architectures", architectures);
        out.addProperty("model_type", "llama");
        out.addProperty("hidden_act", "silu");
        out.addProperty("vocab_size", config.vocabularySize());
        out.addProperty("hidden_size", config.hiddenSize());
        out.addProperty("intermediate_size", config.intermediateSize());
        out.addProperty("num_hidden_layers", config.layers());
        out.addProperty("num_attention_heads", config.heads());
        out.addProperty("num_key_value_heads", config.keyValueHeads());
        out.addProperty("head_dim", config.headDim());
        out.addProperty("max_position_embeddings", config.contextLength());
        out.addProperty("rms_norm_eps", config.rmsNormEps());
        out.addProperty("rope_theta", config.ropeTheta());
        out.addProperty("tie_word_embeddings", config.tiedEmbeddings());
        out.addProperty("attention_bias", false);
        out.addProperty("initializer_range", config.initializerRange());
        config.bosTokenId().ifPresent(id -> out.addProperty("bos_token_id", id));
        if (config.eosTokenIds().size() == 1) {
            out.addProperty("eos_token_id", config.eosTokenIds().get(0));
        } else if (!config.eosTokenIds().isEmpty()) {
            JsonArray ids = new JsonArray();
            config.eosTokenIds().forEach(ids::add);
            out.add("eos_token_id", ids);
        }
        config.padTokenId().ifPresent(id -> out.addProperty("pad_token_id", id));
        config.dtype().ifPresent(type -> out.addProperty("torch_dtype", type.torchName()));
        out.addProperty("use_cache", true);
        return GSON.toJson(out) + "\n";
    }
}
