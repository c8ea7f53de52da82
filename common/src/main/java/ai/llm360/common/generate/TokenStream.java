package ai.llm360.common.generate;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.nn.CausalLanguageModel;
import ai.llm360.common.nn.KvCache;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;

/**
 * The tokens of one or more continuations, made one by one as they are asked for.
 *
 * <p>Each prompt is read alone, unpadded; then all rows take their next token together, and a
 * finished row takes part no longer. Closing, also half-way or from another thread, frees the
 * cache; a stream that has come to its end has closed itself.
 *
 * <p>A row of a batch gives what it gives alone. In float32 and int8 on the CPU that holds bit for
 * bit: every kernel computes a row from that row alone, in an order that the batch doesn't change.
 * In bfloat16 it holds bit for bit up to four rows; a larger batch goes through another kernel,
 * whose sums differ in their last bits. On CUDA, cuBLAS chooses its kernel by the batch, so there
 * rows agree to rounding.
 */
public final class TokenStream implements Iterator<GeneratedToken>, AutoCloseable {

    private final CausalLanguageModel model;
    private final List<Continuation> rows;
    private final NDManager manager;
    private final Sampler sampler;
    private final KvCache cache;
    private final Queue<GeneratedToken> ready = new ArrayDeque<>();
    private int prompted;
    private boolean closed;

    TokenStream(CausalLanguageModel model, GenerationConfig config, List<Continuation> rows) {
        this.model = model;
        this.rows = rows;
        int positions = rows.stream().mapToInt(Continuation::positions).max().orElseThrow();
        manager = model.newRequestManager();
        manager.setName("generation");
        try {
            sampler = new Sampler(model, manager, config, rows.size());
            cache = model.newCache(rows.size(), positions);
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
    }

    /** Returns whether another token comes, making it if need be. */
    @Override
    public synchronized boolean hasNext() {
        if (ready.isEmpty() && !closed) {
            try {
                if (prompted < rows.size()) {
                    readPrompt(rows.get(prompted));
                    prompted++;
                } else {
                    step();
                }
            } catch (RuntimeException | Error e) {
                close();
                throw e;
            }
            if (prompted == rows.size() && rows.stream().allMatch(Continuation::finished)) {
                close();
            }
        }
        return !ready.isEmpty();
    }

    /** {@inheritDoc} */
    @Override
    public synchronized GeneratedToken next() {
        if (!hasNext()) {
            throw new NoSuchElementException("every continuation has ended");
        }
        return ready.remove();
    }

    private void readPrompt(Continuation row) {
        try (NDManager scope = manager.newSubManager()) {
            int[] slot = {row.row()};
            sampler.prompt(scope, row.row(), row.prompt());
            NDArray logits = model.advance(scope, cache, slot, new long[][] {row.prompt()});
            accept(List.of(row), sampler.choose(scope, logits, slot));
        }
    }

    private void step() {
        List<Continuation> open = rows.stream().filter(row -> !row.finished()).toList();
        int[] slots = open.stream().mapToInt(Continuation::row).toArray();
        long[][] ids = new long[slots.length][];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = new long[] {open.get(i).lastId()};
        }
        try (NDManager scope = manager.newSubManager()) {
            NDArray logits = model.advance(scope, cache, slots, ids);
            accept(open, sampler.choose(scope, logits, slots));
        }
    }

    private void accept(List<Continuation> open, double[] chosen) {
        for (int i = 0; i < open.size(); i++) {
            ready.add(open.get(i).append((long) chosen[2 * i], chosen[2 * i + 1]));
        }
    }

    /**
     * Runs to the end.
     *
     * @return the finished continuations, a row each
     * @throws IllegalStateException if the stream was closed before its end
     */
    public synchronized List<Generation> finish() {
        while (hasNext()) {
            next();
        }
        if (!rows.stream().allMatch(Continuation::finished)) {
            throw new IllegalStateException("the stream was closed before its end");
        }
        return rows.stream().map(Continuation::result).toList();
    }

    /** Stops, and frees the cache. Tokens that were made but not taken are dropped. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            cache.close();
            manager.close();
        }
    }
}
