package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.llm360.common.kernel.KernelAttention;
import ai.llm360.common.kernel.KernelCache;
import ai.llm360.common.kernel.KernelMatrix;
import ai.llm360.common.kernel.KernelRows;
import ai.llm360.common.kernel.KernelScratch;
import ai.llm360.common.kernel.KernelSteps;
import ai.llm360.common.nn.KernelWeights.Group;
import ai.llm360.common.nn.KernelWeights.Norm;
import ai.llm360.common.nn.KernelWeights.Product;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass of new tokens through a decoder's layers on this project's kernels, with the memory that
 * its intermediate results take.
 */
final class KernelPass implements AutoCloseable {

    private final DecoderRules rules;
    private final KernelAttention attention;
    private final KernelRows cosines;
    private final KernelRows sines;
    private final KvCache cache;
    private final boolean owned;
    private final KernelRows stream;
    private final int[] slots;
    private final int[] positions;
    private final List<List<KernelRows>> results = new ArrayList<>();
    private final KernelRows normed;
    private final KernelRows attended;
    private final KernelScratch scratch = new KernelScratch();

    /**
     * @param x the residual stream, (B, T, C), which each layer changes
     * @param cosines the cosines of all positions' angles, (positions, R)
     * @param sines their sines
     * @param cached the rows' places in a cache that they continue
     * @param owned whether that cache is of one layer, and not used after this pass
     */
    KernelPass(
            DecoderRules rules,
            KernelAttention attention,
            NDArray x,
            KernelRows cosines,
            KernelRows sines,
            CachedRows cached,
            boolean owned) {
        this.rules = rules;
        this.attention = attention;
        this.cosines = cosines;
        this.sines = sines;
        cache = cached.cache();
        this.owned = owned;
        stream = KernelDecoder.rows(x);
        int tokens = Math.toIntExact(x.getShape().get(1));
        int rows = stream.count();
        slots = new int[rows];
        positions = new int[rows];
        for (int i = 0; i < rows; i++) {
            slots[i] = (int) cached.rows()[i / tokens];
            positions[i] = (int) cached.start()[i / tokens] + i % tokens;
        }
        normed = KernelRows.allocate(rows, stream.size());
        attended = KernelRows.allocate(rows, attention.heads() * attention.size());
    }

    /**
     * Runs one layer.
     *
     * @param layer its number
     * @param weights its weights
     * @param next told when the layer's last product has been computed
     */
    void layer(int layer, Group weights, Runnable next) {
        List<Product> products = weights.products();
        norm(weights.norms().get(0));
        List<KernelRows> heads = multiply(0, normed, products.get(0));
        products.get(1).expect();
        KernelCache keysAndValues = cache.kernel(owned ? 0 : layer);
        attention.attend(heads, cosines, sines, keysAndValues, slots, positions, attended);
        KernelSteps.add(stream, multiply(1, attended, products.get(1)).get(0));
        products.get(2).expect();
        norm(weights.norms().get(1));
        List<KernelRows> inner = multiply(2, normed, products.get(2));
        products.get(3).expect();
        KernelRows gate = inner.get(rules.gate());
        KernelSteps.swiglu(gate, inner.get(1 - rules.gate()));
        KernelRows down = multiply(3, gate, products.get(3)).get(0);
        next.run();
        KernelSteps.add(stream, down);
    }

    private void norm(Norm norm) {
        KernelDecoder.norm(rules, norm, stream, normed);
    }

    /** The results' memory is that of the same product in the layer before. */
    private List<KernelRows> multiply(int number, KernelRows x, Product product) {
        if (results.size() == number) {
            results.add(
                    product.outputs().stream()
                            .map(outputs -> KernelRows.allocate(x.count(), outputs))
                            .toList());
        }
        List<KernelRows> rows = results.get(number);
        KernelMatrix.multiply(x, product.matrices(), rows, scratch);
        for (int i = 0; i < rows.size(); i++) {
            if (product.biases().get(i) != null) {
                KernelSteps.addBias(rows.get(i), product.biases().get(i));
            }
        }
        return rows;
    }

    @Override
    public void close() {
        normed.close();
        attended.close();
        scratch.close();
        results.forEach(product -> product.forEach(KernelRows::close));
        if (owned) {
            cache.close();
        }
    }
}
