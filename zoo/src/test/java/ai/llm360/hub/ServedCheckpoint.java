package ai.llm360.hub;

import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A random float32 checkpoint of two shards with a few megabytes, for a {@link HubServer}. */
final class ServedCheckpoint {

    static final int ROWS = 512;
    static final int COLUMNS = 256;
    static final int ROW_BYTES = 4 * COLUMNS;

    private static final int TENSORS = 6;
    private static final long[] SHAPE = {ROWS, COLUMNS};

    private final List<ServedFile> files = new ArrayList<>();
    private final Map<String, byte[]> tensors = new LinkedHashMap<>();
    private final List<ServedFile> shards = new ArrayList<>();

    private ServedCheckpoint(boolean torch) {
        files.add(ServedFile.text("config.json", "{}"));
        Random random = new Random(11);
        for (int shard = 0; shard < 2; shard++) {
            String file =
                    (torch
                                    ? "pytorch_model-0000%d-of-00002.bin"
                                    : "model-0000%d-of-00002.safetensors")
                            .formatted(shard + 1);
            Map<String, byte[]> own = new LinkedHashMap<>();
            for (int i = 0; i < TENSORS; i++) {
                own.put("layers.%d.weight".formatted(shard * TENSORS + i), floats(random));
            }
            tensors.putAll(own);
            shards.add(new ServedFile(file, torch ? zip(own) : safetensors(own), true));
        }
        files.addAll(shards);
        files.add(ServedFile.text(index(torch), indexText()));
    }

    /** Makes a checkpoint of safetensors, or of torch zips, whose config.json is empty. */
    static ServedCheckpoint of(boolean torch) {
        return new ServedCheckpoint(torch);
    }

    private static String index(boolean torch) {
        return (torch ? "pytorch_model.bin" : "model.safetensors") + ".index.json";
    }

    private String indexText() {
        List<String> entries = new ArrayList<>();
        int i = 0;
        for (String name : tensors.keySet()) {
            entries.add("\"%s\": \"%s\"".formatted(name, shards.get(i++ / TENSORS).path()));
        }
        return "{\"weight_map\": {" + String.join(", ", entries) + "}}";
    }

    private static byte[] floats(Random random) {
        ByteBuffer bytes = ByteBuffer.allocate(ROWS * ROW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            bytes.putFloat((float) random.nextGaussian());
        }
        return bytes.array();
    }

    private static byte[] safetensors(Map<String, byte[]> tensors) {
        SafetensorsBuilder builder = new SafetensorsBuilder();
        tensors.forEach((name, bytes) -> builder.tensor(name, TensorType.F32, SHAPE, bytes));
        return builder.bytes();
    }

    private static byte[] zip(Map<String, byte[]> tensors) {
        TorchZipBuilder builder = new TorchZipBuilder().padded().record("byteorder", "little");
        tensors.forEach((name, bytes) -> builder.tensor(name, TensorType.F32, SHAPE, bytes));
        return builder.bytes();
    }

    ServedFile[] files() {
        return files.toArray(ServedFile[]::new);
    }

    ServedFile shard(int number) {
        return shards.get(number);
    }

    long shardBytes() {
        return shards.stream().mapToLong(ServedFile::size).sum();
    }

    Map<String, byte[]> tensors() {
        return tensors;
    }

    /** Returns the bytes of some rows. */
    byte[] rows(String tensor, int from, int to) {
        return Arrays.copyOfRange(tensors.get(tensor), from * ROW_BYTES, to * ROW_BYTES);
    }

    /** Writes the same files to a disk. */
    Path writeTo(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (ServedFile file : files) {
            Files.write(directory.resolve(file.path()), file.bytes());
        }
        return directory;
    }
}
