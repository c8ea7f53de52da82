package ai.llm360.common.generate;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.model.KvCache;
import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
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

    /** Gives back what streams held that nobody finished, closed, or can reach any more. */
    private static final Cleaner CLEANER = Cleaner.create();

    private final CausalLanguageModel model;
    private final List<Continuation> rows;
    private final Memory memory;
    private final Cleaner.Cleanable cleanable;
    private final Queue<GeneratedToken> ready = new ArrayDeque<>();
    private int prompted;
    private boolean closed;

    /** Holds a stream's native memory; a cache that was lent outlives it. */
    private record Memory(NDManager manager, Sampler sampler, KvCache cache, boolean lent) {

        static Memory of(
                CausalLanguageModel model,
                GenerationConfig config,
                List<Continuation> rows,
                Optional<KvCache> lent) {
            NDManager manager = model.newRequestManager();
            manager.setName("generation");
            try {
                Sampler sampler = new Sampler(model, manager, config, rows.size());
                int positions = rows.stream().mapToInt(Continuation::positions).max().orElseThrow();
                KvCache cache = lent.orElseGet(() -> model.newCache(rows.size(), positions));
                return new Memory(manager, sampler, cache, lent.isPresent());
            } catch (RuntimeException | Error e) {
                manager.close();
                throw e;
            }
        }

        void free() {
            if (!lent) {
                cache.close();
            }
            manager.close();
        }
    }

    TokenStream(CausalLanguageModel model, GenerationConfig config, List<Continuation> rows) {
        this(model, config, rows, Optional.empty());
    }

    /**
     * Continues prompts of which a cache may hold beginnings already.
     *
     * @param lent a cache with room for the rows, which stays the caller's; each of its rows holds
     *     fewer positions than the prompt has, and the same ones
     */
    TokenStream(
            CausalLanguageModel model,
            GenerationConfig config,
            List<Continuation> rows,
            Optional<KvCache> lent) {
        this.model = model;
        this.rows = rows;
        memory = model.whileOpen(() -> Memory.of(model, config, rows, lent));
        cleanable = CLEANER.register(this, memory::free);
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

    @Override
    public synchronized GeneratedToken next() {
        if (!hasNext()) {
            throw new NoSuchElementException("every continuation has ended");
        }
        return ready.remove();
    }

    private void readPrompt(Continuation row) {
        long[] prompt = row.prompt();
        int read = memory.cache().length(row.row());
        choose(List.of(row), new long[][] {Arrays.copyOfRange(prompt, read, prompt.length)});
    }

    private void step() {
        List<Continuation> open = rows.stream().filter(row -> !row.finished()).toList();
        long[][] ids = new long[open.size()][];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = new long[] {open.get(i).lastId()};
        }
        choose(open, ids);
    }

    /** Appends tokens to rows, and to each row the one that is chosen after them. */
    private void choose(List<Continuation> open, long[][] ids) {
        int[] slots = open.stream().mapToInt(Continuation::row).toArray();
        double[] chosen =
                model.whileOpen(
                        () -> {
                            try (NDManager scope = memory.manager().newSubManager()) {
                                if (prompted < rows.size()) {
                                    memory.sampler().prompt(scope, slots[0], open.get(0).prompt());
                                }
                                NDArray logits = model.advance(scope, memory.cache(), slots, ids);
                                return memory.sampler().choose(scope, logits, slots);
                            }
                        });
        for (int i = 0; i < open.size(); i++) {
            Continuation row = open.get(i);
            double logProbability = chosen[2 * i + 1];
            if (!Double.isFinite(logProbability)) {
                long[] read = row.ids();
                String where = "row %d after %d tokens, the last of them %d";
                throw Sampler.notFinite(
                        model,
                        where.formatted(row.row(), read.length, read[read.length - 1]),
                        read);
            }
            ready.add(row.append((long) chosen[2 * i], logProbability));
        }
    }

    /** Returns a single row's prompt with what was made so far. */
    synchronized long[] ids() {
        return rows.get(0).ids();
    }

    /** Returns the reason why a single row has ended, if it has. */
    synchronized Optional<FinishReason> reason() {
        return rows.get(0).reason();
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
            cleanable.clean();
        }
    }
}
