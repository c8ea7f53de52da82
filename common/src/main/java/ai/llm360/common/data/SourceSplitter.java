package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Parts a source's rows into those to train on and those held back.
 *
 * @param directory the data set's directory
 * @param recipe says how many are held back, and the seed
 * @param vocabularySize every id is below it
 */
record SourceSplitter(Path directory, DataRecipe recipe, int vocabularySize) {

    /** The files of a source; the second is null where no rows are held back. */
    record Parts(RowFile training, RowFile validation) {}

    Parts split(String source, RowSpool spool) throws IOException {
        long rows = spool.rows();
        long training = rows - recipe.validationRows();
        if (training < 1) {
            throw new IllegalArgumentException(
                    "source '%s' gives %d tokens, %d rows of %d, of which %d are to be held back: add"
                                    .formatted(
                                            source,
                                            spool.tokens(),
                                            rows,
                                            recipe.rowLength(),
                                            recipe.validationRows())
                            + " documents, shorten rows, or hold fewer back");
        }
        BitSet heldBack = heldBack(source, rows);
        String name = source + ".rows";
        boolean validates = recipe.validationRows() > 0;
        try (RowWriter train = writer("sources/" + name, source, training, spool.masked());
                RowWriter valid =
                        validates
                                ? writer(
                                        "validation/" + name,
                                        source,
                                        recipe.validationRows(),
                                        spool.masked())
                                : null) {
            spool.forEachRow(
                    (row, ids, mask) ->
                            (heldBack.get((int) row) ? valid : train).write(0, ids, mask));
            return new Parts(
                    new RowFile("sources/" + name, training, train.finish()),
                    validates
                            ? new RowFile(
                                    "validation/" + name, recipe.validationRows(), valid.finish())
                            : null);
        }
    }

    private RowWriter writer(String file, String source, long rows, boolean masked)
            throws IOException {
        return new RowWriter(
                directory.resolve(file),
                new RowHeader(recipe.rowLength(), rows, vocabularySize, List.of(source), masked));
    }

    /**
     * Draws the rows held back among those that Amber's split uses, whose number is a multiple of
     * the chunks beside them. Each source has a seed of its own, so that adding a source leaves the
     * others' rows where they were.
     */
    private BitSet heldBack(String source, long rows) {
        BitSet heldBack = new BitSet();
        if (recipe.validationRows() == 0) {
            return heldBack;
        }
        long training = rows - recipe.validationRows();
        int used = Math.toIntExact(rows - training % Math.max(1, recipe.chunks()));
        CRC32 crc = new CRC32();
        crc.update(source.getBytes(StandardCharsets.UTF_8));
        long seed = (recipe.seed() + crc.getValue()) & NumpyRandom.MAX_SEED;
        NumpyRandom random = new NumpyRandom(seed);
        for (long left = recipe.validationRows(); left > 0; ) {
            int row = random.interval(used - 1);
            if (!heldBack.get(row)) {
                heldBack.set(row);
                left--;
            }
        }
        return heldBack;
    }
}
