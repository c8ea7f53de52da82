package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.LongBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Drops some inputs of adapters while they are trained (LoRA's dropout).
 *
 * <p>Which ones is a hash of seed, step, place in the step, adapter and element, and no generator's
 * state: so a layer that is computed again for its gradient drops the same, and so does a run that
 * is resumed, on every machine.
 */
final class AdapterDropout {

    /** The share is a multiple of 1 / STEPS: an element has 16 bits of its hash. */
    private static final int STEPS = 1 << 16;

    private final long seed;
    private final long dropped;

    /** Two words of the step's hash, and how many of STEPS are dropped. */
    private final NDArray state;

    private final Map<String, NDArray> salts = new HashMap<>();

    /**
     * @param share of the inputs, 0 to below 1
     * @param names of the adapters' weights
     * @param manager owns the few numbers that the page reads
     */
    AdapterDropout(double share, long seed, Collection<String> names, NDManager manager) {
        this.seed = seed;
        dropped = Math.min(STEPS - 1, Math.round(share * STEPS));
        state = manager.create(new long[3]);
        for (String name : names) {
            salts.put(name, manager.create(new long[] {salts.size()}));
        }
        set(0, 0);
    }

    /** Says which rows of which step come next. */
    void set(long step, long row) {
        long ofStep = new SplittableRandom(seed).nextLong() ^ step;
        long ofRow = new SplittableRandom(ofStep).nextLong() ^ row;
        SplittableRandom words = new SplittableRandom(ofRow);
        state.set(
                LongBuffer.wrap(
                        new long[] {words.nextLong() >>> 32, words.nextLong() >>> 32, dropped}));
    }

    /** Returns the arrays that the page takes beside an adapter's matrices. */
    List<NDArray> arrays(String name) {
        return List.of(state, salts.get(name));
    }
}
