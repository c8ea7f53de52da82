package ai.llm360.analysis.memorization;

import ai.llm360.common.model.Batching;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The perplexity of texts: {@code exp(nats / tokens)}.
 *
 * @param nats the negative log-likelihood of all scored tokens
 * @param tokens what it is divided by
 */
public record Perplexity(double nats, long tokens) {

    /** Tokens that are computed in one pass. */
    private static final int PASS = 4096;

    /** The length to which Analysis360 cuts a row. */
    private static final int ANALYSIS360_LENGTH = 512;

    /** {@return the perplexity} */
    public double value() {
        return Math.exp(nats / tokens);
    }

    /**
     * Scores every token of a text but the first, each once, in overlapping windows. A window reads
     * {@code window} tokens; behind the first window, each scores what its last {@code stride}
     * positions predict, so a token has at least {@code window - stride + 1} before it.
     *
     * <p>It is transformers' guide to the perplexity of models of fixed length ({@code
     * perplexity.md}) with {@code max_length = window + 1}, its mean over tokens taken exactly.
     *
     * @param ids the text (T), with its start token if the model wants one
     * @param window at most the model's context length
     * @param stride from 1, exact and slow, to {@code window}, windows that don't overlap
     * @throws IllegalArgumentException if there are fewer than two tokens, window or stride are out
     *     of range, or a token is outside the vocabulary
     * @throws IllegalStateException if the model gives logits that aren't finite, or is closed
     */
    public static Perplexity of(CausalLanguageModel model, long[] ids, int window, int stride) {
        if (ids.length < 2) {
            throw new IllegalArgumentException(
                    "a perplexity needs at least two tokens: the first is never predicted");
        }
        if (window < 1 || window > model.contextLength() || stride < 1 || stride > window) {
            throw new IllegalArgumentException(
                    "a window is 1 to %d tokens, the model's context length, and a stride 1 to the window, not %d and %d"
                            .formatted(model.contextLength(), window, stride));
        }
        List<LabelledRow> rows = new ArrayList<>();
        double nats = 0;
        int scored = 1; // tokens before this one are done
        for (int from = 0; scored < ids.length; from += stride) {
            int to = Math.min(from + window, ids.length - 1);
            int begin = from;
            int[] positions = IntStream.range(scored - 1 - begin, to - begin).toArray();
            long[] labels = Arrays.copyOfRange(ids, scored, to + 1);
            rows.add(new LabelledRow(Arrays.copyOfRange(ids, from, to), positions, labels));
            scored = to + 1;
            if (rows.size() * (long) window >= PASS || scored == ids.length) {
                nats += nats(model, rows);
                rows.clear();
            }
        }
        return new Perplexity(nats, ids.length - 1);
    }

    /**
     * Computes what Analysis360's {@code single_ckpt_ppl_eval.py} prints with {@code --batch_size
     * 1}: each row is cut to 512 tokens, and its mean loss over T - 1 predictions counts T times.
     * It is off by the last factor from {@link #of}, the more so the shorter the rows. With its
     * default of two rows a batch, Analysis360 counts the padding as text; that isn't repeated
     * here.
     *
     * @param rows the texts' tokens, as the tokenizer encodes a prompt
     * @return its {@code total_loss}, {@code total_tokens} and, as {@link #value}, {@code ppl}
     * @throws IllegalArgumentException if there are no rows, or one has fewer than two tokens, for
     *     which Analysis360 gives NaN
     */
    public static Perplexity analysis360(CausalLanguageModel model, List<long[]> rows) {
        double nats = 0;
        long tokens = 0;
        for (int row = 0; row < rows.size(); row++) {
            long[] whole = rows.get(row);
            long[] ids = Arrays.copyOf(whole, Math.min(whole.length, ANALYSIS360_LENGTH));
            if (ids.length < 2) {
                throw new IllegalArgumentException(
                        "row %d has %d tokens, of which none is predicted: leave it out"
                                .formatted(row + 1, ids.length));
            }
            double loss = nats(model, List.of(LabelledRow.scoredFrom(1, ids))) / (ids.length - 1);
            nats += loss * ids.length;
            tokens += ids.length;
        }
        if (tokens == 0) {
            throw new IllegalArgumentException("there are no rows");
        }
        return new Perplexity(nats, tokens);
    }

    private static double nats(CausalLanguageModel model, List<LabelledRow> rows) {
        double sum = 0;
        for (LabelScores scores : model.score(rows, Batching.PADDED)) {
            sum -= scores.sum();
        }
        if (!Double.isFinite(sum)) {
            throw new IllegalStateException(
                    "the model gives logits that aren't finite on tokens %s …"
                            .formatted(LongStream.of(rows.get(0).ids()).limit(8).boxed().toList()));
        }
        return sum;
    }
}
