package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.io.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Parts a source's rows into those to train on and those held back.
 *
 * @param directory the data set's directory
 * @param recipe says how many are held back, and the seed
 * @param vocabulary the ids
 * @param threads rearrange rows for fill-in-the-middle
 */
record SourceSplitter(
        Path directory, DataRecipe recipe, RecipeVocabulary vocabulary, Workers threads) {

    /** The files of a source; the second is null where no rows are held back. */
    record Parts(RowFile training, RowFile validation) {}

    Parts split(SourceSpools.Entry entry) throws IOException {
        String source = entry.name();
        RowSpool spool = entry.spool();
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
        return new Parts(
                training(entry, training, heldBack),
                recipe.validationRows() == 0 ? null : validation(entry, heldBack));
    }

    private RowFile validation(SourceSpools.Entry entry, BitSet heldBack) throws IOException {
        String file = "validation/" + entry.name() + ".rows";
        long rows = recipe.validationRows();
        boolean masked = entry.spool().masked();
        try (RowWriter writer = writer(file, entry.name(), rows, masked)) {
            entry.spool()
                    .forEachRow(
                            (row, ids, mask) -> {
                                if (heldBack.get((int) row)) {
                                    writer.write(0, ids, mask);
                                }
                            });
            return new RowFile(file, rows, writer.finish());
        }
    }

    /** Rows that are rearranged may be padded, so they have masks; others only if they had some. */
    private RowFile training(SourceSpools.Entry entry, long rows, BitSet heldBack)
            throws IOException {
        String file = "sources/" + entry.name() + ".rows";
        Optional<FimRecipe> fim = entry.source().fim();
        long times = fim.map(FimRecipe::times).orElse(1);
        boolean masked = fim.isPresent() || entry.spool().masked();
        try (RowWriter writer = writer(file, entry.name(), rows * times, masked)) {
            if (fim.isPresent()) {
                rearrange(entry, fim.get(), heldBack, writer);
            } else {
                entry.spool()
                        .forEachRow(
                                (row, ids, mask) -> {
                                    if (!heldBack.get((int) row)) {
                                        writer.write(0, ids, mask);
                                    }
                                });
            }
            return new RowFile(file, rows * times, writer.finish());
        }
    }

    private void rearrange(
            SourceSpools.Entry entry, FimRecipe recipe, BitSet heldBack, RowWriter writer)
            throws IOException {
        FillInTheMiddle fim =
                new FillInTheMiddle(vocabulary.tokenizer(), recipe, this.recipe.seed());
        FimWriter rearranged = new FimWriter(fim, entry.name(), threads, writer);
        for (int i = 0; i < recipe.times(); i++) {
            int epoch = i;
            entry.spool()
                    .forEachRow(
                            (row, ids, mask) -> {
                                if (!heldBack.get((int) row)) {
                                    rearranged.add(epoch, row, ids, mask);
                                }
                            });
        }
        rearranged.finish();
    }

    private RowWriter writer(String file, String source, long rows, boolean masked)
            throws IOException {
        return new RowWriter(
                directory.resolve(file),
                new RowHeader(
                        recipe.rowLength(), rows, vocabulary.size(), List.of(source), masked));
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
