package ai.llm360.common.finetune;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The entries of an {@code adapter_config.json}. */
final class AdapterConfigJson {

    static final String DEFAULT_INIT = "true";

    /** The version of PEFT whose layout is written. */
    private static final String PEFT_VERSION = "0.21.0";

    private static final String TYPE = "LORA";
    private static final String TASK = "CAUSAL_LM";

    /** A list may name each layer of each block; the deepest models have some hundred blocks. */
    private static final int MAX_ENTRIES = 10_000;

    /** Each is compared with each layer's name. */
    private static final int MAX_PATTERNS = 2_000;

    private static final String MERGE = "merge it with PEFT and load the merged model";

    /** Variants that PEFT computes where an entry is neither null, false, 0 nor empty. */
    private static final Map<String, String> VARIANTS =
            Map.ofEntries(
                    Map.entry("use_dora", "DoRA"),
                    Map.entry("lora_bias", "biases of B"),
                    Map.entry("target_parameters", "parameters as targets"),
                    Map.entry("trainable_token_indices", "trained tokens"),
                    Map.entry("layer_replication", "replicated layers"),
                    Map.entry("use_qalora", "QALoRA"),
                    Map.entry("use_bdlora", "BD-LoRA"),
                    Map.entry("alora_invocation_tokens", "activated LoRA"),
                    Map.entry("arrow_config", "Arrow"),
                    Map.entry("kasa_config", "KaSA"),
                    Map.entry("monteclora_config", "MonteCLoRA"),
                    Map.entry("velora_config", "VeLoRA"),
                    Map.entry("megatron_config", "Megatron's layers"),
                    Map.entry("loftq_config", "LoftQ"));

    /** Beginnings that leave the base's weights as they are; the others take A and B from them. */
    private static final Set<String> INITS =
            Set.of(DEFAULT_INIT, "false", "gaussian", "eva", "orthogonal");

    private AdapterConfigJson() {}

    static AdapterConfig read(HubConfig json) {
        requirePlainLora(json);
        HubConfig.require(!json.isAbsent("r"), "'r' is missing, the rank of the adapter");
        return AdapterConfig.builder()
                .optR(json.count("r"))
                .optLoraAlpha(json.number("lora_alpha", 8))
                .optUseRslora(json.flag("use_rslora", false))
                .optLoraDropout(json.number("lora_dropout", 0))
                .optTargetModules(modules(json, "target_modules"))
                .optExcludeModules(modules(json, "exclude_modules"))
                .optLayers(
                        list(json, "layers_to_transform", AdapterConfigJson::whole),
                        list(json, "layers_pattern", AdapterConfigJson::text))
                .optRankPattern(map(json, "rank_pattern", AdapterConfigJson::whole))
                .optAlphaPattern(map(json, "alpha_pattern", AdapterConfigJson::number))
                .optModulesToSave(list(json, "modules_to_save", AdapterConfigJson::text))
                .optFanInFanOut(json.flag("fan_in_fan_out", false))
                .optInitLoraWeights(init(json))
                .optBaseModel(
                        json.get("base_model_name_or_path").map(e -> text("base_model", e)),
                        json.get("revision").map(e -> text("revision", e)))
                .build();
    }

    private static void requirePlainLora(HubConfig json) {
        String type = json.get("peft_type").map(e -> text("peft_type", e)).orElse("none");
        HubConfig.require(
                type.equals(TYPE),
                "peft_type is %s; adapters that can be loaded are of type LORA",
                PlainText.quote(type));
        String task = json.get("task_type").map(e -> text("task_type", e)).orElse(TASK);
        HubConfig.require(
                task.equals(TASK),
                "task_type is %s; adapters that can be loaded are for CAUSAL_LM",
                PlainText.quote(task));
        VARIANTS.forEach(
                (name, words) ->
                        HubConfig.require(
                                json.get(name).filter(AdapterConfigJson::isActive).isEmpty(),
                                "%s is in use (%s), which can't be computed here: %s",
                                name,
                                words,
                                name.equals("alora_invocation_tokens")
                                        ? "train an adapter without it"
                                        : MERGE));
        String bias = json.get("bias").map(e -> text("bias", e)).orElse("none");
        HubConfig.require(
                bias.equals("none"),
                "bias is %s, and trained biases can't be computed here: %s",
                PlainText.quote(bias),
                MERGE);
    }

    private static String init(HubConfig json) {
        Optional<JsonElement> given = json.get("init_lora_weights");
        if (given.isEmpty()) {
            return DEFAULT_INIT;
        }
        HubConfig.require(
                given.get().isJsonPrimitive(),
                "init_lora_weights is %s, expected true, false or a name",
                PlainText.quote(given.get().toString()));
        String init = given.get().getAsString();
        HubConfig.require(
                INITS.contains(init),
                "init_lora_weights is %s, which changes the base's weights too: save the adapter"
                        + " with path_initial_model_for_weight_conversion, as a plain one, or %s",
                PlainText.quote(init),
                MERGE);
        return init;
    }

    /** As Python takes a value for a condition. */
    private static boolean isActive(JsonElement value) {
        if (value.isJsonArray()) {
            return !value.getAsJsonArray().isEmpty();
        }
        if (value.isJsonObject()) {
            return !value.getAsJsonObject().isEmpty();
        }
        String text = value.getAsString();
        return !text.isEmpty() && !text.equals("false") && !text.equals("0");
    }

    private static ModuleNames modules(HubConfig json, String name) {
        Optional<JsonElement> value = json.get(name);
        return value.isPresent() && value.get().isJsonPrimitive()
                ? ModuleNames.matching(text(name, value.get()))
                : ModuleNames.of(list(json, name, AdapterConfigJson::text));
    }

    /** Reads what stands in an entry of some name. */
    private interface Kind<T> {
        T read(String name, JsonElement value);
    }

    /** A single value counts as a list of it. */
    private static <T> List<T> list(HubConfig json, String name, Kind<T> kind) {
        List<T> all = new ArrayList<>();
        json.get(name)
                .ifPresent(
                        value -> {
                            if (value.isJsonArray()) {
                                value.getAsJsonArray().forEach(e -> all.add(kind.read(name, e)));
                            } else {
                                all.add(kind.read(name, value));
                            }
                        });
        requireFew(name, all.size(), MAX_ENTRIES);
        return all;
    }

    private static void requireFew(String name, int size, int most) {
        HubConfig.require(size <= most, "%s has %s entries, at most %s", name, size, most);
    }

    private static <T> Map<String, T> map(HubConfig json, String name, Kind<T> kind) {
        Map<String, T> all = new LinkedHashMap<>();
        json.get(name)
                .ifPresent(
                        value -> {
                            HubConfig.require(value.isJsonObject(), "%s is no object", name);
                            value.getAsJsonObject()
                                    .asMap()
                                    .forEach((key, e) -> all.put(key, kind.read(name, e)));
                        });
        requireFew(name, all.size(), MAX_PATTERNS);
        return all;
    }

    private static String text(String name, JsonElement value) {
        return primitive(name, value, "a text", JsonPrimitive::isString).getAsString();
    }

    private static double number(String name, JsonElement value) {
        return primitive(name, value, "a number", JsonPrimitive::isNumber).getAsDouble();
    }

    private static int whole(String name, JsonElement value) {
        double number = number(name, value);
        HubConfig.require(
                number == (int) number, "%s has %s, expected a whole number", name, number);
        return (int) number;
    }

    private static JsonPrimitive primitive(
            String name, JsonElement value, String kind, Function<JsonPrimitive, Boolean> is) {
        HubConfig.require(
                value.isJsonPrimitive() && is.apply(value.getAsJsonPrimitive()),
                "%s has %s, expected %s",
                name,
                PlainText.quote(value.toString()),
                kind);
        return value.getAsJsonPrimitive();
    }

    static Map<String, JsonElement> write(AdapterConfig config) {
        Map<String, JsonElement> json = new LinkedHashMap<>();
        json.put("peft_type", new JsonPrimitive(TYPE));
        json.put("peft_version", new JsonPrimitive(PEFT_VERSION));
        json.put("task_type", new JsonPrimitive(TASK));
        json.put("base_model_name_or_path", optional(config.baseModel()));
        json.put("revision", optional(config.revision()));
        json.put("inference_mode", new JsonPrimitive(true));
        json.put("r", new JsonPrimitive(config.r()));
        json.put("lora_alpha", number(config.loraAlpha()));
        json.put("lora_dropout", new JsonPrimitive(config.loraDropout()));
        json.put("use_rslora", new JsonPrimitive(config.useRslora()));
        json.put("use_dora", new JsonPrimitive(false));
        json.put("bias", new JsonPrimitive("none"));
        json.put("lora_bias", new JsonPrimitive(false));
        json.put("fan_in_fan_out", new JsonPrimitive(config.fanInFanOut()));
        json.put("target_modules", modules(config.targetModules()));
        json.put("exclude_modules", modules(config.excludeModules()));
        json.put("layers_to_transform", listOrNull(config.layersToTransform()));
        json.put("layers_pattern", listOrNull(config.layersPattern()));
        json.put("modules_to_save", listOrNull(config.modulesToSave()));
        JsonObject ranks = new JsonObject();
        config.rankPattern().forEach(ranks::addProperty);
        json.put("rank_pattern", ranks);
        JsonObject alphas = new JsonObject();
        config.alphaPattern().forEach((name, alpha) -> alphas.add(name, number(alpha)));
        json.put("alpha_pattern", alphas);
        String init = config.initLoraWeights();
        boolean flag = init.equals(DEFAULT_INIT) || init.equals("false");
        json.put(
                "init_lora_weights",
                flag ? new JsonPrimitive(Boolean.parseBoolean(init)) : new JsonPrimitive(init));
        return json;
    }

    private static JsonElement optional(Optional<String> text) {
        return text.isPresent() ? new JsonPrimitive(text.get()) : JsonNull.INSTANCE;
    }

    /** PEFT's alphas are whole numbers. */
    private static JsonPrimitive number(double value) {
        return value == (long) value ? new JsonPrimitive((long) value) : new JsonPrimitive(value);
    }

    private static JsonElement modules(ModuleNames modules) {
        return modules.pattern().isPresent()
                ? new JsonPrimitive(modules.pattern().get())
                : listOrNull(modules.names());
    }

    private static JsonElement listOrNull(List<?> values) {
        if (values.isEmpty()) {
            return JsonNull.INSTANCE;
        }
        JsonArray array = new JsonArray();
        for (Object value : values) {
            array.add(
                    value instanceof Number n
                            ? new JsonPrimitive(n)
                            : new JsonPrimitive(value.toString()));
        }
        return array;
    }
}
