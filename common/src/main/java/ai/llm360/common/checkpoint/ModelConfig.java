package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Changes the entries of a {@code config.json} that say how the weights are stored. */
public final class ModelConfig {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    private final JsonObject entries;

    private ModelConfig(JsonObject entries) {
        this.entries = entries;
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws CheckpointException if it isn't a JSON object
     */
    public static ModelConfig read(Path file) throws IOException {
        try {
            JsonElement parsed = GSON.fromJson(HubConfig.text(file), JsonElement.class);
            if (parsed == null || !parsed.isJsonObject()) {
                throw new CheckpointException(file, "is not a JSON object");
            }
            return new ModelConfig(parsed.getAsJsonObject());
        } catch (JsonParseException e) {
            throw new CheckpointException(
                    file, "is not valid JSON: " + PlainText.jsonProblem(e), e);
        }
    }

    /**
     * Sets the type of the weights. The entry that is there is kept: "dtype" of transformers 5, or
     * "torch_dtype" of all versions, which is also added if there is neither.
     */
    ModelConfig setType(TensorType type) {
        boolean hasNew = entries.has("dtype");
        if (hasNew) {
            entries.addProperty("dtype", type.torchName());
        }
        if (!hasNew || entries.has("torch_dtype")) {
            entries.addProperty("torch_dtype", type.torchName());
        }
        return this;
    }

    /**
     * Takes back claims that a checkpoint breaks, as {@link IgnoreRule#broken} finds them: each
     * rule's {@link IgnoreRule#flag} becomes false.
     */
    public ModelConfig takeBack(List<IgnoreRule> broken) {
        broken.forEach(rule -> entries.addProperty(rule.flag().orElseThrow(), false));
        return this;
    }

    /** {@return the configuration as a file's text of JSON} */
    public String toJson() {
        return GSON.toJson(entries) + "\n";
    }
}
