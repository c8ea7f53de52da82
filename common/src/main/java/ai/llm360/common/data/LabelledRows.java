package ai.llm360.common.data;

import ai.llm360.common.chat.LabelledIds;
import ai.llm360.common.chat.Packing;
import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.LabelledSpool.Item;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Writes encoded texts as rows with masks.
 *
 * @param directory the data set's directory
 * @param source the source's name
 * @param rowLength the ids of a row
 * @param vocabularySize every id is below it
 * @param padId fills a row behind its texts
 * @param spool holds the texts
 */
record LabelledRows(
        Path directory,
        String source,
        int rowLength,
        int vocabularySize,
        long padId,
        LabelledSpool spool) {

    /** Takes rows; the arrays are used again for the next one. */
    private interface Sink {
        void accept(long[] ids, float[] mask) throws IOException;
    }

    /** Writes texts into a file, but for rows without a label. */
    RowFile write(String file, Packing packing, List<Item> items) throws IOException {
        int[] count = {0};
        forEachRow(packing, items, (ids, mask) -> count[0]++);
        RowHeader header =
                new RowHeader(rowLength, count[0], vocabularySize, List.of(source), true);
        try (RowWriter writer = new RowWriter(directory.resolve(file), header)) {
            forEachRow(packing, items, (ids, mask) -> writer.write(0, ids, mask));
            return new RowFile(file, count[0], writer.finish());
        }
    }

    private void forEachRow(Packing packing, List<Item> items, Sink sink) throws IOException {
        Row row = new Row(sink);
        switch (packing) {
            case NONE -> {
                for (Item item : items) {
                    row.add(spool.read(item), true);
                    row.finish();
                }
            }
            case BEST_FIT -> {
                int[] lengths = items.stream().mapToInt(Item::length).toArray();
                for (List<Integer> numbers : Packing.bestFit(lengths, rowLength)) {
                    for (int number : numbers) {
                        row.add(spool.read(items.get(number)), true);
                    }
                    row.finish();
                }
            }
            case WRAP -> {
                for (Item item : items) {
                    row.add(spool.read(item), false);
                }
                row.finish();
            }
        }
    }

    private final class Row {

        private final Sink sink;
        private final long[] ids = new long[rowLength];
        private final float[] mask = new float[rowLength - 1];
        private int used;
        private boolean labelled;

        private Row(Sink sink) {
            this.sink = sink;
        }

        /** Nothing stands before a text that is apart, so its first id isn't predicted. */
        private void add(LabelledIds text, boolean apart) throws IOException {
            for (int i = 0; i < text.ids().length; i++) {
                if (used == rowLength) {
                    finish();
                }
                ids[used] = text.ids()[i];
                boolean label = text.labels()[i] && used > 0 && !(apart && i == 0);
                if (used > 0) {
                    mask[used - 1] = label ? 1 : 0;
                }
                labelled |= label;
                used++;
            }
        }

        private void finish() throws IOException {
            if (used > 0) {
                Arrays.fill(ids, used, rowLength, padId);
                Arrays.fill(mask, used - 1, rowLength - 1, 0);
            }
            if (labelled) {
                sink.accept(ids, mask);
            }
            used = 0;
            labelled = false;
        }
    }
}
