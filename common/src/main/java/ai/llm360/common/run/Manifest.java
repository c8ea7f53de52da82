package ai.llm360.common.run;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.io.internal.Hashes;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

/**
 * Lists the contents of a saved state. It is written last, so a directory that holds one was whole.
 *
 * @param files the SHA-256 of each small file, by name
 * @param weights the model's tensors, by name
 * @param optimizer the optimizer's tensors, by name; they stay listed when retention drops them
 */
record Manifest(
        Map<String, String> files, Map<String, Entry> weights, Map<String, Entry> optimizer) {

    static final String FILE = "manifest.json";

    private static final int VERSION = 1;

    private static final int BLOCK_BYTES = 4 << 20;

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** A tensor: type and shape as safetensors has them, and the SHA-256 of its bytes. */
    record Entry(String dtype, List<Long> shape, String sha256) {}

    static Map<String, Entry> entries(List<TensorSpec> tensors, Map<String, String> hashes) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (TensorSpec tensor : tensors) {
            List<Long> shape = LongStream.of(tensor.shape().getShape()).boxed().toList();
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
                        "is of version %d; this program reads version %d: use a newer one"
                                .formatted(version, VERSION));
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

    /** Compares a directory's files and weights; of an optimizer nothing. */
    void verifyModel(Path directory) throws IOException {
        for (Map.Entry<String, String> file : files.entrySet()) {
            verifyFile(directory, file.getKey(), file.getValue());
        }
        try (Checkpoint stored = Checkpoint.open(directory)) {
            verifyTensors(stored, weights);
        }
    }

    static void verifyFile(Path directory, String name, String sha256) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            throw new RunException(file, "is missing, though the manifest lists it");
        }
        String found = Hashes.sha256(Files.readAllBytes(file));
        if (!found.equals(sha256)) {
            throw new RunException(
                    file, "is damaged: its SHA-256 is " + found + ", but was written as " + sha256);
        }
    }

    static void verifyTensors(Checkpoint checkpoint, Map<String, Entry> expected)
            throws IOException {
        if (!checkpoint.tensors().keySet().equals(expected.keySet())) {
            TreeSet<String> missing = new TreeSet<>(expected.keySet());
            missing.removeAll(checkpoint.tensors().keySet());
            TreeSet<String> added = new TreeSet<>(checkpoint.tensors().keySet());
            added.removeAll(expected.keySet());
            throw new RunException(
                    checkpoint.location(),
                    "does not hold the manifest's tensors: lacks " + missing + ", adds " + added);
        }
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            verify(checkpoint, tensor, expected.get(tensor.name()));
        }
    }

    private static void verify(Checkpoint checkpoint, TensorInfo tensor, Entry expected)
            throws IOException {
        List<Long> shape = LongStream.of(tensor.shape().getShape()).boxed().toList();
        String found = "";
        if (tensor.type().name().equals(expected.dtype()) && shape.equals(expected.shape())) {
            found = hash(checkpoint, tensor);
        }
        if (!found.equals(expected.sha256())) {
            throw new RunException(
                    tensor.file(),
                    "tensor %s is damaged: it is not the %s %s of SHA-256 %s that was written"
                            .formatted(
                                    tensor.name(),
                                    expected.dtype(),
                                    expected.shape(),
                                    expected.sha256()));
        }
    }

    /**
     * One block is hashed while the next one is read. Blocks are on the heap: direct ones of many
     * tensors would pile up until a collection that nothing calls for.
     */
    static String hash(Checkpoint checkpoint, TensorInfo tensor) throws IOException {
        MessageDigest digest = Hashes.sha256();
        int bytes = (int) Math.min(BLOCK_BYTES, tensor.byteLength());
        ByteBuffer next = ByteBuffer.allocate(bytes);
        ByteBuffer previous = ByteBuffer.allocate(bytes);
        CompletableFuture<Void> hashed = CompletableFuture.completedFuture(null);
        long perBlock = BLOCK_BYTES / tensor.type().byteSize();
        for (long at = 0; at < tensor.elementCount(); at += perBlock) {
            long count = Math.min(perBlock, tensor.elementCount() - at);
            checkpoint.read(tensor, at, count, tensor.type(), next.clear());
            hashed.join();
            ByteBuffer read = next.flip();
            hashed = CompletableFuture.runAsync(() -> digest.update(read));
            next = previous;
            previous = read;
        }
        hashed.join();
        return Hashes.hex(digest);
    }
}
