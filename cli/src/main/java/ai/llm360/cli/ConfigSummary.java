package ai.llm360.cli;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Picks from a config.json what people look for, under the names that model families give it. */
final class ConfigSummary {

    private static final List<List<String>> LABELS_AND_KEYS =
            List.of(
                    List.of("model type", "model_type"),
                    List.of("layers", "num_hidden_layers", "n_layer"),
                    List.of("hidden size", "hidden_size", "n_embd"),
                    List.of("intermediate size", "intermediate_size", "n_inner"),
                    List.of("heads", "num_attention_heads", "n_head"),
                    List.of("key-value heads", "num_key_value_heads"),
                    List.of("context length", "max_position_embeddings", "n_positions"),
                    List.of("vocabulary", "vocab_size"));

    private ConfigSummary() {}

    /** Returns a label and a value for each that is there; none without a configuration. */
    static List<List<?>> of(JsonObject config) {
        List<List<?>> facts = new ArrayList<>();
        if (config == null) {
            facts.add(List.of("model type", "unknown (no config.json)"));
            return facts;
        }
        for (List<String> labelAndKeys : LABELS_AND_KEYS) {
            for (String key : labelAndKeys.subList(1, labelAndKeys.size())) {
                JsonElement value = config.get(key);
                if (value != null && value.isJsonPrimitive()) {
                    String shown = PlainText.shorten(value.getAsString());
                    facts.add(List.of(labelAndKeys.get(0), shown));
                    break;
                }
            }
        }
        return facts;
    }
}
