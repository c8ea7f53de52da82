package ai.llm360.common.run;

import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Hashes;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Holds the contents of a saved state, beside the run's own configuration and data manifest.
 *
 * @param state where the run stands
 * @param weights the model's tensors, under the names of its checkpoints
 * @param weightSource gives their bytes, one tensor at a time
 * @param optimizer the optimizer's tensors, such as {@code exp_avg.<weight>}; empty if it has none
 * @param optimizerSource gives their bytes, one tensor at a time
 * @param files small files that make the directory a model: {@code config.json}, the tokenizer's;
 *     or an adapter in PEFT's layout: {@code adapter_config.json}
 */
public record StateContents(
        TrainingState state,
        List<TensorSpec> weights,
        TensorSource weightSource,
        List<TensorSpec> optimizer,
        TensorSource optimizerSource,
        Map<String, byte[]> files) {

    /** The directory of the optimizer's tensors in that of a saved state. */
    static final String OPTIMIZER = "optimizer";

    /**
     * Among the files, it says that the weights are those of an adapter alone, as PEFT has them.
     */
    private static final String ADAPTER_CONFIG = "adapter_config.json";

    private static final String ADAPTER = "adapter_model.safetensors";

    private static final Set<String> OWN_FILES =
            Set.of(
                    RunDirectory.CONFIG,
                    RunDirectory.DATA,
                    TrainingState.FILE,
                    Manifest.FILE,
                    OPTIMIZER);

    /**
     * Creates a description.
     *
     * @throws IllegalArgumentException if there are no weights, two tensors have one name, or a
     *     file has a name that the saved state itself uses
     */
    public StateContents {
        weights = List.copyOf(weights);
        optimizer = List.copyOf(optimizer);
        files = Map.copyOf(files);
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("a saved state needs at least one weight");
        }
        Set<String> names = new HashSet<>();
        for (TensorSpec tensor : Stream.concat(weights.stream(), optimizer.stream()).toList()) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("two tensors are named " + tensor.name());
            }
        }
        for (String name : files.keySet()) {
            if (OWN_FILES.contains(name)) {
                throw new IllegalArgumentException(
                        "a saved state has a " + name + " of its own; name the file otherwise");
            }
        }
    }

    /**
     * Writes the state beside the run's own files, whole or not at all, into a directory that is
     * absent.
     */
    void write(Path directory, Map<String, byte[]> runFiles) throws IOException {
        Map<String, byte[]> all = new TreeMap<>(files);
        all.putAll(runFiles);
        all.put(TrainingState.FILE, state.toJson());
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            Map<String, String> hashes = new HashMap<>();
            write(out.path(), weights, hashing(weightSource, hashes), all);
            if (!optimizer.isEmpty()) {
                Path folder = Files.createDirectory(out.path().resolve(OPTIMIZER));
                write(folder, optimizer, hashing(optimizerSource, hashes), Map.of());
            }
            Map<String, String> fileHashes = new TreeMap<>();
            all.forEach((name, bytes) -> fileHashes.put(name, Hashes.sha256(bytes)));
            Manifest manifest =
                    new Manifest(
                            fileHashes,
                            Manifest.entries(weights, hashes),
                            Manifest.entries(optimizer, hashes));
            WholeFile.create(out.path().resolve(Manifest.FILE), manifest.toJson());
            out.commit();
        }
    }

    /** Puts each tensor's hash under its name. */
    private static TensorSource hashing(TensorSource source, Map<String, String> hashes) {
        return (tensor, out) -> {
            MessageDigest digest = Hashes.sha256();
            source.write(tensor, new HashingChannel(out, digest));
            hashes.put(tensor.name(), Hashes.hex(digest));
        };
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
        if (files.containsKey(ADAPTER_CONFIG)) {
            writer.optSingleFile(ADAPTER);
        }
        writer.build().writeInPlace();
    }
}
