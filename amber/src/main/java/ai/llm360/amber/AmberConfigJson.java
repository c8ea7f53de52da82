package ai.llm360.amber;

import ai.llm360.common.checkpoint.TensorType;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads and writes LLaMA's config.json: the form of transformers 4 ({@code rope_theta}, {@code
 * torch_dtype}) and that of transformers 5 ({@code rope_parameters}, {@code dtype}).
 */
final class AmberConfigJson {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private final JsonObject json;

    private AmberConfigJson(JsonObject json) {
        this.json = json;
    }

    static AmberConfig read(Path file) throws IOException {
        try {
            return parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    static AmberConfig parse(String text) {
        try {
            JsonElement root = JsonParser.parseString(text);
            if (!root.isJsonObject()) {
                throw new IllegalArgumentException("a config.json is a JSON object");
            }
            return new AmberConfigJson(root.getAsJsonObject()).toConfig();
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private AmberConfig toConfig() {
        String modelType = get("model_type").map(JsonElement::getAsString).orElse("(absent)");
        if (!modelType.equals("llama")) {
            throw new IllegalArgumentException(
                    "model_type is '%s', but Amber's architecture is 'llama'".formatted(modelType));
        }
        refuseUnless("hidden_act", "silu");
        refuseUnless("attention_bias", "false");
        refuseUnless("mlp_bias", "false");
        AmberConfigBuilder builder =
                AmberConfig.builder()
                        .setVocabularySize(required("vocab_size"))
                        .setHiddenSize(required("hidden_size"))
                        .setIntermediateSize(required("intermediate_size"))
                        .setLayers(required("num_hidden_layers"))
                        .setHeads(required("num_attention_heads"))
                        .optRopeTheta(ropeTheta())
                        .optBosTokenId(get("bos_token_id").map(JsonElement::getAsLong).orElse(null))
                        .optEosTokenIds(eosTokenIds())
                        .optPadTokenId(
                                get("pad_token_id").map(JsonElement::getAsLong).orElse(null));
        get("num_key_value_heads").ifPresent(v -> builder.optKeyValueHeads(v.getAsInt()));
        get("head_dim").ifPresent(v -> builder.optHeadDim(v.getAsInt()));
        get("max_position_embeddings").ifPresent(v -> builder.optContextLength(v.getAsInt()));
        get("rms_norm_eps").ifPresent(v -> builder.optRmsNormEps(v.getAsDouble()));
        get("tie_word_embeddings").ifPresent(v -> builder.optTiedEmbeddings(v.getAsBoolean()));
        get("initializer_range").ifPresent(v -> builder.optInitializerRange(v.getAsDouble()));
        get("dtype")
                .or(() -> get("torch_dtype"))
                .ifPresent(v -> builder.optDtype(dtype(v.getAsString())));
        return builder.build();
    }

    private Optional<JsonElement> get(String name) {
        JsonElement value = json.get(name);
        return value == null || value.isJsonNull() ? Optional.empty() : Optional.of(value);
    }

    private int required(String name) {
        return get(name)
                .orElseThrow(() -> new IllegalArgumentException("'%s' is missing".formatted(name)))
                .getAsInt();
    }

    /** Refuses a variant of the architecture that the block doesn't have. */
    private void refuseUnless(String name, String expected) {
        get(name)
                .map(JsonElement::getAsString)
                .filter(value -> !value.equals(expected))
                .ifPresent(
                        value -> {
                            throw new IllegalArgumentException(
                                    "%s is '%s', but this block has only '%s'"
                                            .formatted(name, value, expected));
                        });
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

    private List<Long> eosTokenIds() {
        List<Long> ids = new ArrayList<>();
        get("eos_token_id")
                .ifPresent(
                        value -> {
                            if (value.isJsonArray()) {
                                value.getAsJsonArray().forEach(id -> ids.add(id.getAsLong()));
                            } else {
                                ids.add(value.getAsLong());
                            }
                        });
        return ids;
    }

    private static TensorType dtype(String name) {
        return switch (name.replace("torch.", "")) {
            case "float32" -> TensorType.F32;
            case "bfloat16" -> TensorType.BF16;
            case "float16" -> TensorType.F16;
            case "float64" -> TensorType.F64;
            default -> throw new IllegalArgumentException("unknown dtype '%s'".formatted(name));
        };
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
        config.dtype()
                .ifPresent(
                        type ->
                                out.addProperty(
                                        "torch_dtype",
                                        switch (type) {
                                            case BF16 -> "bfloat16";
                                            case F16 -> "float16";
                                            case F64 -> "float64";
                                            default -> "float32";
                                        }));
        out.addProperty("use_cache", true);
        return GSON.toJson(out) + "\n";
    }
}
