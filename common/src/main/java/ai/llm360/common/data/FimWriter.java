package ai.llm360.common.data;

import ai.llm360.io.Workers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;

/** Rearranges rows on several threads and writes them in the order in which they came. */
final class FimWriter {

    /** Enough that handing a batch over costs nothing beside encoding it. */
    private static final int BATCH_ROWS = 64;

    private final FillInTheMiddle fim;
    private final String source;
    private final Workers threads;
    private final RowWriter writer;
    private final Queue<Future<List<Row>>> pending = new ArrayDeque<>();
    private List<Row> batch = new ArrayList<>();

    FimWriter(FillInTheMiddle fim, String source, Workers threads, RowWriter writer) {
        this.fim = fim;
        this.source = source;
        this.threads = threads;
        this.writer = writer;
    }

    private static final class Row {
        private final int epoch;
        private final long number;
        private final long[] ids;
        private final float[] mask;

        private Row(int epoch, long number, long[] ids, float[] mask) {
            this.epoch = epoch;
            this.number = number;
            this.ids = ids;
            this.mask = mask;
        }
    }

    /** Takes a row; the arrays are copied. */
    void add(int epoch, long number, long[] ids, float[] mask) throws IOException {
        batch.add(new Row(epoch, number, ids.clone(), mask.clone()));
        if (batch.size() == BATCH_ROWS) {
            submit();
            if (pending.size() > 2 * threads.count()) {
                write();
            }
        }
    }

    /** Writes all that was added. */
    void finish() throws IOException {
        submit();
        while (!pending.isEmpty()) {
            write();
        }
    }

    private void submit() {
        List<Row> rows = batch;
        pending.add(threads.submit(() -> rearranged(rows)));
        batch = new ArrayList<>();
    }

    private List<Row> rearranged(List<Row> rows) {
        for (Row row : rows) {
            fim.apply(source, row.epoch, row.number, row.ids, row.mask);
        }
        return rows;
    }

    private void write() throws IOException {
        for (Row row : Workers.await(pending.remove())) {
            writer.write(0, row.ids, row.mask);
        }
    }
}
