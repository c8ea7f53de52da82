package ai.llm360.zoo.djl;

import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.ModelConfig;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.crystalcoder.CrystalCoder;
import ai.llm360.crystalcoder.CrystalCoderConfig;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An architecture that the zoo can load. Each function takes the text of a config.json, as the
 * static methods do: they throw {@link JsonParseException} if it isn't a JSON object, and {@link
 * IllegalArgumentException} if it describes a model that the zoo has no block for.
 *
 * @param modelType the {@code model_type} of its config.json
 * @param newBlock makes a block without weights
 * @param rules tells which tensors such a block has no use for, without making it
 * @param entries tells which entries count, whether they are there or not
 */
public record Architecture(
        String modelType,
        Function<String, CausalDecoder> newBlock,
        Function<String, List<IgnoreRule>> rules,
        Function<String, Set<String>> entries) {

    private static final List<Architecture> ALL =
            List.of(
                    new Architecture(
                            "llama",
                            config -> new Amber(AmberConfig.parse(config)),
                            config -> AmberConfig.parse(config).ignoredTensors(),
                            AmberConfig::entries),
                    new Architecture(
                            "crystalcoder",
                            config -> new CrystalCoder(CrystalCoderConfig.parse(config)),
                            config -> CrystalCoderConfig.parse(config).ignoredTensors(),
                            CrystalCoderConfig::entries));

    /**
     * Makes the block that a checkpoint's directory describes. Where config.json claims that a
     * tensor is a copy of another, and the weights beside it have two that differ, the weights are
     * right.
     *
     * @param directory the directory, which holds a config.json
     * @return the block, without weights
     * @throws IOException if the file is missing, can't be read or isn't JSON
     */
    public static CausalDecoder describedBy(Path directory) throws IOException {
        Path config = directory.resolve("config.json");
        if (!Files.exists(config) && Files.exists(directory.resolve(AdapterConfig.FILE))) {
            throw new IOException(
                    "%s holds an adapter, not a model: give its base before it, such as amber@ckpt-358+%s"
                            .formatted(directory, directory));
        }
        if (!Files.isRegularFile(config)) {
            throw new IOException(
                    "%s has no config.json, which says what model its checkpoint is of"
                            .formatted(directory));
        }
        try {
            return asStored(describedBy(HubConfig.text(config)), directory, config);
        } catch (JsonParseException e) {
            throw new IOException("%s %s".formatted(config, e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(config, e.getMessage()), e);
        }
    }

    private static CausalDecoder asStored(CausalDecoder described, Path directory, Path config)
            throws IOException {
        List<IgnoreRule> claims =
                described.ignoredTensors().stream().filter(r -> r.flag().isPresent()).toList();
        if (claims.isEmpty()) {
            return described;
        }
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoint.open(directory);
        } catch (IOException e) {
            return described; // without weights the configuration counts; loading them says more
        }
        try (checkpoint) {
            List<IgnoreRule> broken = IgnoreRule.broken(claims, checkpoint);
            return broken.isEmpty()
                    ? described
                    : describedBy(ModelConfig.read(config).takeBack(broken).toJson());
        }
    }

    /** Makes the block that the text of a config.json describes. */
    public static CausalDecoder describedBy(String config) {
        return of(config).newBlock.apply(config);
    }

    /**
     * Returns which tensors of a checkpoint have no use, by the text of its config.json, without
     * making a block.
     */
    public static List<IgnoreRule> ignoredTensors(String config) {
        return of(config).rules.apply(config);
    }

    /** Returns the entries of a config.json that count for the architecture that it is of. */
    public static Set<String> entriesOf(String config) {
        return of(config).entries.apply(config);
    }

    private static Architecture of(String config) {
        String found = modelType(config);
        for (Architecture architecture : ALL) {
            if (architecture.modelType.equals(found)) {
                return architecture;
            }
        }
        throw new IllegalArgumentException(
                "model_type is '%s'; the models that can be loaded are of type %s"
                        .formatted(
                                PlainText.shorten(found),
                                ALL.stream()
                                        .map(a -> "'" + a.modelType + "'")
                                        .collect(Collectors.joining(", "))));
    }

    private static String modelType(String config) {
        try {
            JsonObject json = JsonParser.parseString(config).getAsJsonObject();
            JsonElement type = json.get("model_type");
            boolean text = type != null && type.isJsonPrimitive();
            return text ? type.getAsString() : String.valueOf(type);
        } catch (JsonParseException | IllegalStateException e) {
            throw new JsonParseException("is not a JSON object", e);
        }
    }
}
