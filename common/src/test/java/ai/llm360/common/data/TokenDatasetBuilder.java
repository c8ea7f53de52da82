package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Segment;
import ai.llm360.common.data.DataManifest.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds a prepared data set from rows of ids, for tests of what reads one. */
public final class TokenDatasetBuilder {

    private final int rowLength;
    private final int vocabularySize;
    private final Map<String, long[][]> training = new LinkedHashMap<>();
    private final Map<String, long[][]> validation = new LinkedHashMap<>();
    private int chunks = 1;

    /** Starts a data set of one chunk without rows. */
    public TokenDatasetBuilder(int rowLength, int vocabularySize) {
        this.rowLength = rowLength;
        this.vocabularySize = vocabularySize;
    }

    /** Adds a source's training rows; each chunk gets an equal share, what is over is unused. */
    public TokenDatasetBuilder source(String name, long[]... rows) {
        training.put(name, rows);
        return this;
    }

    /** Adds a source's validation rows. */
    public TokenDatasetBuilder validation(String name, long[]... rows) {
        validation.put(name, rows);
        return this;
    }

    /** Sets the number of chunks. */
    public TokenDatasetBuilder chunks(int count) {
        chunks = count;
        return this;
    }

    /** Writes the data set into a directory and returns that. */
    public Path write(Path directory) throws IOException {
        List<Source> sources = new ArrayList<>();
        List<TokenChunk> pools = new ArrayList<>();
        Map<String, Long> perChunk = new LinkedHashMap<>();
        Map<String, RowFile> heldBack = new LinkedHashMap<>();
        for (var source : training.entrySet()) {
            String name = source.getKey();
            long[][] rows = source.getValue();
            RowFile file = rowFile(directory, "sources/" + name + ".rows", name, rows);
            pools.add(TokenChunk.open(directory.resolve(file.file())));
            perChunk.put(name, (long) rows.length / chunks);
            long[][] kept = validation.getOrDefault(name, new long[0][]);
            if (kept.length > 0) {
                heldBack.put(name, rowFile(directory, "validation/" + name + ".rows", name, kept));
            }
            long tokens = (long) (rows.length + kept.length) * rowLength;
            sources.add(
                    new Source(name, null, List.of(), 1, tokens, rows.length, kept.length, file));
        }
        List<Segment> segments = List.of(new Segment(0, chunks, null, perChunk));
        List<RowFile> files;
        try (Parallel threads = new Parallel(1)) {
            files =
                    new ChunkMixer(directory, new Mixture(segments, chunks), pools)
                            .write(0, threads);
        }
        DataManifest manifest =
                new DataManifest(
                        DataManifest.FORMAT_VERSION,
                        rowLength,
                        vocabularySize,
                        2,
                        null,
                        0,
                        sources,
                        segments,
                        files,
                        heldBack);
        Files.writeString(directory.resolve(DataManifest.FILE_NAME), manifest.toJson());
        return directory;
    }

    private RowFile rowFile(Path directory, String name, String source, long[][] rows)
            throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        RowHeader header = new RowHeader(rowLength, rows.length, vocabularySize, List.of(source));
        try (RowWriter writer = new RowWriter(file, header)) {
            for (long[] row : rows) {
                writer.write(0, row, 0);
            }
            return new RowFile(name, rows.length, writer.finish());
        }
    }
}
