package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a source's files of ready rows, Amber's or a {@link RowFormat}'s; the first problem is
 * thrown.
 *
 * @param source the source
 * @param rowLength the ids of a row
 * @param vocabularySize every id is below it
 */
record ReadyRows(DataRecipe.Source source, int rowLength, int vocabularySize) {

    /** Takes rows as they are read; the arrays may be used again for the next one. */
    interface Sink {

        /**
         * Takes a row.
         *
         * @param source the name of its source
         * @param mask as {@link RowSpool#addRow} takes it
         */
        void accept(String source, int[] ids, float[] mask) throws IOException;
    }

    /**
     * Reads the rows of all files, or the source's subset of them.
     *
     * @param finished is told of each file, whether rows of it were taken or not
     */
    void read(List<Path> files, Sink sink, ChunkImport.Sink finished) throws IOException {
        if (source.subset().isPresent()) {
            readSubset(files, sink, finished);
            return;
        }
        for (Path file : files) {
            read(file, sink);
            finished.accept(file);
        }
    }

    private void readSubset(List<Path> files, Sink sink, ChunkImport.Sink finished)
            throws IOException {
        RowSubset subset = RowSubset.parse(source.subset().orElseThrow());
        List<Long> counts = new ArrayList<>();
        for (Path file : files) {
            counts.add(count(file));
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
            long end = first + counts.get(i);
            if (subset.takesAny(first, end, rows)) {
                long[] row = {first};
                read(
                        files.get(i),
                        (name, ids, mask) -> {
                            if (subset.takes(row[0]++, rows)) {
                                sink.accept(name, ids, mask);
                            }
                        });
            }
            finished.accept(files.get(i));
            first = end;
        }
    }

    private long count(Path file) throws IOException {
        if (source.kind() == DataRecipe.Format.AMBER_JSONL) {
            long[] rows = {0};
            read(file, (name, ids, mask) -> rows[0]++);
            return rows[0];
        }
        return format().count(file, rowLength, new Import(file, (name, ids, mask) -> {}));
    }

    private RowFormat format() {
        return RowFormats.named(source.format().orElseThrow()).orElseThrow();
    }

    void read(Path file, Sink sink) throws IOException {
        if (source.kind() == DataRecipe.Format.AMBER_JSONL) {
            AmberJsonl.read(
                    file,
                    rowLength,
                    vocabularySize,
                    row -> sink.accept(row.source().orElse(source.name()), row.ids(), null));
        } else {
            format().read(file, rowLength, new Import(file, sink));
        }
    }

    private final class Import implements RowFormat.Sink {

        private final Path file;
        private final Sink sink;

        private Import(Path file, Sink sink) {
            this.file = file;
            this.sink = sink;
        }

        @Override
        public void row(long number, int[] ids, float[] mask) throws IOException {
            Optional<String> problem = AmberRow.problem(ids, rowLength, vocabularySize);
            if (problem.isPresent()) {
                problem(number, problem.get());
            }
            sink.accept(source.name(), ids, mask);
        }

        @Override
        public void problem(long number, String problem) throws IOException {
            throw new DataException(file, describe(number, problem));
        }
    }

    /** Names the row that a problem is of, if it isn't one of the file. */
    static String describe(long number, String problem) {
        return number < 0 ? problem : "sample %d: %s".formatted(number, problem);
    }
}
