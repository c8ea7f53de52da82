package ai.llm360.common.checkpoint;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Changes the one entry of a {@code config.json} that says how the weights are stored. */
final class ModelConfig {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    private ModelConfig() {}

    /**
     * Returns a configuration with another type of weights. The entry that is there is kept:
     * "dtype" of transformers 5, or "torch_dtype" of all versions, which is also added if there is
     * neither.
     */
    static byte[] withType(Path file, TensorType type) throws IOException {
        JsonObject config;
        try {
            JsonElement parsed = GSON.fromJson(HubConfig.text(file), JsonElement.class);
            if (parsed == null || !parsed.isJsonObject()) {
                throw new CheckpointException(file, "is not a JSON object");
            }
            config = parsed.getAsJsonObject();
        } catch (JsonParseException e) {
            throw new CheckpointException(
                    file, "is not valid JSON: " + PlainText.shorten(e.getMessage()), e);
        }
        boolean hasNew = config.has("dtype");
        if (hasNew) {
            config.addProperty("dtype", type.torchName());
        }
        if (!hasNew || config.has("torch_dtype")) {
            config.addProperty("torch_dtype", type.torchName());
        }
        return (GSON.toJson(config) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
