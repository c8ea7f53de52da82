package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.Path;
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

    void read(Path file, Sink sink) throws IOException {
        if (source.kind() == DataRecipe.Format.AMBER_JSONL) {
            AmberJsonl.read(
                    file,
                    rowLength,
                    vocabularySize,
                    row -> sink.accept(row.source().orElse(source.name()), row.ids(), null));
        } else {
            RowFormats.named(source.format().orElseThrow())
                    .orElseThrow()
                    .read(file, rowLength, new Import(file, sink));
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
