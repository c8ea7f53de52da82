package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Segment;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * Writes the chunks of a data set from its sources' rows.
 *
 * @param mixture which rows each chunk holds
 * @param sources each source's training rows, of one source a file, all of one row length
 */
record ChunkMixer(Path directory, Mixture mixture, List<TokenChunk> sources) {

    static String fileName(int chunk) {
        return String.format(Locale.ROOT, "chunks/chunk-%03d.rows", chunk);
    }

    /** Adds a segment where the files of sources and of kept chunks are there. */
    static DataManifest mix(Path directory, DataManifest manifest, Segment segment, Workers threads)
            throws IOException {
        List<TokenChunk> sources = new ArrayList<>();
        try {
            for (DataManifest.Source source : manifest.sources()) {
                RowFile rows = source.file();
                sources.add(TokenChunk.open(directory.resolve(rows.file()), rows.sha256()));
            }
            List<Segment> segments = new ArrayList<>(manifest.segments());
            segments.add(segment);
            int count = segment.firstChunk() + segment.plannedChunks();
            List<RowFile> chunks = new ArrayList<>(manifest.chunks());
            chunks.addAll(
                    new ChunkMixer(directory, new Mixture(segments, count), sources)
                            .write(segment.firstChunk(), threads));
            return manifest.withChunks(segments, chunks);
        } finally {
            sources.forEach(TokenChunk::close);
        }
    }

    /** Writes the chunks from one on. */
    List<RowFile> write(int first, Workers threads) throws IOException {
        Files.createDirectories(directory.resolve("chunks"));
        List<Callable<RowFile>> tasks = new ArrayList<>();
        for (int chunk = first; chunk < mixture.chunks(); chunk++) {
            int number = chunk;
            tasks.add(() -> write(number));
        }
        return threads.all(tasks);
    }

    private RowFile write(int chunk) throws IOException {
        List<String> names = sources.stream().map(rows -> rows.sources().get(0)).toList();
        long rows = names.stream().mapToLong(name -> mixture.rows(name, chunk)).sum();
        TokenChunk any = sources.get(0);
        boolean masked = sources.stream().anyMatch(TokenChunk::hasMask);
        RowHeader header =
                new RowHeader(any.rowLength(), rows, any.vocabularySize(), names, masked);
        long[] ids = new long[any.rowLength()];
        float[] mask = new float[any.rowLength() - 1];
        return RowWriter.write(
                directory,
                fileName(chunk),
                header,
                writer -> {
                    for (int source = 0; source < sources.size(); source++) {
                        TokenChunk from = sources.get(source);
                        String name = names.get(source);
                        long count = mixture.rows(name, chunk);
                        for (long i = 0; i < count; i++) {
                            long row = mixture.position(name, chunk, i) % from.rows();
                            from.read(row, ids, 0);
                            from.readMask(row, mask, 0);
                            writer.write(source, ids, mask);
                        }
                    }
                });
    }
}
