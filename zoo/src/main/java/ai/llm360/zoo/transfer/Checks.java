package ai.llm360.zoo.transfer;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.run.ModelManifest;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.SavedState;
import ai.llm360.hub.CacheVerifier;
import ai.llm360.hub.FileProblem;
import ai.llm360.hub.FileProblem.Kind;
import ai.llm360.hub.HubFile;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.source.TensorHashes;
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
import java.util.stream.Stream;

/** Makes the checks of a {@link Verification}, one for each kind of record of a file's bytes. */
final class Checks {

    static final String MANIFEST = "manifest.json";

    private Checks() {}

    /** One checkpoint that can be verified, and how many bytes are to be read for it. */
    record Check(String name, Optional<String> repository, long bytes, Comparison comparison) {

        Verification.Result run(LongConsumer read) throws IOException {
            List<FileProblem> problems = new ArrayList<>();
            int files = comparison.run(problems, read);
            return new Verification.Result(name, repository, files, bytes, problems);
        }
    }

    /** Reads files, adds what isn't as it should be, and returns how many it has compared. */
    private interface Comparison {
        int run(List<FileProblem> problems, LongConsumer read) throws IOException;
    }

    /**
     * Compares a snapshot in the Hub's cache with the Hub's list of its files.
     *
     * @param wanted whether all files must be there
     */
    static Check pulled(
            CacheVerifier verifier,
            String repository,
            String revision,
            String commit,
            List<HubFile> files,
            boolean wanted) {
        return new Check(
                repository + "@" + revision,
                Optional.of(repository),
                files.stream().mapToLong(HubFile::size).sum(),
                (problems, read) -> {
                    int compared = 0;
                    for (HubFile file : files) {
                        Optional<FileProblem> found =
                                verifier.check(repository, commit, file, read);
                        boolean missing = found.filter(p -> p.kind() == Kind.MISSING).isPresent();
                        compared += missing ? 0 : 1;
                        found.filter(p -> !missing || wanted).ifPresent(problems::add);
                    }
                    return compared;
                });
    }

    /** Compares what was prepared of a checkpoint with the checksums that it carries. */
    static Check prepared(Path file) throws IOException {
        String expected = "what its checksums say; prepare it again";
        return ofFiles(
                file,
                Files.size(file),
                (problems, read) -> {
                    for (String tensor : WeightPreparation.verify(file, read)) {
                        problems.add(damaged(file, expected, tensor + " has another checksum"));
                    }
                    return 1;
                },
                expected);
    }

    /** Compares a model, or a state that training saved, with its manifest. */
    static Check state(Path directory) throws IOException {
        return ofFiles(
                directory,
                bytes(directory),
                (problems, read) -> {
                    if (ModelManifest.isIn(directory)) {
                        return ModelManifest.verify(directory);
                    }
                    SavedState state = SavedState.open(directory);
                    state.verify();
                    return state.tensorHashes().size();
                },
                "what its manifest lists");
    }

    /** Compares checkpoints with the hashes of their series: the library's, or a series.json's. */
    static List<Check> series(Path directory) throws IOException {
        Path given = directory.toAbsolutePath().normalize();
        List<Check> checks = new ArrayList<>();
        Optional<SeriesFile> whole = seriesIn(given);
        if (whole.isPresent()) {
            for (SeriesCheckpoint checkpoint : whole.get().checkpoints()) {
                checks.add(hashes(given.resolve(checkpoint.name()), checkpoint));
            }
            return checks;
        }
        Path parent = given.getParent();
        Optional<SeriesFile> around = parent == null ? Optional.empty() : seriesIn(parent);
        if (around.isEmpty() && parent != null) {
            around = embedded(parent);
        }
        String name = given.getFileName() == null ? "" : given.getFileName().toString();
        if (around.isPresent() && around.get().names().contains(name)) {
            checks.add(hashes(given, around.get().checkpoint(name)));
        }
        return checks;
    }

    private static Optional<SeriesFile> seriesIn(Path directory) throws IOException {
        Path file = directory.resolve(SeriesFile.FILE_NAME);
        return Files.isRegularFile(file)
                ? Optional.of(SeriesFile.parse(Files.readString(file), file.toString()))
                : Optional.empty();
    }

    /** Copies lie in a directory that is named after the series that the library has now. */
    private static Optional<SeriesFile> embedded(Path copies) throws IOException {
        for (EmbeddedSeries series : EmbeddedSeries.all()) {
            if (series.isPlace(copies)) {
                return Optional.of(series.series());
            }
        }
        return Optional.empty();
    }

    private static Check hashes(Path directory, SeriesCheckpoint expected) throws IOException {
        return ofFiles(
                directory,
                Files.isDirectory(directory) ? bytes(directory) : 0,
                (problems, read) -> compare(directory, expected, problems),
                "a checkpoint");
    }

    private static int compare(
            Path directory, SeriesCheckpoint expected, List<FileProblem> problems)
            throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Set<String> others = new TreeSet<>(checkpoint.tensors().keySet());
            others.removeAll(expected.tensors().keySet());
            if (!others.isEmpty()) {
                String only = "no other tensors than the series lists";
                problems.add(damaged(directory, only, "also " + others));
            }
            for (Map.Entry<String, SeriesCheckpoint.Hashes> one : expected.tensors().entrySet()) {
                String tensor = one.getKey();
                String sha256 = one.getValue().shipped();
                String found =
                        checkpoint.tensors().containsKey(tensor)
                                ? TensorHashes.of(checkpoint, tensor, TensorType.BF16)
                                : "no such tensor";
                if (!found.equals(sha256)) {
                    problems.add(damaged(directory, tensor + " of sha256 " + sha256, found));
                }
            }
        }
        return expected.tensors().size();
    }

    /**
     * Makes a check of files that weren't pulled; one that can't be read is a problem of its own.
     */
    private static Check ofFiles(Path path, long bytes, Comparison comparison, String expected) {
        return new Check(
                path.toString(),
                Optional.empty(),
                bytes,
                (problems, read) -> {
                    long[] rest = {bytes};
                    int compared = Files.isRegularFile(path) ? 1 : 0; // if it can't be read too
                    try {
                        compared =
                                comparison.run(
                                        problems,
                                        count -> {
                                            rest[0] -= count;
                                            read.accept(count);
                                        });
                    } catch (CheckpointException | RunException e) {
                        problems.add(damaged(path, expected, e.getMessage()));
                    }
                    read.accept(rest[0]); // what the comparison hasn't told of
                    return compared;
                });
    }

    private static FileProblem damaged(Path path, String expected, String found) {
        return new FileProblem(path, Kind.DAMAGED, expected, found);
    }

    static long bytes(Path directory) throws IOException {
        long sum = 0;
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) tree.filter(Files::isRegularFile)::iterator) {
                sum += Files.size(file);
            }
        }
        return sum;
    }
}
