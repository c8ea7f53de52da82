package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes over files of ready rows, such as Amber's {@code train_NNN.jsonl}, as they are: a chunk for
 * each file, its rows in their order, so that the steps of the run that they were of can be
 * followed.
 */
record ChunkImport(Path directory, DataManifest empty, List<SourceInput> inputs, Sink progress) {

    /** Takes files. */
    interface Sink {
        void accept(Path file) throws IOException;
    }

    DataManifest run() throws IOException {
        List<RowFile> chunks = new ArrayList<>();
        Map<String, Long> rows = new LinkedHashMap<>();
        for (SourceInput input : inputs) {
            for (Path file : input.files()) {
                chunks.add(chunk(file, input.source(), chunks.size(), rows));
                progress.accept(file);
            }
        }
        List<Source> sources = new ArrayList<>();
        rows.forEach(
                (name, count) ->
                        sources.add(
                                new Source(
                                        name,
                                        inputs.get(0).source().licence().orElse(null),
                                        inputs.stream().flatMap(i -> i.inputs().stream()).toList(),
                                        0,
                                        count * empty.rowLength(),
                                        count,
                                        0,
                                        null)));
        return empty.withSources(sources, Map.of()).withChunks(List.of(), chunks);
    }

    private RowFile chunk(Path file, DataRecipe.Source from, int number, Map<String, Long> total)
            throws IOException {
        TokenRowReader reader = TokenRowReader.of(from, empty.rowLength(), empty.vocabularySize());
        Path spoolFile = directory.resolve("import.spool");
        Map<String, Integer> names = new LinkedHashMap<>();
        List<Integer> sources = new ArrayList<>();
        try (RowSpool spool = new RowSpool(spoolFile, empty.rowLength(), 0)) {
            reader.read(
                    file,
                    (row, source, ids, mask) -> {
                        String name = source.orElse(from.name());
                        total.merge(name, 1L, Long::sum);
                        sources.add(names.computeIfAbsent(name, key -> names.size()));
                        spool.addRow(ids, mask);
                    });
            if (sources.isEmpty()) {
                throw new DataException(file, "has no rows");
            }
            RowHeader header =
                    new RowHeader(
                            empty.rowLength(),
                            spool.rows(),
                            empty.vocabularySize(),
                            List.copyOf(names.keySet()),
                            spool.masked());
            return RowWriter.write(
                    directory,
                    ChunkMixer.fileName(number),
                    header,
                    writer ->
                            spool.forEachRow(
                                    (row, ids, mask) ->
                                            writer.write(sources.get((int) row), ids, mask)));
        }
    }
}
