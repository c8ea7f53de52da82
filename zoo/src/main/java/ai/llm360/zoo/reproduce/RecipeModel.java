package ai.llm360.zoo.reproduce;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.io.internal.NearNames;
import ai.llm360.zoo.djl.Architecture;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads the part {@code model} of a recipe. It is a {@code config.json}, but an entry that no one
 * reads, which a published file may well have, is a mistake in a recipe.
 */
final class RecipeModel {

    /** Entries that transformers writes and that change nothing of the model. */
    private static final Set<String> WITHOUT_EFFECT =
            Set.of(
                    "_name_or_path",
                    "architectures",
                    "auto_map",
                    "bos_token_id",
                    "dtype",
                    "max_sequence_length",
                    "pad_token_id",
                    "pretraining_tp",
                    "torch_dtype",
                    "transformers_version",
                    "use_cache");

    /** Rates of dropout, which neither Amber nor CrystalCoder was trained with. */
    private static final Set<String> DROPOUT =
            Set.of("attention_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop");

    private RecipeModel() {}

    /**
     * Makes the decoder that a recipe describes, without weights.
     *
     * @throws ConfigException if an entry is unknown, missing or wrong
     */
    static CausalDecoder newDecoder(Map<String, Object> model) {
        String json = ConfigTree.of(model).toJson();
        Set<String> read;
        CausalDecoder decoder;
        try {
            read = Architecture.entriesOf(json);
            decoder = Architecture.describedBy(json);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("model: " + e.getMessage(), e);
        }
        check(model, known(read));
        return decoder;
    }

    /** Returns the entries that count, and those that may be there all the same. */
    static Set<String> known(Collection<String> read) {
        Set<String> known = new TreeSet<>(read);
        known.addAll(WITHOUT_EFFECT);
        known.addAll(DROPOUT);
        return known;
    }

    private static void check(Map<String, Object> model, Set<String> known) {
        for (String key : model.keySet()) {
            if (!known.contains(key)) {
                throw new ConfigException(
                        "unknown key 'model.%s'; did you mean %s?"
                                .formatted(
                                        key,
                                        NearNames.of(key, known).stream()
                                                .map(name -> "model." + name)
                                                .collect(Collectors.joining(", "))));
            }
            if (DROPOUT.contains(key)
                    && !(model.get(key) instanceof Number rate && rate.doubleValue() == 0)) {
                throw new ConfigException(
                        "model.%s is %s; expected 0: this trains without dropout"
                                .formatted(key, model.get(key)));
            }
        }
    }
}
