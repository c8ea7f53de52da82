package ai.llm360.common.generate;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads the {@code generation_config.json} that a checkpoint's publisher puts beside it, with the
 * meaning that transformers 5.18 gives to it: without {@code do_sample}, generation is greedy
 * whatever the temperature; with it, what the file leaves out is a temperature of 1 and a top-k of
 * 50; {@code max_new_tokens} counts before {@code max_length}.
 */
final class GenerationConfigJson {

    /** The top-k of transformers, where a file that samples has none. */
    private static final int TOP_K = 50;

    /** Entries that would change a continuation and that there is nothing for, by what is off. */
    private static final Map<String, Double> LACKING =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("num_beams", 1.0),
                            Map.entry("num_beam_groups", 1.0),
                            Map.entry("penalty_alpha", 0.0),
                            Map.entry("min_p", 0.0),
                            Map.entry("typical_p", 1.0),
                            Map.entry("epsilon_cutoff", 0.0),
                            Map.entry("eta_cutoff", 0.0),
                            Map.entry("no_repeat_ngram_size", 0.0),
                            Map.entry("min_length", 0.0),
                            Map.entry("min_new_tokens", 0.0),
                            Map.entry("guidance_scale", 1.0),
                            Map.entry("bad_words_ids", Double.NaN),
                            Map.entry("force_words_ids", Double.NaN),
                            Map.entry("forced_bos_token_id", Double.NaN),
                            Map.entry("forced_eos_token_id", Double.NaN),
                            Map.entry("suppress_tokens", Double.NaN),
                            Map.entry("begin_suppress_tokens", Double.NaN),
                            Map.entry("sequence_bias", Double.NaN),
                            Map.entry("exponential_decay_length_penalty", Double.NaN)));

    private GenerationConfigJson() {}

    /** Returns the names of the entries that ask for what there is nothing for. */
    static Set<String> lacking(HubConfig entries) {
        Set<String> names = new TreeSet<>();
        LACKING.forEach(
                (name, off) ->
                        entries.get(name)
                                .filter(value -> !isNumber(value) || value.getAsDouble() != off)
                                .ifPresent(value -> names.add(name)));
        return names;
    }

    static GenerationConfig toConfig(HubConfig entries) {
        GenerationConfig.Builder builder = GenerationConfig.builder();
        boolean sampled = entries.flag("do_sample", false);
        double temperature = entries.number("temperature", 1);
        builder.optTemperature(sampled ? temperature : 0);
        builder.optTopK(entries.count("top_k", sampled ? TOP_K : 0));
        builder.optTopP(entries.number("top_p", 1));
        builder.optRepetitionPenalty(entries.number("repetition_penalty", 1));
        if (!entries.isAbsent("max_length")) {
            int length = entries.count("max_length");
            HubConfig.require(length > 0, "max_length must be positive, not %s", length);
            builder.optMaxLength(length);
        }
        if (!entries.isAbsent("max_new_tokens")) {
            builder.optMaxNewTokens(entries.count("max_new_tokens"));
        }
        builder.optEosIds(eosIds(entries));
        entries.get("stop_strings").map(GenerationConfigJson::texts).ifPresent(builder::optStop);
        return builder.build();
    }

    private static Set<Long> eosIds(HubConfig entries) {
        Set<Long> ids = new HashSet<>(entries.ids("eos_token_id"));
        HubConfig.require(
                ids.stream().allMatch(id -> id >= 0),
                "eos_token_id must be token ids, which are 0 or more, not %s",
                ids);
        return ids;
    }

    private static String[] texts(JsonElement value) {
        Iterable<JsonElement> all = value.isJsonArray() ? value.getAsJsonArray() : Set.of(value);
        Set<String> texts = new TreeSet<>();
        for (JsonElement one : all) {
            HubConfig.require(
                    one instanceof JsonPrimitive text && text.isString(),
                    "stop_strings must be a text or a list of texts, not %s",
                    PlainText.shorten(value.toString()));
            texts.add(one.getAsString());
        }
        return texts.toArray(String[]::new);
    }

    private static boolean isNumber(JsonElement value) {
        return value instanceof JsonPrimitive number && number.isNumber();
    }
}
