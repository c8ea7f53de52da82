package ai.llm360.common.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * Reads files of ready rows, Amber's JSONL or a {@link RowFormat}'s, and checks each row's ids.
 *
 * @param format the format; absent for Amber's JSONL, plain or gzip
 * @param rowLength the ids of a row
 * @param vocabularySize every id is below it; 0 if that isn't known
 */
record TokenRowReader(Optional<RowFormat> format, int rowLength, int vocabularySize) {

    /** Returns the reader of a recipe's source. */
    static TokenRowReader of(DataRecipe.Source source, int rowLength, int vocabularySize) {
        Optional<RowFormat> format =
                source.kind() == DataRecipe.Format.AMBER_JSONL
                        ? Optional.empty()
                        : RowFormats.named(source.format().orElseThrow());
        return new TokenRowReader(format, rowLength, vocabularySize);
    }

    /** Takes rows as they are read; the arrays may be used again for the next one. */
    interface Sink {

        /**
         * Takes a row and its source, if it names one; mask is as {@link RowSpool#addRow} takes it.
         */
        void accept(long number, Optional<String> source, int[] ids, float[] mask)
                throws IOException;
    }

    /** Takes problems; reading goes on with what can still be read. */
    interface Problems {

        /** Takes a problem of a row, or of the file as number -1. */
        void add(long number, String problem) throws IOException;
    }

    /** Reads the rows of a file in their order; the first problem is thrown. */
    void read(Path file, Sink sink) throws IOException {
        read(file, sink, (number, problem) -> refuse(file, number, problem));
    }

    private void refuse(Path file, long number, String problem) throws DataException {
        if (number < 0 || format.isPresent()) {
            throw new DataException(file, problem);
        }
        throw new DataException(
                file.resolveSibling(file.getFileName() + ":" + (number + 1)),
                problem + "; llm360 data validate lists all such lines");
    }

    /** Reads the right rows of a file in their order, and tells what is wrong with the others. */
    void read(Path file, Sink sink, Problems problems) throws IOException {
        if (format.isPresent()) {
            format.get().read(file, rowLength, new Checked(sink, problems));
            return;
        }
        long number = 0;
        try (TextLines lines = new TextLines(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                AmberRow row = null;
                String problem;
                try {
                    row = AmberRow.parse(line);
                    problem = problem(row.ids());
                } catch (IllegalArgumentException e) {
                    problem = e.getMessage();
                }
                if (problem == null) {
                    sink.accept(number, row.source(), row.ids(), null);
                } else {
                    problems.add(number, problem);
                }
                number++;
            }
        } catch (CharacterCodingException e) {
            problems.add(-1, "not UTF-8 text after line " + number);
        } catch (ZipException | EOFException e) {
            String problem = "damaged or cut off after line %d (%s); copy it again";
            problems.add(-1, problem.formatted(number, e.getMessage()));
        }
    }

    /** Counts the rows of a file, without looking at each where that can be helped. */
    long count(Path file) throws IOException {
        long[] rows = {0};
        Sink counting = (number, source, ids, mask) -> rows[0]++;
        if (format.isPresent()) {
            Problems thrown = (number, problem) -> refuse(file, number, problem);
            return format.get().count(file, rowLength, new Checked(counting, thrown));
        }
        read(file, counting);
        return rows[0];
    }

    /** Says what is wrong with the ids of a row; null if nothing is. */
    private String problem(int[] ids) {
        if (ids.length != rowLength) {
            return "%d ids, expected %d".formatted(ids.length, rowLength);
        }
        for (int id : ids) {
            if (id < 0 || (vocabularySize > 0 && id >= vocabularySize)) {
                return vocabularySize > 0
                        ? "id %d, outside the vocabulary of %d".formatted(id, vocabularySize)
                        : "id %d, expected 0 or more".formatted(id);
            }
        }
        return null;
    }

    private final class Checked implements RowFormat.Sink {

        private final Sink sink;
        private final Problems problems;

        private Checked(Sink sink, Problems problems) {
            this.sink = sink;
            this.problems = problems;
        }

        @Override
        public void row(long number, int[] ids, float[] mask) throws IOException {
            String problem = TokenRowReader.this.problem(ids);
            if (problem == null) {
                sink.accept(number, Optional.empty(), ids, mask);
            } else {
                problem(number, problem);
            }
        }

        @Override
        public void problem(long number, String problem) throws IOException {
            problems.add(number, number < 0 ? problem : "sample %d: %s".formatted(number, problem));
        }
    }
}
