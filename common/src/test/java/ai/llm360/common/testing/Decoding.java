package ai.llm360.common.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.KvCache;

/** Runs a decoder token by token, as generation does. */
public final class Decoding {

    private Decoding() {}

    /**
     * Returns the logits of every position, each computed from the cache of those before it.
     *
     * @param kernels whether this project's kernels multiply, where there are any
     * @return (1, T, V)
     */
    public static NDArray oneByOne(
            CausalDecoder model, NDManager manager, long[] ids, boolean kernels) {
        String before = System.setProperty("llm360.kernels", String.valueOf(kernels));
        try (KvCache cache = model.newCache(2, ids.length)) {
            NDList logits = new NDList();
            for (long id : ids) {
                logits.add(model.advance(manager, cache, new int[] {1}, new long[][] {{id}}));
            }
            return NDArrays.stack(logits, 1);
        } finally {
            if (before == null) {
                System.clearProperty("llm360.kernels");
            } else {
                System.setProperty("llm360.kernels", before);
            }
        }
    }
}
