package ai.llm360.common.model;

import ai.llm360.common.torch.TorchScript;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows of any lengths, whole or continuing those of a cache, divided into passes as a {@link
 * Batching} says.
 */
final class RowGroups {

    /** The logits of this number of positions are held at a time, as in training. */
    private static final int LOGIT_ROWS = DecoderGradients.LOSS_ROWS;

    private final CausalDecoder decoder;
    private final KvCache cache;
    private final int[] slots;
    private final long[][] ids;
    private final boolean gpu;
    private final List<int[]> groups = new ArrayList<>();

    /**
     * @param cache the cache, or {@code null} for whole rows
     * @param slots the rows' places in it
     * @throws IllegalArgumentException if the cache has no room for them
     */
    RowGroups(
            CausalDecoder decoder, KvCache cache, int[] slots, long[][] ids, Batching batching) {
        this.decoder = decoder;
        this.cache = cache;
        this.slots = slots;
        this.ids = ids;
        gpu = decoder.embedding().getArray().getDevice().isGpu();
        int[] all = IntStream.range(0, ids.length).toArray();
        if (cache != null) {
            cachedRows(all);
        }
        if (gpu || batching == Batching.PADDED) {
            groups.add(all);
            return;
        }
        int[] single = Arrays.stream(all).filter(row -> ids[row].length == 1).toArray();
        if (single.length > 0) {
            groups.add(single);
        }
        for (int row : all) {
            if (ids[row].length != 1) {
                groups.add(new int[] {row});
            }
        }
    }

    /** Rows that differ attend in one padded call; on a GPU all do, of which each is a launch. */
    private CachedRows cachedRows(int[] group) {
        int[] lengths = lengths(group);
        boolean differ = Arrays.stream(lengths).distinct().count() > 1;
        boolean padded = group.length > 1 && (gpu || differ);
        return new CachedRows(cache, pick(slots, group), lengths, padded);
    }

    private int[] lengths(int[] group) {
        return Arrays.stream(group).map(row -> ids[row].length).toArray();
    }

    private static int[] pick(int[] values, int[] places) {
        return Arrays.stream(places).map(place -> values[place]).toArray();
    }

    /** The last layer's output for a group's rows, (B, T, C), T the longest length. */
    private NDArray states(NDManager scope, int[] group) {
        CachedRows cached = cache == null ? null : cachedRows(group);
        long[][] tokens = Arrays.stream(group).mapToObj(row -> ids[row]).toArray(long[][]::new);
        DecoderPass pass = DecoderPass.inference(decoder, scope, cached);
        return pass.states(DecoderInput.padded(scope, tokens), input -> false);
    }

    private int longest(int[] group) {
        return Arrays.stream(lengths(group)).max().orElse(0);
    }

    /** Computes the states of all rows' last tokens: (R, 1, C), in the rows' order. */
    NDArray lastStates(NDManager scope) {
        NDArray[] parts = new NDArray[groups.size()];
        long[] order = new long[ids.length];
        long next = 0;
        for (int i = 0; i < parts.length; i++) {
            int[] group = groups.get(i);
            int longest = longest(group);
            long[] last = new long[group.length];
            for (int row = 0; row < last.length; row++) {
                last[row] = (long) row * longest + ids[group[row]].length - 1;
                order[group[row]] = next++;
            }
            try (NDManager step = scope.newSubManager()) {
                NDArray x = states(step, group);
                parts[i] = page().infer(scope, "positions", x, step.create(last));
            }
        }
        return parts.length == 1
                ? parts[0]
                : page().infer(scope, "joined", parts, scope.create(order));
    }

    private TorchScript page() {
        return decoder.runtime().plain();
    }

    /** Scores the rows' labels. */
    List<LabelScores> score(List<LabelledRow> rows) {
        LabelScores[] scores = new LabelScores[rows.size()];
        for (int[] group : groups) {
            try (NDManager scope = decoder.runtime().manager().newSubManager()) {
                NDArray x = states(scope, group);
                int longest = longest(group);
                for (int i = 0; i < group.length; i++) {
                    scores[group[i]] = score(scope, x, (long) i * longest, rows.get(group[i]));
                }
            }
        }
        return List.of(scores);
    }

    /** A row's labels, some at a time, so that logits of all positions are never held. */
    private LabelScores score(NDManager scope, NDArray x, long offset, LabelledRow row) {
        int count = row.labels().length;
        double[] logProbabilities = new double[count];
        int[] ranks = new int[count];
        for (int start = 0; start < count; start += LOGIT_ROWS) {
            int end = Math.min(start + LOGIT_ROWS, count);
            try (NDManager step = scope.newSubManager()) {
                long[] places =
                        Arrays.stream(row.positions(), start, end).mapToLong(p -> offset + p).toArray();
                NDArray labels = step.create(Arrays.copyOfRange(row.labels(), start, end));
                NDArray taken = page().infer(step, "taken", x, step.create(places));
                NDArray logits = DecoderPass.inference(decoder, step, null).logits(taken);
                double[] both = page().infer(step, "scores", logits, labels).toDoubleArray();
                for (int i = start; i < end; i++) {
                    logProbabilities[i] = both[i - start];
                    ranks[i] = (int) both[end - start + i - start];
                }
            }
        }
        return new LabelScores(logProbabilities, ranks);
    }

    /** Notes in the cache that its rows have grown, after all is computed. */
    void grow() {
        if (cache != null) {
            for (int row = 0; row < ids.length; row++) {
                cache.grow(slots[row], ids[row].length);
            }
        }
    }
}
