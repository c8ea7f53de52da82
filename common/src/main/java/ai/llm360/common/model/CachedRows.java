package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.torch.TorchScript;
import java.util.Arrays;
import java.util.stream.LongStream;

/** Rows of a cache that a call continues. */
final class CachedRows {

    private final KvCache cache;
    private final long[] rows;
    private final long[] start;
    private final int[] tokens;
    private final boolean padded;
    private NDArray[] padding = {};

    /**
     * @param slots the rows' places in the cache
     * @param tokens the number of positions that each row gets
     * @param padded whether all rows attend in one call, padded to the longest of them
     * @throws IllegalArgumentException if the cache has no room for them
     */
    CachedRows(KvCache cache, int[] slots, int[] tokens, boolean padded) {
        this.cache = cache;
        this.tokens = tokens.clone();
        this.padded = padded;
        rows = Arrays.stream(slots).asLongStream().toArray();
        start = Arrays.stream(slots).mapToLong(cache::length).toArray();
        for (int row = 0; row < slots.length; row++) {
            if (start[row] + tokens[row] > cache.capacity()) {
                throw new IllegalArgumentException(
                        "a row of %d positions can't take %d more: the cache was made for %d"
                                .formatted(start[row], tokens[row], cache.capacity()));
            }
        }
    }

    KvCache cache() {
        return cache;
    }

    /** The rows' places in the cache. */
    long[] rows() {
        return rows;
    }

    /** The positions that each row has so far. */
    long[] start() {
        return start;
    }

    boolean padded() {
        return padded;
    }

    /** Makes what padded rows need for their attention, the same for all layers. */
    void pad(TorchScript page, NDManager scope) {
        if (!padded) {
            return;
        }
        cache.makeFinite(page);
        int longest = Arrays.stream(tokens).max().orElse(0);
        LongStream.Builder taken = LongStream.builder();
        LongStream.Builder places = LongStream.builder();
        LongStream.Builder positions = LongStream.builder();
        long end = 0;
        for (int row = 0; row < tokens.length; row++) {
            for (int t = 0; t < tokens[row]; t++) {
                taken.add((long) row * longest + t);
                places.add(rows[row]);
                positions.add(start[row] + t);
            }
            end = Math.max(end, start[row] + tokens[row]);
        }
        padding =
                new NDArray[] {
                    scope.create(taken.build().toArray()),
                    scope.create(places.build().toArray()),
                    scope.create(positions.build().toArray()),
                    scope.create(rows),
                    page.infer(scope, "padded_seen", scope.create(start), longest, end)
                };
    }

    /** Returns the arguments that a page's layer takes for a cache. */
    Object[] arguments(int layer) {
        NDArray[] arrays = new NDArray[2 + padding.length];
        arrays[0] = cache.keys(layer);
        arrays[1] = cache.values(layer);
        System.arraycopy(padding, 0, arrays, 2, padding.length);
        return new Object[] {arrays, rows, start};
    }
}
