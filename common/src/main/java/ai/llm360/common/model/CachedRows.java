package ai.llm360.common.model;

import java.util.Arrays;

/** Rows of a cache that a call continues. */
final class CachedRows {

    private final KvCache cache;
    private final long[] rows;
    private final long[] start;

    /**
     * @param cache the cache
     * @param slots the rows' places in it
     * @param tokens how many positions each row gets
     * @throws IllegalArgumentException if the cache has no room for them
     */
    CachedRows(KvCache cache, int[] slots, int tokens) {
        this.cache = cache;
        rows = Arrays.stream(slots).asLongStream().toArray();
        start = Arrays.stream(slots).mapToLong(cache::length).toArray();
        for (long length : start) {
            if (length + tokens > cache.capacity()) {
                throw new IllegalArgumentException(
                        "a row of %d positions can't take %d more: the cache was made for %d"
                                .formatted(length, tokens, cache.capacity()));
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

    /** What a page's methods for cached rows take after queries, keys and values. */
    Object[] arguments(int layer) {
        return new Object[] {cache.keys(layer), cache.values(layer), rows, start};
    }
}
