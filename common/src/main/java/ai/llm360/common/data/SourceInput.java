package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.Input;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A recipe's source and the files that it was found to mean.
 *
 * @param files the files, in the order in which they are read
 * @param inputs what the manifest says of them
 * @param bytes their sizes together
 */
record SourceInput(DataRecipe.Source source, List<Path> files, List<Input> inputs, long bytes) {

    private static final Pattern LAST_NUMBER = Pattern.compile(".*?(\\d{1,9})\\D*");

    static SourceInput find(
            DataRecipe.Source source, Path base, Optional<MavenArtifact.Downloads> downloads)
            throws IOException {
        if (source.maven().isPresent()) {
            MavenArtifact artifact = MavenArtifact.parse(source.maven().get());
            String hash = source.sha256().orElseThrow();
            Path jar = artifact.locate(hash, downloads);
            return new SourceInput(
                    source,
                    List.of(jar),
                    List.of(new Input(artifact.toString(), hash)),
                    Files.size(jar));
        }
        List<Path> files = new SourceFiles(source).find(base, source.path().orElseThrow());
        if (source.hasRows()) {
            files = files.stream().sorted(Comparator.comparingLong(SourceInput::number)).toList();
        }
        List<Input> inputs = new ArrayList<>();
        long bytes = 0;
        for (Path file : files) {
            inputs.add(new Input(file.getFileName().toString(), Hashes.sha256(file)));
            bytes += Files.size(file);
        }
        checkHash(source, files, inputs);
        return new SourceInput(source, files, inputs, bytes);
    }

    /**
     * Amber's chunks come as train_000.jsonl and as train_0.jsonl; all rows are in order of
     * numbers.
     */
    private static long number(Path file) {
        String name = file.getFileName().toString().replaceFirst("\\.[A-Za-z]\\w*$", ""); // .h5
        Matcher matcher = LAST_NUMBER.matcher(name);
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    }

    /** Reads all ready rows, or the source's subset of them, and tells of each file. */
    void readRows(TokenRowReader reader, TokenRowReader.Sink sink, ChunkImport.Sink finished)
            throws IOException {
        if (source.subset().isEmpty()) {
            for (Path file : files) {
                reader.read(file, sink);
                finished.accept(file);
            }
            return;
        }
        RowSubset subset = RowSubset.parse(source.subset().get());
        List<Long> counts = new ArrayList<>();
        for (Path file : files) {
            counts.add(reader.count(file));
        }
        long rows = counts.stream().mapToLong(Long::longValue).sum();
        if (!subset.takesAny(0, rows, rows)) {
            throw new DataException(
                    files.get(0),
                    "source '%s': subset %s takes none of %d rows; widen it"
                            .formatted(source.name(), source.subset().get(), rows));
        }
        long first = 0;
        for (int i = 0; i < files.size(); i++) {
            long start = first;
            first += counts.get(i);
            if (subset.takesAny(start, first, rows)) {
                reader.read(
                        files.get(i),
                        (number, name, ids, mask) -> {
                            if (subset.takes(start + number, rows)) {
                                sink.accept(number, name, ids, mask);
                            }
                        });
            }
            finished.accept(files.get(i));
        }
    }

    private static void checkHash(DataRecipe.Source source, List<Path> files, List<Input> inputs)
            throws DataException {
        if (source.sha256().isEmpty()) {
            return;
        }
        if (files.size() != 1) {
            throw new DataException(
                    files.get(0),
                    "source '%s' is of %d files, but its sha256 is of one; leave it out or name one"
                                    .formatted(source.name(), files.size())
                            + " file");
        }
        String found = inputs.get(0).sha256();
        if (!found.equals(source.sha256().get())) {
            throw new DataException(
                    files.get(0),
                    "its SHA-256 is %s, the recipe says %s: not the file that the recipe means"
                            .formatted(found, source.sha256().get()));
        }
    }
}
