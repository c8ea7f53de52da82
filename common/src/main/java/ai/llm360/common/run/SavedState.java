package ai.llm360.common.run;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.io.internal.AtomicDirectory;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A state of a run on disk: a model's checkpoint in the Hub's layout, the optimizer's, and where
 * the run stood. A file that is missing, damaged or cut short is a {@link RunException}.
 */
public final class SavedState {

    private final Path path;
    private final Manifest manifest;
    private final TrainingState state;
    private final String cure;

    private SavedState(Path path, Manifest manifest, TrainingState state, String cure) {
        this.path = path;
        this.manifest = manifest;
        this.state = state;
        this.cure = cure;
    }

    /**
     * Opens a saved state, a directory such as {@code run/ckpt-003}. The manifest and the small
     * file that says where the run stood are read and checked; tensors and other files are left to
     * {@link #verify}.
     *
     * @throws RunException if there is none, or either file is damaged
     */
    public static SavedState open(Path directory) throws IOException {
        if (!isWhole(directory)) {
            throw new RunException(
                    directory, "holds no saved state: there is no " + Manifest.FILE + " in it");
        }
        Manifest manifest = Manifest.read(directory);
        String hash = manifest.files().get(TrainingState.FILE);
        if (hash == null) {
            throw new RunException(
                    directory.resolve(Manifest.FILE), "is damaged: lists no " + TrainingState.FILE);
        }
        Manifest.verifyFile(directory, TrainingState.FILE, hash);
        Path file = directory.resolve(TrainingState.FILE);
        try {
            TrainingState state = TrainingState.parse(Files.readAllBytes(file));
            return new SavedState(
                    directory, manifest, state, "remove " + directory + " to go on without it");
        } catch (JsonParseException e) {
            throw new RunException(file, "can't be understood: " + e.getMessage(), e);
        }
    }

    /** Returns whether a directory claims to be a saved state: the manifest comes last. */
    static boolean isWhole(Path directory) {
        return Files.exists(directory.resolve(Manifest.FILE));
    }

    SavedState withCure(String newCure) {
        return new SavedState(path, manifest, state, newCure);
    }

    /** {@return the directory, such as {@code run/ckpt-003}} */
    public Path path() {
        return path;
    }

    /** {@return the directory's name, such as {@code ckpt-003} or {@code step-000001500}} */
    public String name() {
        return path.getFileName().toString();
    }

    /** {@return the point of training at which it was saved} */
    public TrainingState state() {
        return state;
    }

    /** {@return the text of the run's {@code config.yaml} under which the state was reached} */
    public String config() throws IOException {
        return text(RunDirectory.CONFIG);
    }

    /** {@return the text of the run's {@code data.json} on which the state was reached} */
    public String data() throws IOException {
        return text(RunDirectory.DATA);
    }

    private String text(String name) throws IOException {
        String hash = manifest.files().get(name);
        if (hash == null) {
            throw cured(new RunException(path.resolve(Manifest.FILE), "lists no " + name));
        }
        try {
            Manifest.verifyFile(path, name, hash);
            return Files.readString(path.resolve(name));
        } catch (IOException e) {
            throw cured(e);
        }
    }

    /** {@return the model's tensors, which the caller closes} */
    public Checkpoint openWeights() throws IOException {
        return openTensors(path);
    }

    /**
     * {@return whether the optimizer's tensors are there, so that the run can go on from here}
     * Retention may have dropped them.
     */
    public boolean hasOptimizer() {
        return manifest.optimizer().isEmpty() || Files.isDirectory(optimizerPath());
    }

    /** {@return the optimizer's tensors, which the caller closes} */
    public Checkpoint openOptimizer() throws IOException {
        if (!Files.isDirectory(optimizerPath())) {
            throw cured(
                    new RunException(
                            optimizerPath(), "is not there: a run can't go on from " + name()));
        }
        return openTensors(optimizerPath());
    }

    private Checkpoint openTensors(Path directory) throws IOException {
        try {
            return Checkpoint.open(directory);
        } catch (IOException e) {
            throw cured(e);
        }
    }

    /** Drops the optimizer's tensors: they are there whole, and then gone. */
    void dropOptimizer() throws IOException {
        if (Files.isDirectory(optimizerPath())) {
            AtomicDirectory.remove(optimizerPath());
        }
    }

    private Path optimizerPath() {
        return path.resolve(StateContents.OPTIMIZER);
    }

    /**
     * Reads everything and compares it with the manifest, the optimizer's tensors included if they
     * are there.
     *
     * @throws RunException if something is missing, added or changed; the message names it and says
     *     what to resume from
     */
    public void verify() throws IOException {
        try {
            manifest.verifyModel(path);
            if (Files.isDirectory(optimizerPath())) {
                try (Checkpoint optimizer = Checkpoint.open(optimizerPath())) {
                    Manifest.verifyTensors(optimizer, manifest.optimizer());
                }
            }
        } catch (IOException e) {
            throw cured(e);
        }
    }

    private IOException cured(IOException e) {
        return RunException.withCure(e, cure);
    }

    /**
     * {@return the SHA-256 of each tensor's bytes in hexadecimal, by name, weights before the
     * optimizer's, which are listed also if they have been dropped} Two states are equal if these
     * are.
     */
    public Map<String, String> tensorHashes() {
        Map<String, String> hashes = new LinkedHashMap<>();
        manifest.weights().forEach((name, entry) -> hashes.put(name, entry.sha256()));
        manifest.optimizer().forEach((name, entry) -> hashes.put(name, entry.sha256()));
        return Collections.unmodifiableMap(hashes);
    }

    @Override
    public String toString() {
        return path + " (step " + state.step() + ")";
    }
}
