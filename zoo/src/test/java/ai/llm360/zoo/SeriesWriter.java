package ai.llm360.zoo;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Makes the files of an embedded series from the float32 checkpoints of a run. */
final class SeriesWriter {

    private final String model;
    private final Machine machine;
    private final Path target;
    private final List<SeriesCheckpoint> checkpoints = new ArrayList<>();
    private final Set<String> files = new TreeSet<>();

    SeriesWriter(String model, Machine machine, Path target) {
        this.model = model;
        this.machine = machine;
        this.target = target;
    }

    /** Adds a checkpoint: its weights in bfloat16, and where its training stood. */
    SeriesWriter add(
            Path trained, String name, long step, long tokens, double loss, Map<String, Double> val)
            throws IOException {
        return add(trained, name, null, step, tokens, loss, val);
    }

    /** Adds a checkpoint of a phase. */
    SeriesWriter add(
            Path trained,
            String name,
            String phase,
            long step,
            long tokens,
            double loss,
            Map<String, Double> val)
            throws IOException {
        Path shipped = target.resolve(name);
        CheckpointConverter.builder()
                .setSource(trained)
                .setTarget(shipped)
                .optType(TensorType.BF16)
                .build()
                .convert();
        checkpoints.add(
                new SeriesCheckpoint(
                        name, phase, step, tokens, loss, val, hashes(trained, shipped)));
        share(shipped);
        return this;
    }

    private static Map<String, SeriesCheckpoint.Hashes> hashes(Path trained, Path shipped)
            throws IOException {
        Map<String, SeriesCheckpoint.Hashes> hashes = new LinkedHashMap<>();
        try (Checkpoint before = Checkpoint.open(trained);
                Checkpoint after = Checkpoint.open(shipped)) {
            for (String tensor : before.tensors().keySet()) {
                hashes.put(
                        tensor,
                        new SeriesCheckpoint.Hashes(
                                TensorHashes.of(before, tensor, TensorType.F32),
                                TensorHashes.of(after, tensor, TensorType.BF16)));
            }
        }
        return hashes;
    }

    /** Moves what all checkpoints have up to where it is kept once. */
    private void share(Path checkpoint) throws IOException {
        List<Path> all;
        try (Stream<Path> listed = Files.list(checkpoint)) {
            all = listed.sorted().toList();
        }
        for (Path file : all) {
            String name = file.getFileName().toString();
            if (name.endsWith(".safetensors")) {
                continue;
            }
            Path shared = target.resolve(name);
            if (Files.exists(shared)) {
                if (Files.mismatch(shared, file) >= 0) {
                    throw new IOException(file + " differs from the other checkpoints'");
                }
                Files.delete(file);
            } else {
                Files.move(file, shared);
            }
            files.add(name);
        }
    }

    /** Writes {@code series.json}. */
    Series write() throws IOException {
        Series series =
                new Series(Series.FORMAT_VERSION, model, machine, List.copyOf(files), checkpoints);
        Files.writeString(target.resolve(Series.FILE_NAME), series.toJson());
        return series;
    }
}
