package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checks token rows: a prepared data set, a file of ours, Amber's {@code train_NNN.jsonl}, a file
 * of a {@link RowFormat}, or a directory of such files. What is wrong is listed, not thrown.
 */
public final class DataValidator {

    /** Problems beyond these are counted only. */
    private static final int MAX_LISTED = 1000;

    private final int rowLength;
    private final int vocabularySize;
    private final int overlap;
    private final List<Problem> problems = new ArrayList<>();
    private long problemCount;
    private long files;
    private long rows;

    private DataValidator(int rowLength, int vocabularySize, int overlap) {
        this.rowLength = rowLength;
        this.vocabularySize = vocabularySize;
        this.overlap = overlap;
    }

    /**
     * Something that is wrong.
     *
     * @param file the file
     * @param line the line from 1, or 0 where it is the file as a whole
     * @param problem what was found and expected
     */
    public record Problem(String file, long line, String problem) {}

    /**
     * The result of a check.
     *
     * @param files the files that were read
     * @param rows their rows, wrong ones included
     * @param problemCount how much is wrong
     * @param problems what is wrong, the first thousand
     */
    public record Report(long files, long rows, long problemCount, List<Problem> problems) {}

    /** As {@link #validate(Path, int, int, int)}, without a look at how rows follow one another. */
    public static Report validate(Path path, int rowLength, int vocabularySize) throws IOException {
        return validate(path, rowLength, vocabularySize, 0);
    }

    /**
     * Checks a file or directory, also for how its rows follow one another.
     *
     * @param path what to check
     * @param rowLength the ids that a row should have where the file doesn't say it itself
     * @param vocabularySize what ids should be below, or 0 if that isn't known
     * @param overlap 1 if each row of a {@link RowFormat}'s file should begin with the last id of
     *     the one before, as windows of text do; 0 if not. Rows that were rearranged or shuffled
     *     don't
     * @throws DataException if there is nothing to check there
     */
    public static Report validate(Path path, int rowLength, int vocabularySize, int overlap)
            throws IOException {
        DataValidator validator = new DataValidator(rowLength, vocabularySize, overlap);
        validator.any(path);
        return new Report(
                validator.files,
                validator.rows,
                validator.problemCount,
                List.copyOf(validator.problems));
    }

    private void any(Path path) throws IOException {
        if (Files.isRegularFile(path.resolve(DataManifest.FILE_NAME))) {
            dataset(path);
        } else if (Files.isDirectory(path)) {
            List<Path> found;
            try (Stream<Path> tree = Files.walk(path)) {
                found = tree.filter(DataValidator::isRows).sorted().toList();
            }
            if (found.isEmpty()) {
                throw new DataException(
                        path,
                        "nothing to check: no manifest.json, no .jsonl, no .rows, and no file"
                                + " of "
                                + RowFormats.names());
            }
            for (Path file : found) {
                any(file);
            }
        } else if (!Files.isRegularFile(path)) {
            throw new DataException(path, "no such file or directory");
        } else if (path.toString().endsWith(".rows")) {
            checked(path, () -> TokenChunk.open(path));
        } else {
            ready(path, RowFormats.of(path));
        }
    }

    private static boolean isRows(Path file) {
        boolean named =
                file.toString().matches(".*\\.(jsonl|jsonl\\.gz|rows)")
                        || RowFormats.of(file).isPresent();
        return named && Files.isRegularFile(file);
    }

    private void ready(Path file, Optional<RowFormat> format) throws IOException {
        files++;
        TokenRowReader reader = new TokenRowReader(format, rowLength, vocabularySize);
        RowCheck check = new RowCheck(file, format.isEmpty());
        try {
            reader.read(file, check::row, check::problem);
        } catch (DataException e) { // a line too long to be read
            check.problem(check.seen, e.getMessage());
        }
        rows += check.seen;
        if (check.seen == 0 && !check.failed) {
            add(file, 0, "empty");
        }
    }

    private final class RowCheck {

        private final Path file;
        private final boolean lines;
        private long seen;
        private boolean failed;
        private int lastId = -1;

        private RowCheck(Path file, boolean lines) {
            this.file = file;
            this.lines = lines;
        }

        private void row(long number, Optional<String> source, int[] ids, float[] mask) {
            seen = number + 1;
            if (!lines && overlap > 0 && lastId >= 0 && ids[0] != lastId) {
                problem(
                        number,
                        "sample %d: begins with id %d, expected %d, the last label before: not the"
                                        .formatted(number, ids[0], lastId)
                                + " next window of a text; if the samples were shuffled or"
                                + " rearranged, check without an overlap");
            }
            lastId = ids[ids.length - 1];
        }

        private void problem(long number, String problem) {
            seen = Math.max(seen, number + 1);
            failed = true;
            lastId = -1;
            add(file, lines ? number + 1 : 0, problem);
        }
    }

    private void dataset(Path directory) throws IOException {
        try (TokenDataset data = TokenDataset.open(directory)) {
            DataManifest manifest = data.manifest();
            Mixture mixture = Mixture.of(manifest);
            for (int i = 0; i < data.chunkCount(); i++) {
                int chunk = i;
                Path file = directory.resolve(manifest.chunks().get(i).file());
                checked(file, () -> data.openChunk(chunk));
                if (!manifest.segments().isEmpty()) {
                    long mixed =
                            manifest.sources().stream()
                                    .mapToLong(source -> mixture.rows(source.name(), chunk))
                                    .sum();
                    long found = manifest.chunks().get(i).rows();
                    if (found != mixed) {
                        add(file, 0, "%d rows, the mixture says %d".formatted(found, mixed));
                    }
                }
            }
            for (String source : data.validationSources()) {
                Path file = directory.resolve(manifest.validation().get(source).file());
                checked(file, () -> data.openValidation(source));
            }
            for (DataManifest.Source source : manifest.sources()) {
                if (source.file() != null) {
                    Path file = directory.resolve(source.file().file());
                    checked(file, () -> data.open(source.file()));
                }
            }
        } catch (DataException e) {
            add(directory, 0, e.getMessage());
        }
    }

    private interface Opening {
        TokenChunk open() throws IOException;
    }

    private void checked(Path file, Opening opening) throws IOException {
        files++;
        try (TokenChunk chunk = opening.open()) {
            rows += chunk.rows();
            long[] ids = new long[chunk.rowLength()];
            for (long row = 0; row < chunk.rows(); row++) {
                chunk.read(row, ids, 0);
                for (long id : ids) {
                    if (id < 0 || id >= chunk.vocabularySize()) {
                        add(
                                file,
                                0,
                                "row %d: id %d, outside the vocabulary of %d"
                                        .formatted(row, id, chunk.vocabularySize()));
                        break;
                    }
                }
                if (chunk.sourceIndex(row) >= chunk.sources().size()) {
                    add(
                            file,
                            0,
                            "row %d: source %d of %d"
                                    .formatted(
                                            row, chunk.sourceIndex(row), chunk.sources().size()));
                }
            }
        } catch (DataException e) {
            add(file, 0, e.getMessage());
        }
    }

    private void add(Path file, long line, String problem) {
        problemCount++;
        if (problems.size() < MAX_LISTED) {
            String start = file + ": ";
            problems.add(
                    new Problem(
                            file.toString(),
                            line,
                            problem.startsWith(start)
                                    ? problem.substring(start.length())
                                    : problem));
        }
    }
}
