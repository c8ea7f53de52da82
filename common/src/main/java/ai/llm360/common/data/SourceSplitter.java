package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** Parts a source's rows into those to train on and those held back. */
record SourceSplitter(
        Path directory, DataRecipe recipe, RecipeVocabulary vocabulary, Workers threads) {

    private static final int BATCH_ROWS = 64;

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
        Optional<FimRecipe> fim = entry.source().fim();
        RowFile kept =
                write(
                        entry,
                        "sources",
                        training * fim.map(FimRecipe::times).orElse(1),
                        fim.isPresent(), // what is rearranged may be padded
                        writer -> {
                            if (fim.isPresent()) {
                                rearrange(entry, fim.get(), heldBack, writer);
                            } else {
                                copy(spool, heldBack, false, writer);
                            }
                        });
        RowFile validation =
                recipe.validationRows() == 0
                        ? null
                        : write(
                                entry,
                                "validation",
                                recipe.validationRows(),
                                false,
                                writer -> copy(spool, heldBack, true, writer));
        return new Parts(kept, validation);
    }

    private RowFile write(
            SourceSpools.Entry entry, String folder, long rows, boolean padded, RowWriter.Rows what)
            throws IOException {
        RowHeader header =
                new RowHeader(
                        recipe.rowLength(),
                        rows,
                        vocabulary.size(),
                        List.of(entry.name()),
                        padded || entry.spool().masked());
        return RowWriter.write(directory, folder + "/" + entry.name() + ".rows", header, what);
    }

    private static void copy(RowSpool spool, BitSet heldBack, boolean held, RowWriter writer)
            throws IOException {
        spool.forEachRow(
                (row, ids, mask) -> {
                    if (heldBack.get((int) row) == held) {
                        writer.write(0, ids, mask);
                    }
                });
    }

    private void rearrange(
            SourceSpools.Entry entry, FimRecipe recipe, BitSet heldBack, RowWriter writer)
            throws IOException {
        FillInTheMiddle fim =
                new FillInTheMiddle(vocabulary.tokenizer(), recipe, this.recipe.seed());
        OrderedWork rearranging = new OrderedWork(threads, BATCH_ROWS);
        for (int i = 0; i < recipe.times(); i++) {
            int epoch = i;
            entry.spool()
                    .forEachRow(
                            (row, ids, mask) -> {
                                if (!heldBack.get((int) row)) {
                                    long[] newIds = ids.clone();
                                    float[] newMask = mask.clone();
                                    rearranging.add(
                                            1,
                                            () -> {
                                                fim.apply(
                                                        entry.name(), epoch, row, newIds, newMask);
                                                return () -> writer.write(0, newIds, newMask);
                                            });
                                }
                            });
        }
        rearranging.finish();
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
