package ai.llm360.cli;

import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.DataPreparation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reports a data set's parts, as JSON and as people want to read them. */
record DataReport(
        String path,
        String digest,
        int rowLength,
        int vocabularySize,
        int chunks,
        long rows,
        List<Source> sources,
        List<DataManifest.Segment> segments) {

    private record Source(
            String name,
            long documents,
            long tokens,
            long rows,
            long validationRows,
            double epochs) {}

    static DataReport of(Path directory, DataManifest manifest) {
        return new DataReport(
                directory.toString(),
                manifest.digest(),
                manifest.rowLength(),
                manifest.vocabularySize(),
                manifest.chunks().size(),
                manifest.rowsPerChunk().stream().mapToLong(rows -> rows).sum(),
                manifest.sources().stream()
                        .map(
                                source ->
                                        new Source(
                                                source.name(),
                                                source.documents(),
                                                source.tokens(),
                                                source.rows(),
                                                source.validationRows(),
                                                manifest.epochs(source.name())))
                        .toList(),
                manifest.segments());
    }

    /**
     * Prepares a data set, and shows how it goes on.
     *
     * @param download whether to fetch what the local repository lacks
     */
    static DataManifest prepare(
            DataPreparation.Builder preparation, boolean download, Terminal terminal)
            throws IOException {
        if (download) {
            preparation.optDownloads(terminal.zoo().dataCache(), terminal::announce);
        }
        try (Meter progress = new Meter(terminal)) {
            return preparation.optProgress(progress).build().prepare();
        }
    }

    void print(Output output) {
        output.line(
                "%s: %s, %d rows of %d ids"
                        .formatted(path, Output.count(chunks, "chunk"), rows, rowLength));
        output.table(
                List.of("source", "documents", "tokens", "rows", "held back", "epochs"),
                sources,
                source ->
                        List.of(
                                source.name(),
                                source.documents(),
                                source.tokens(),
                                source.rows(),
                                source.validationRows(),
                                Output.decimal(source.epochs(), 3)));
        if (segments.size() > 1) {
            for (DataManifest.Segment segment : segments) {
                output.line(
                        "from chunk %d: %s"
                                .formatted(segment.firstChunk(), rows(segment.rowsPerChunk())));
            }
        }
    }

    private static String rows(Map<String, Long> perChunk) {
        return String.join(
                ", ",
                perChunk.entrySet().stream()
                        .map(rows -> rows.getValue() + " rows of " + rows.getKey())
                        .toList());
    }
}
