package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.CheckpointEntry.Source;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.source.ModelHome;
import ai.llm360.zoo.source.TrainedModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The checkpoints of a path: that of a checkpoint, of a run, of a training in phases, or of a
 * directory of checkpoints; {@code run@ckpt-003} is one of a run's.
 */
final class RunCheckpoints {

    private static final int SHOWN = 12;

    private RunCheckpoints() {}

    /** A run and one of its checkpoints, as a path that doesn't exist names them. */
    private record Part(Path run, String checkpoint) {

        static Optional<Part> of(Path path) {
            String name = path.getFileName() == null ? "" : path.getFileName().toString();
            int at = name.lastIndexOf('@');
            if (at < 1 || at == name.length() - 1) {
                return Optional.empty();
            }
            Path run = path.resolveSibling(name.substring(0, at));
            return Files.isDirectory(run)
                    ? Optional.of(new Part(run, name.substring(at + 1)))
                    : Optional.empty();
        }
    }

    /** Returns whether there is such a path, or the run that it names a checkpoint of. */
    static boolean exists(Path path) {
        return Files.exists(path) || Part.of(path).isPresent();
    }

    /** Reads a reference as a path; empty if it isn't written as one, and there is no such path. */
    static Optional<Path> path(String text) {
        try {
            if (text.startsWith("file:")) {
                return Optional.of(ofFileUri(text));
            }
            if (text.equals("~") || text.startsWith("~/")) {
                return Optional.of(Path.of(System.getProperty("user.home") + text.substring(1)));
            }
            Path path = Path.of(text);
            boolean isPath =
                    text.startsWith(".")
                            || path.isAbsolute()
                            || (text.contains("/") && exists(path));
            return isPath ? Optional.of(path) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static Path ofFileUri(String text) {
        try {
            return Path.of(URI.create(text));
        } catch (IllegalArgumentException e) {
            return Path.of(text.substring("file:".length()));
        }
    }

    /** Finds a checkpoint: a run stands for its last one, a directory of any models for none. */
    static CheckpointEntry find(Zoo zoo, Catalogue known, Path path)
            throws ModelNotFoundException, IOException {
        Optional<Part> part = Files.exists(path) ? Optional.empty() : Part.of(path);
        if (part.isPresent()) {
            Path run = part.get().run();
            Path named = run.resolve(part.get().checkpoint());
            return Files.isDirectory(named)
                    ? at(zoo, run, part.get().checkpoint(), named)
                    : series(zoo, known, run.toString(), run).checkpoint(part.get().checkpoint());
        }
        requireExisting(path);
        return TrainedModel.isRun(path)
                ? series(zoo, known, path.toString(), path).last()
                : at(zoo, path, "", path);
    }

    private static CheckpointEntry at(Zoo zoo, Path model, String name, Path path)
            throws IOException {
        return CheckpointEntry.at(
                zoo, model.toString(), name, Optional.empty(), new Stored.At(Source.PATH, path));
    }

    /**
     * Lists a run's checkpoints.
     *
     * @param model what they are called after: the run as it was given
     * @param path the run, or {@code run@checkpoint}
     */
    static Series series(Zoo zoo, Catalogue known, String model, Path path)
            throws ModelNotFoundException, IOException {
        Optional<Part> part = Files.exists(path) ? Optional.empty() : Part.of(path);
        Path run = part.map(Part::run).orElse(path);
        requireExisting(run);
        if (!Files.isDirectory(run) || !TrainedModel.isOne(run)) {
            throw new ModelNotFoundException(
                    "%s is no series: expected the directory of a run, of a training in phases, or one of directories with a config.json and weights each"
                            .formatted(run));
        }
        return Series.of(
                model,
                TrainedModel.of(run, false).checkpoints().stream()
                        .map(
                                one ->
                                        new CheckpointEntry(
                                                zoo,
                                                model,
                                                one.name(),
                                                one.standing(),
                                                new Stored.At(Source.PATH, one.directory())))
                        .toList(),
                known);
    }

    private static void requireExisting(Path path) throws ModelNotFoundException, IOException {
        if (!Files.exists(path)) {
            List<String> near = neighbours(path);
            throw new ModelNotFoundException(
                    "no checkpoint at %s: there is no such directory%s"
                            .formatted(
                                    path,
                                    near.isEmpty()
                                            ? ""
                                            : "; beside it there is " + String.join(", ", near)));
        }
    }

    private static List<String> neighbours(Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        List<String> all = parent == null ? List.of() : ModelHome.directories(parent);
        return all.subList(0, Math.min(SHOWN, all.size()));
    }
}
