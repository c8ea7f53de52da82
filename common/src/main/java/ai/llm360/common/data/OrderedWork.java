package ai.llm360.common.data;

import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Does pieces of work on several threads, in batches, and what follows from each on the caller's,
 * in the order in which they came.
 */
final class OrderedWork {

    /** Takes the result of a piece of work, in the pieces' order. */
    interface Step {
        void run() throws IOException;
    }

    private final Workers threads;
    private final int batchSize;
    private final Queue<Future<List<Step>>> pending = new ArrayDeque<>();
    private List<Supplier<Step>> batch = new ArrayList<>();
    private int size;

    /** Orders work in batches so large that handing one over costs nothing beside its work. */
    OrderedWork(Workers threads, int batchSize) {
        this.threads = threads;
        this.batchSize = batchSize;
    }

    void add(int itsSize, Supplier<Step> work) throws IOException {
        batch.add(work);
        size += itsSize;
        if (size >= batchSize) {
            submit();
            if (pending.size() > 2 * threads.count()) {
                take();
            }
        }
    }

    /** Ends all that was added. */
    void finish() throws IOException {
        submit();
        while (!pending.isEmpty()) {
            take();
        }
    }

    private void submit() {
        List<Supplier<Step>> all = batch;
        pending.add(threads.submit(() -> all.stream().map(Supplier::get).toList()));
        batch = new ArrayList<>();
        size = 0;
    }

    private void take() throws IOException {
        for (Step step : Workers.await(pending.remove())) {
            step.run();
        }
    }
}
