package ai.llm360.kernels;

import java.util.Arrays;
import java.util.List;

/**
 * The attention of new positions of a cache's rows: rotary positions (arXiv 2104.09864), then
 * softmax(scale q k') v over a position and those before it, in float32.
 *
 * <p>Each position and head is computed by itself, so its bits don't depend on others.
 *
 * @param heads H, a multiple of K
 * @param keyValueHeads K
 * @param size the size of a head, D
 * @param rotary how many of its dimensions turn, R
 * @param pairs whether dimension 2i turns with 2i + 1, as in GPT-J, rather than i with i + R/2, as
 *     in LLaMA
 * @param scale what scores are multiplied by
 */
record KernelAttention(
        int heads, int keyValueHeads, int size, int rotary, boolean pairs, float scale) {

    /** The numbers of neighbouring positions of a row that read keys and values together. */
    private static final int[] TOGETHER = {16, 4};

    /** Refuses heads that there are no kernels for. */
    KernelAttention {
        if (size % 8 != 0
                || size > 256
                || heads % keyValueHeads != 0
                || rotary % 2 != 0
                || rotary > size) {
            throw new IllegalArgumentException(
                    ("no kernel for %d heads that share %d keys and values, of %d dimensions of"
                                    + " which %d turn")
                            .formatted(heads, keyValueHeads, size, rotary));
        }
    }

    /** Returns whether there are kernels here, and D is a multiple of 8 up to 256. */
    static boolean supports(long size) {
        return KernelLibrary.usable() && size % 8 == 0 && size <= 256;
    }

    /**
     * Stores the keys and values of new positions, then computes their attention. Positions of one
     * row may come together, the earlier ones first.
     *
     * @param products queries, keys and values, in this order, side by side in one array or in
     *     several: (n, H D), (n, K D), (n, K D). Queries and keys are turned in place
     * @param cosines the cosines of each position's angles, (positions, R)
     * @param sines their sines
     * @param rows for each of the n the row of the cache that it continues
     * @param positions for each of the n its position
     * @param result (n, H D), which is written
     * @throws IndexOutOfBoundsException if the cache has no such row or position
     */
    void attend(
            List<KernelRows> products,
            KernelRows cosines,
            KernelRows sines,
            KernelCache cache,
            int[] rows,
            int[] positions,
            KernelRows result) {
        int queries = heads * size;
        int keys = keyValueHeads * size;
        if (cache.heads() != keyValueHeads
                || cache.size() != size
                || cosines.size() != rotary
                || sines.size() != rotary
                || result.size() != queries
                || products.stream().mapToInt(KernelRows::size).sum() != queries + 2 * keys) {
            throw new IllegalArgumentException("arrays of other sizes than %s's".formatted(this));
        }
        for (int i = 0; i < rows.length; i++) {
            cache.check(rows[i], positions[i]);
        }
        KernelThreads.shared()
                .run(
                        rows.length,
                        i -> {
                            long cos = cosines.address(positions[i]);
                            long sin = sines.address(positions[i]);
                            long q = find(products, i, 0);
                            long k = find(products, i, queries);
                            long v = find(products, i, queries + keys);
                            int together = pairs ? 1 : 0;
                            KernelLibrary.llm360_rotate(together, q, heads, size, rotary, cos, sin);
                            KernelLibrary.llm360_rotate(
                                    together, k, keyValueHeads, size, rotary, cos, sin);
                            store(cache, k, positions[i], cache.keys(rows[i]));
                            store(cache, v, positions[i], cache.values(rows[i]));
                        });
        attend(products, cache, rows, positions, result);
    }

    private static void store(KernelCache cache, long x, int position, long to) {
        KernelLibrary.llm360_store(
                cache.half(), x, cache.heads(), cache.size(), cache.capacity(), position, to);
    }

    /** Divides positions among threads, and their heads where those have much to read. */
    private void attend(
            List<KernelRows> products,
            KernelCache cache,
            int[] rows,
            int[] positions,
            KernelRows result) {
        int[] groups = groups(rows, positions);
        long longest = 1L + Arrays.stream(positions).max().orElse(0);
        long read = 2L * longest * size * cache.elementBytes();
        int step = (int) Math.min(heads, Math.max(1, KernelMatrix.PART / read));
        int steps = (heads + step - 1) / step;
        KernelThreads.shared()
                .run(
                        (groups.length - 1) * steps,
                        part -> {
                            int i = groups[part / steps];
                            int from = part % steps * step;
                            KernelLibrary.llm360_attend(
                                    cache.half(),
                                    find(products, i, 0),
                                    groups[part / steps + 1] - i,
                                    products.get(0).size(),
                                    cache.keys(rows[i]),
                                    cache.values(rows[i]),
                                    heads / keyValueHeads,
                                    size,
                                    cache.capacity(),
                                    positions[i] + 1L,
                                    scale,
                                    result.address(i),
                                    result.size(),
                                    from,
                                    Math.min(from + step, heads));
                        });
    }

    /** Where each of the groups begins that are computed together, and where the last one ends. */
    private static int[] groups(int[] rows, int[] positions) {
        int[] starts = new int[rows.length + 1];
        int count = 0;
        for (int i = 0; i < rows.length; count++) {
            starts[count] = i;
            i += together(rows, positions, i);
        }
        starts[count] = rows.length;
        return Arrays.copyOf(starts, count + 1);
    }

    private static int together(int[] rows, int[] positions, int i) {
        int end = i + 1;
        while (end < Math.min(i + TOGETHER[0], rows.length)
                && rows[end] == rows[i]
                && positions[end] == positions[end - 1] + 1) {
            end++;
        }
        int run = end - i;
        return Arrays.stream(TOGETHER).filter(size -> size <= run).findFirst().orElse(1);
    }

    /** Where the numbers from {@code offset} on lie, of row {@code i} of arrays side by side. */
    private static long find(List<KernelRows> products, int i, int offset) {
        int rest = offset;
        for (KernelRows product : products) {
            if (rest < product.size()) {
                return product.address(i) + (long) Float.BYTES * rest;
            }
            rest -= product.size();
        }
        throw new IndexOutOfBoundsException(offset);
    }
}
