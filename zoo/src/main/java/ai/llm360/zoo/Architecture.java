package ai.llm360.zoo;

import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.checkpoint.PlainText;
import ai.llm360.common.nn.CausalDecoder;
import ai.llm360.crystalcoder.CrystalCoder;
import ai.llm360.crystalcoder.CrystalCoderConfig;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The architectures that the zoo can load, by the {@code model_type} of their config.json. */
enum Architecture {
    LLAMA("llama") {
        @Override
        CausalDecoder newBlock(String config) {
            return new Amber(AmberConfig.parse(config));
        }
    },
    CRYSTALCODER("crystalcoder") {
        @Override
        CausalDecoder newBlock(String config) {
            return new CrystalCoder(CrystalCoderConfig.parse(config));
        }
    };

    private final String modelType;

    Architecture(String modelType) {
        this.modelType = modelType;
    }

    /** Makes a block without weights from a config.json's text. */
    abstract CausalDecoder newBlock(String config);

    /**
     * Makes the block that a checkpoint's directory describes.
     *
     * @param directory the directory, which holds a config.json
     * @return the block, without weights
     * @throws IOException if the file is missing, can't be read or isn't JSON
     * @throws IllegalArgumentException if it describes a model that the zoo has no block for
     */
    static CausalDecoder describedBy(Path directory) throws IOException {
        Path config = directory.resolve("config.json");
        if (!Files.isRegularFile(config)) {
            throw new IOException(
                    "%s has no config.json, which says what model its checkpoint is of"
                            .formatted(directory));
        }
        try {
            return describedBy(HubConfig.text(config));
        } catch (JsonParseException e) {
            throw new IOException("%s %s".formatted(config, e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(config, e.getMessage()), e);
        }
    }

    /**
     * Makes the block that the text of a config.json describes.
     *
     * @throws JsonParseException if it isn't a JSON object
     * @throws IllegalArgumentException if it describes a model that the zoo has no block for
     */
    static CausalDecoder describedBy(String config) {
        String found = modelType(config);
        for (Architecture architecture : values()) {
            if (architecture.modelType.equals(found)) {
                return architecture.newBlock(config);
            }
        }
        throw new IllegalArgumentException(
                "model_type is '%s'; the models that can be loaded are of type %s"
                        .formatted(
                                PlainText.shorten(found),
                                Arrays.stream(values())
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
