package ai.llm360.zoo;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.hub.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/** Compares a checkpoint's tensors with the hashes that its series gives for them. */
record SeriesCheck(Path directory, SeriesCheckpoint expected) implements Verification.Check {

    /** Finds the series of a directory: the library's own copies, or a {@code series.json}. */
    static List<SeriesCheck> of(Path directory) throws IOException {
        Path given = directory.toAbsolutePath().normalize();
        List<SeriesCheck> checks = new ArrayList<>();
        Optional<Series> whole = series(given);
        if (whole.isPresent()) {
            for (SeriesCheckpoint checkpoint : whole.get().checkpoints()) {
                checks.add(new SeriesCheck(given.resolve(checkpoint.name()), checkpoint));
            }
            return checks;
        }
        Path parent = given.getParent();
        Optional<Series> around = parent == null ? Optional.empty() : series(parent);
        if (around.isEmpty() && parent != null) {
            around = embedded(parent);
        }
        String name = given.getFileName() == null ? "" : given.getFileName().toString();
        if (around.isPresent() && around.get().names().contains(name)) {
            checks.add(new SeriesCheck(given, around.get().checkpoint(name)));
        }
        return checks;
    }

    private static Optional<Series> series(Path directory) throws IOException {
        Path file = directory.resolve(Series.FILE_NAME);
        return Files.isRegularFile(file)
                ? Optional.of(Series.parse(Files.readString(file), file.toString()))
                : Optional.empty();
    }

    /** Copies lie in a directory that is named after the series that the library has now. */
    private static Optional<Series> embedded(Path copies) throws IOException {
        for (EmbeddedSeries series : EmbeddedSeries.all()) {
            if (series.isPlace(copies)) {
                return Optional.of(series.series());
            }
        }
        return Optional.empty();
    }

    @Override
    public long bytes() throws IOException {
        return Files.isDirectory(directory) ? StateCheck.bytes(directory) : 0;
    }

    @Override
    public Verification.Result run(LongConsumer read) throws IOException {
        List<FileProblem> problems = new ArrayList<>();
        int compared = 0;
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Set<String> names = new TreeSet<>(checkpoint.tensors().keySet());
            names.removeAll(expected.tensors().keySet());
            if (!names.isEmpty()) {
                problems.add(damaged("no other tensors than the series lists", "also " + names));
            }
            for (Map.Entry<String, SeriesCheckpoint.Hashes> tensor :
                    expected.tensors().entrySet()) {
                compare(checkpoint, tensor.getKey(), tensor.getValue().shipped(), problems);
                compared++;
            }
        } catch (CheckpointException e) {
            problems.add(damaged("a checkpoint", e.getMessage()));
        }
        read.accept(bytes());
        return new Verification.Result(
                directory.toString(), Optional.empty(), compared, bytes(), problems);
    }

    private void compare(
            Checkpoint checkpoint, String tensor, String sha256, List<FileProblem> problems)
            throws IOException {
        String found =
                checkpoint.tensors().containsKey(tensor)
                        ? TensorHashes.of(checkpoint, tensor, TensorType.BF16)
                        : "no such tensor";
        if (!found.equals(sha256)) {
            problems.add(damaged(tensor + " of sha256 " + sha256, found));
        }
    }

    private FileProblem damaged(String what, String found) {
        return new FileProblem(directory, FileProblem.Kind.DAMAGED, what, found);
    }
}
