package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Segment;
import ai.llm360.common.data.DataManifest.Source;
import ai.llm360.io.internal.Workers;
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
    private final Map<String, Given> training = new LinkedHashMap<>();
    private final Map<String, Given> validation = new LinkedHashMap<>();
    private int chunks = 1;
    private long eosId = 2;

    /** Without masks every prediction counts. */
    private record Given(List<long[]> ids, List<float[]> masks) {}

    /** Starts a data set of one chunk without rows. */
    public TokenDatasetBuilder(int rowLength, int vocabularySize) {
        this.rowLength = rowLength;
        this.vocabularySize = vocabularySize;
    }

    /** Adds a source's training rows; each chunk gets an equal share, what is over is unused. */
    public TokenDatasetBuilder source(String name, long[]... rows) {
        return source(name, rows, new float[0][]);
    }

    /** Adds a source's training rows of T+1 ids with masks of T values, 1 or 0. */
    public TokenDatasetBuilder source(String name, long[][] rows, float[][] masks) {
        training.put(name, new Given(List.of(rows), List.of(masks)));
        return this;
    }

    /** Adds a source's validation rows. */
    public TokenDatasetBuilder validation(String name, long[]... rows) {
        return validation(name, rows, new float[0][]);
    }

    /** Adds a source's validation rows with masks. */
    public TokenDatasetBuilder validation(String name, long[][] rows, float[][] masks) {
        validation.put(name, new Given(List.of(rows), List.of(masks)));
        return this;
    }

    /** Sets the number of chunks. */
    public TokenDatasetBuilder chunks(int count) {
        chunks = count;
        return this;
    }

    /** Makes the rows imported ones, whose end token nobody has told. */
    public TokenDatasetBuilder imported() {
        eosId = -1;
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
            Given rows = source.getValue();
            RowFile file = rowFile(directory, "sources/" + name + ".rows", name, rows);
            pools.add(TokenChunk.open(directory.resolve(file.file())));
            perChunk.put(name, (long) rows.ids().size() / chunks);
            Given held = validation.getOrDefault(name, new Given(List.of(), List.of()));
            int kept = held.ids().size();
            if (kept > 0) {
                heldBack.put(name, rowFile(directory, "validation/" + name + ".rows", name, held));
            }
            int trained = rows.ids().size();
            long tokens = (long) (trained + kept) * rowLength;
            sources.add(new Source(name, null, List.of(), 1, tokens, trained, kept, file));
        }
        List<Segment> segments = List.of(new Segment(0, chunks, null, perChunk));
        List<RowFile> files;
        try (Workers threads = new Workers("llm360-data", 1)) {
            files =
                    new ChunkMixer(directory, new Mixture(segments, chunks), pools)
                            .write(0, threads);
        }
        DataManifest manifest =
                new DataManifest(
                        DataManifest.FORMAT_VERSION,
                        rowLength,
                        vocabularySize,
                        eosId,
                        null,
                        0,
                        sources,
                        segments,
                        files,
                        heldBack);
        Files.writeString(directory.resolve(DataManifest.FILE_NAME), manifest.toJson());
        return directory;
    }

    private RowFile rowFile(Path directory, String name, String source, Given rows)
            throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        int count = rows.ids().size();
        boolean masked = !rows.masks().isEmpty();
        RowHeader header = new RowHeader(rowLength, count, vocabularySize, List.of(source), masked);
        try (RowWriter writer = new RowWriter(file, header)) {
            for (int i = 0; i < count; i++) {
                writer.write(0, rows.ids().get(i), masked ? rows.masks().get(i) : null);
            }
            return new RowFile(name, count, writer.finish());
        }
    }
}
