package ai.llm360.common.run;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The manifest of a model that leaves its run: of the form that {@link SavedState}s have, with
 * nothing of an optimizer in it.
 */
public final class ModelManifest {

    /** The file's name. */
    public static final String FILE = Manifest.FILE;

    private final Manifest manifest;

    private ModelManifest(Manifest manifest) {
        this.manifest = manifest;
    }

    /** Hashes a model, all its tensors, and the small files beside them that are named. */
    public static ModelManifest of(Path directory, List<String> smallFiles) throws IOException {
        Map<String, String> files = new TreeMap<>();
        for (String name : smallFiles) {
            files.put(name, Hashes.sha256(Files.readAllBytes(directory.resolve(name))));
        }
        List<TensorSpec> tensors = new ArrayList<>();
        Map<String, String> hashes = new HashMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                tensors.add(new TensorSpec(tensor.name(), tensor.type(), tensor.shape()));
                hashes.put(tensor.name(), Manifest.hash(checkpoint, tensor));
            }
        }
        return new ModelManifest(new Manifest(files, Manifest.entries(tensors, hashes), Map.of()));
    }

    /**
     * {@return whether a directory has the manifest of a model alone, and not of a training's
     * state}
     */
    public static boolean isIn(Path directory) {
        return SavedState.isWhole(directory)
                && !Files.exists(directory.resolve(TrainingState.FILE));
    }

    /**
     * Compares a model with the manifest in its directory. All its tensors are read.
     *
     * @return how many tensors it has
     * @throws RunException if a file or tensor is missing or damaged, or the manifest is
     */
    public static int verify(Path directory) throws IOException {
        Manifest manifest = Manifest.read(directory);
        manifest.verifyModel(directory);
        return manifest.weights().size();
    }

    /** {@return the bytes of {@code manifest.json}} */
    public byte[] toJson() {
        return manifest.toJson();
    }
}
