package ai.llm360.zoo.transfer;

import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.run.ModelManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Selects the files of a checkpoint's directory that are published, and casts weights before. */
final class ExportedFiles {

    /**
     * Names what a run keeps beside the model; not all of a configuration may be for others' eyes.
     */
    private static final Set<String> STATE =
            Set.of("config.yaml", "data.json", "trainer_state.json", ModelManifest.FILE);

    private final Path work;
    private final Progress progress;
    private final List<HashedFile> files = new ArrayList<>();

    private ExportedFiles(Path work, Progress progress) {
        this.work = work;
        this.progress = progress;
    }

    /** All files: the model, the optimizer's state, and where the run stood. */
    static List<HashedFile> withState(Path directory, Progress progress) throws IOException {
        ExportedFiles all = new ExportedFiles(null, progress);
        try (Stream<Path> tree = Files.walk(directory)) {
            List<Path> paths = tree.filter(Files::isRegularFile).sorted().toList();
            all.hash(directory, paths, false);
        }
        return all.files;
    }

    /**
     * The model's files and a manifest of its tensors.
     *
     * @param type what to cast the weights to; null to take them as they are
     * @param work an empty directory, on the tree's disk, for what is made of them
     */
    static List<HashedFile> ofModel(Path directory, TensorType type, Path work, Progress progress)
            throws IOException {
        ExportedFiles model = new ExportedFiles(work, progress);
        model.add(type == null ? directory : model.cast(directory, type), type != null);
        return model.files;
    }

    private Path cast(Path directory, TensorType type) throws IOException {
        Path target = work.resolve("model");
        CheckpointConverter.builder()
                .setSource(directory)
                .setTarget(target)
                .optType(type)
                .optProgress(progress)
                .build()
                .convert();
        return target;
    }

    private void add(Path model, boolean mayLink) throws IOException {
        List<Path> paths;
        try (Stream<Path> entries = Files.list(model)) {
            paths = entries.filter(Files::isRegularFile).filter(this::isPublic).sorted().toList();
        }
        hash(model, paths, mayLink);
        List<String> small =
                files.stream()
                        .filter(file -> file.listed().sha256().isEmpty())
                        .map(file -> file.listed().path())
                        .toList();
        Path manifest = work.resolve(ModelManifest.FILE);
        Files.write(manifest, ModelManifest.of(model, small).toJson());
        // Not linked: it isn't on the disk yet as weights are that the converter wrote.
        hash(work, List.of(manifest), false);
    }

    private boolean isPublic(Path file) {
        String name = file.getFileName().toString();
        return !STATE.contains(name) && !name.startsWith(".");
    }

    private void hash(Path directory, List<Path> paths, boolean mayLink) throws IOException {
        long bytes = 0;
        for (Path path : paths) {
            bytes += Files.size(path);
        }
        if (progress != null) {
            progress.reset("reading " + directory.getFileName(), bytes);
        }
        for (Path path : paths) {
            String name = directory.relativize(path).toString();
            String slashed = name.replace(path.getFileSystem().getSeparator(), "/");
            files.add(HashedFile.of(slashed, path, mayLink, progress));
        }
        if (progress != null) {
            progress.end();
        }
    }
}
