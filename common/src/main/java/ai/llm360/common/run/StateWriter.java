package ai.llm360.common.run;

import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.io.AtomicDirectory;
import ai.llm360.io.Hashes;
import ai.llm360.io.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Writes a saved state, whole or not at all. */
final class StateWriter {

    static final String OPTIMIZER = "optimizer";

    /** What a saved state holds beside the model. */
    static final Set<String> OWN_FILES =
            Set.of(
                    RunDirectory.CONFIG,
                    RunDirectory.DATA,
                    StateFile.NAME,
                    Manifest.FILE,
                    OPTIMIZER);

    private StateWriter() {}

    /**
     * Writes the state.
     *
     * @param directory where; absent
     * @param contents the state
     * @param runFiles the run's configuration and data manifest, by name
     */
    static void write(Path directory, StateContents contents, Map<String, byte[]> runFiles)
            throws IOException {
        Map<String, byte[]> files = new TreeMap<>(contents.files());
        files.putAll(runFiles);
        files.put(StateFile.NAME, StateFile.toJson(contents.state()));
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            Map<String, String> hashes = new HashMap<>();
            TensorSource weights = new HashingSource(contents.weightSource(), hashes);
            write(out.path(), contents.weights(), weights, files);
            if (!contents.optimizer().isEmpty()) {
                TensorSource optimizer = new HashingSource(contents.optimizerSource(), hashes);
                Path folder = Files.createDirectory(out.path().resolve(OPTIMIZER));
                write(folder, contents.optimizer(), optimizer, Map.of());
            }
            Map<String, String> fileHashes = new TreeMap<>();
            files.forEach((name, bytes) -> fileHashes.put(name, Hashes.sha256(bytes)));
            Manifest manifest =
                    new Manifest(
                            fileHashes,
                            Manifest.entries(contents.weights(), hashes),
                            Manifest.entries(contents.optimizer(), hashes));
            WholeFile.create(out.path().resolve(Manifest.FILE), manifest.toJson());
            out.commit();
        }
    }

    private static void write(
            Path folder, List<TensorSpec> tensors, TensorSource source, Map<String, byte[]> files)
            throws IOException {
        CheckpointWriter.Builder writer =
                CheckpointWriter.builder()
                        .setDirectory(folder)
                        .setTensors(tensors)
                        .setSource(source);
        files.forEach(writer::optFile);
        writer.build().writeInPlace();
    }
}
