package ai.llm360.analysis.memorization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Measures how much of training rows a model gives back: of a row's first k tokens, the model
 * continues greedily with l tokens, which are compared with the row's.
 *
 * <p>It is the measure of LLM360's Analysis360 ({@code single_ckpt_memorization_eval.py}, section
 * 4.3 of arXiv 2312.06550). As there, a generated end token ends a continuation, and nothing behind
 * it agrees; {@link Builder#optIgnoreEos} goes on instead.
 *
 * <p>Up to the first token that differs, the model reads the row itself. So each row is scored
 * once, all positions in one pass, and only from its first difference on is it generated token by
 * token. Of tokens with the very same logit, the row's counts as the greedy choice.
 */
public final class Memorization {

    private final CausalLanguageModel model;
    private final int batch;
    private final boolean ignoreEos;

    private Memorization(Builder builder) {
        model = builder.model;
        batch = builder.batch;
        ignoreEos = builder.ignoreEos;
    }

    /** {@return a builder for a model} */
    public static Builder builder(CausalLanguageModel model) {
        return new Builder(model);
    }

    /**
     * Measures samples.
     *
     * @param samples rows that all have the same k and l
     * @return where the model's continuations agree with the rows, in the samples' order
     * @throws IllegalArgumentException if there are no samples, their lengths differ, they don't
     *     fit the model's context, or a token is outside its vocabulary
     * @throws IllegalStateException if the model gives logits that aren't finite, or is closed
     */
    public MemorizationResult measure(List<MemorizationSample> samples) {
        if (samples.isEmpty()) {
            throw new IllegalArgumentException("there are no samples to measure");
        }
        int prompt = samples.get(0).prompt().length;
        int length = samples.get(0).continuation().length;
        for (MemorizationSample sample : samples) {
            if (sample.prompt().length != prompt || sample.continuation().length != length) {
                throw new IllegalArgumentException(
                        "samples of %d and %d tokens beside one of %d and %d: all must have the same k and l"
                                .formatted(
                                        prompt,
                                        length,
                                        sample.prompt().length,
                                        sample.continuation().length));
            }
        }
        boolean[][] agreements = new boolean[samples.size()][length];
        for (int from = 0; from < samples.size(); from += batch) {
            int to = Math.min(samples.size(), from + batch);
            measure(samples.subList(from, to), Arrays.copyOfRange(agreements, from, to));
        }
        return MemorizationResult.of(agreements);
    }

    /** A row that goes its own way: the place of its next token, and the last one it has. */
    private static final class Way {
        private final int row;
        private int at;
        private long last;

        Way(int row, int at, long last) {
            this.row = row;
            this.at = at;
            this.last = last;
        }
    }

    private void measure(List<MemorizationSample> samples, boolean[][] agreements) {
        int prompt = samples.get(0).prompt().length;
        int length = samples.get(0).continuation().length;
        int[] all = IntStream.range(0, samples.size()).toArray();
        try (KvCache cache = model.newCache(samples.size(), prompt + length - 1)) {
            List<LabelledRow> rows = samples.stream().map(Memorization::row).toList();
            List<LabelScores> scores = model.score(cache, all, rows, Batching.PADDED);
            List<Way> open = new ArrayList<>();
            for (int row : all) {
                requireFinite(DoubleStream.of(scores.get(row).logProbabilities()));
                long[] ids = rows.get(row).ids();
                int at = agreeing(scores.get(row), samples.get(row), agreements[row]);
                if (at < length) {
                    // The token before is read again: what follows it is the model's own choice.
                    cache.truncate(row, prompt + at - 1);
                    open.add(new Way(row, at, ids[prompt + at - 1]));
                }
            }
            while (!open.isEmpty()) {
                step(cache, open);
                open.removeIf(way -> !goesOn(way, samples.get(way.row), agreements[way.row]));
            }
        }
    }

    /** The row but its last token, of which the continuation is scored. */
    private static LabelledRow row(MemorizationSample sample) {
        int prompt = sample.prompt().length;
        int length = sample.continuation().length;
        long[] ids = Arrays.copyOf(sample.prompt(), prompt + length - 1);
        System.arraycopy(sample.continuation(), 0, ids, prompt, length - 1);
        return new LabelledRow(
                ids, IntStream.range(prompt - 1, ids.length).toArray(), sample.continuation());
    }

    /** Marks what agrees from the beginning on; returns where generation begins, l if nowhere. */
    private int agreeing(LabelScores scores, MemorizationSample sample, boolean[] agreements) {
        int at = 0;
        while (at < agreements.length && scores.ranks()[at] == 0) {
            agreements[at] = true;
            if (isEnd(sample.continuation()[at])) {
                return agreements.length;
            }
            at++;
        }
        return at;
    }

    private boolean isEnd(long id) {
        return !ignoreEos && model.eosIds().contains(id);
    }

    /** Appends each way's last token, and takes the most probable one after it. */
    private void step(KvCache cache, List<Way> open) {
        int[] slots = open.stream().mapToInt(way -> way.row).toArray();
        long[][] ids = open.stream().map(way -> new long[] {way.last}).toArray(long[][]::new);
        try (NDManager manager = model.newRequestManager()) {
            NDArray logits = model.advance(manager, cache, slots, ids); // (R, V)
            float[] best = logits.max(new int[] {1}).toFloatArray();
            requireFinite(IntStream.range(0, best.length).mapToDouble(i -> best[i]));
            long[] chosen = logits.argMax(1).toLongArray();
            for (int i = 0; i < chosen.length; i++) {
                open.get(i).last = chosen[i];
            }
        }
    }

    private boolean goesOn(Way way, MemorizationSample sample, boolean[] agreements) {
        agreements[way.at] = way.last == sample.continuation()[way.at];
        way.at++;
        return way.at < agreements.length && !isEnd(way.last);
    }

    private static void requireFinite(DoubleStream values) {
        if (!values.allMatch(Double::isFinite)) {
            throw new IllegalStateException(
                    "the model gives logits that aren't finite: its weights are damaged, or"
                            + " overflow the type that they are held in");
        }
    }

    /** Sets how a model is measured. */
    public static final class Builder {

        private final CausalLanguageModel model;
        private int batch = 32;
        private boolean ignoreEos;

        private Builder(CausalLanguageModel model) {
            this.model = model;
        }

        /**
         * Sets the number of rows that are computed at once; 32, as Analysis360's, if it isn't
         * called. Each takes the cache of k + l - 1 positions.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder optBatch(int batch) {
            if (batch < 1) {
                throw new IllegalArgumentException("a batch has at least 1 row, not " + batch);
            }
            this.batch = batch;
            return this;
        }

        /** Sets whether generation goes on past end tokens; false if it isn't called. */
        public Builder optIgnoreEos(boolean ignoreEos) {
            this.ignoreEos = ignoreEos;
            return this;
        }

        /** {@return the measure} */
        public Memorization build() {
            return new Memorization(this);
        }
    }
}
