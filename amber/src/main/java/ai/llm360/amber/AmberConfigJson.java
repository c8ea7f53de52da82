package ai.llm360.amber;

import ai.llm360.common.checkpoint.HubConfig;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
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
        entries.refuseUnless("attention_bias", "false");
        entries.refuseUnless("mlp_bias", "false");
        AmberConfigBuilder builder =
                AmberConfig.builder()
                        .setVocabularySize(required("vocab_size"))
                        .setHiddenSize(required("hidden_size"))
                        .setIntermediateSize(required("intermediate_size"))
                        .setLayers(required("num_hidden_layers"))
                        .setHeads(required("num_attention_heads"))
                        .optRopeTheta(ropeTheta())
                        .optBosTokenId(entries.id("bos_token_id").orElse(null))
                        .optEosTokenIds(entries.ids("eos_token_id"))
                        .optPadTokenId(entries.id("pad_token_id").orElse(null))
                        .optDtype(entries.dtype().orElse(null));
        get("num_key_value_heads").ifPresent(v -> builder.optKeyValueHeads(v.getAsInt()));
        get("head_dim").ifPresent(v -> builder.optHeadDim(v.getAsInt()));
        get("max_position_embeddings").ifPresent(v -> builder.optContextLength(v.getAsInt()));
        get("rms_norm_eps").ifPresent(v -> builder.optRmsNormEps(v.getAsDouble()));
        get("tie_word_embeddings").ifPresent(v -> builder.optTiedEmbeddings(v.getAsBoolean()));
        get("initializer_range").ifPresent(v -> builder.optInitializerRange(v.getAsDouble()));
        return builder.build();
    }

    private Optional<JsonElement> get(String name) {
        return entries.get(name);
    }

    private int required(String name) {
        return entries.required(name).getAsInt();
    }

    private double ropeTheta() {
        Optional<JsonElement> parameters = get("rope_parameters");
        for (String name : List.of("rope_scaling", "rope_parameters")) {
            get(name)
                    .map(JsonElement::getAsJsonObject)
                    .map(scaling -> typeOf(scaling))
                    .filter(type -> !type.equals("default"))
                    .ifPresent(
                            type -> {
                                throw new IllegalArgumentException(
                                        "%s asks for '%s' rotary scaling, but this block has only the default"
                                                .formatted(name, type));
                            });
        }
        return parameters
                .map(p -> p.getAsJsonObject().get("rope_theta"))
                .or(() -> get("rope_theta"))
                .map(JsonElement::getAsDouble)
                .orElse(10000.0);
    }

    private static String typeOf(JsonObject scaling) {
        for (String key : List.of("rope_type", "type")) {
            if (scaling.has(key)) {
                return scaling.get(key).getAsString();
            }
        }
        return "default";
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
