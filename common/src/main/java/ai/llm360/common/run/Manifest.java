package ai.llm360.common.run;

import ai.llm360.common.checkpoint.TensorSpec;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a saved state consists of. It is written last, so a directory that holds one was whole.
 *
 * @param files the SHA-256 of each small file, by name
 * @param weights the model's tensors, by name
 * @param optimizer the optimizer's tensors, by name; they stay listed when retention drops them
 */
record Manifest(
        Map<String, String> files, Map<String, Entry> weights, Map<String, Entry> optimizer) {

    static final String FILE = "manifest.json";

    private static final int VERSION = 1;

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** A tensor: type and shape as safetensors has them, and the SHA-256 of its bytes. */
    record Entry(String dtype, List<Long> shape, String sha256) {}

    static Map<String, Entry> entries(List<TensorSpec> tensors, Map<String, String> hashes) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (TensorSpec tensor : tensors) {
            List<Long> shape = new ArrayList<>();
            for (long dimension : tensor.shape().getShape()) {
                shape.add(dimension);
            }
            entries.put(
                    tensor.name(),
                    new Entry(tensor.type().name(), shape, hashes.get(tensor.name())));
        }
        return entries;
    }

    byte[] toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("version", VERSION);
        json.add("files", GSON.toJsonTree(files));
        json.add("weights", GSON.toJsonTree(weights));
        json.add("optimizer", GSON.toJsonTree(optimizer));
        return (GSON.toJson(json) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Reads a directory's manifest. */
    static Manifest read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        byte[] bytes = Files.readAllBytes(file);
        try {
            JsonObject json = JsonText.object(new String(bytes, StandardCharsets.UTF_8));
            long version = JsonText.integer(json, "version");
            if (version != VERSION) {
                throw new RunException(
                        file,
                        "is of version "
                                + version
                                + "; this program reads version "
                                + VERSION
                                + ": use a newer one");
            }
            Map<String, String> files = new LinkedHashMap<>();
            JsonObject listed = JsonText.object(json, "files");
            for (String name : listed.keySet()) {
                files.put(name, JsonText.scalar(listed, name));
            }
            return new Manifest(files, entries(json, "weights"), entries(json, "optimizer"));
        } catch (JsonParseException e) {
            throw new RunException(file, "is damaged: " + e.getMessage(), e);
        }
    }

    private static Map<String, Entry> entries(JsonObject json, String name) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        JsonObject tensors = JsonText.object(json, name);
        for (String tensor : tensors.keySet()) {
            JsonObject entry = JsonText.object(tensors, tensor);
            if (!(entry.get("shape") instanceof JsonArray dimensions)) {
                throw new JsonParseException("the shape of " + tensor + " is missing");
            }
            List<Long> shape = new ArrayList<>();
            dimensions.forEach(d -> shape.add(JsonText.integer("a dimension", d)));
            entries.put(
                    tensor,
                    new Entry(
                            JsonText.scalar(entry, "dtype"),
                            shape,
                            JsonText.scalar(entry, "sha256")));
        }
        return entries;
    }
}
