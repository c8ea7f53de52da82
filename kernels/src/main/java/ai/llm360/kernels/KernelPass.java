package ai.llm360.kernels;

import ai.djl.nn.Parameter;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.kernels.KernelWeights.Group;
import ai.llm360.kernels.KernelWeights.Norm;
import ai.llm360.kernels.KernelWeights.Product;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Passes new tokens through a decoder's layers, and holds the memory that intermediate results
 * take.
 */
final class KernelPass implements InferenceBackend.Pass {

    private final KernelDecoder decoder;
    private final KernelRows stream;
    private final int[] slots;
    private final int[] positions;
    private final IntFunction<KernelCache> caches;
    private final IntegerProduct int8;
    private final List<List<KernelRows>> results = new ArrayList<>();
    private final KernelRows normed;
    private final KernelRows attended;
    private final KernelScratch scratch = new KernelScratch();

    /**
     * @param stream the residual stream, (n, C), which each layer changes
     * @param slots for each of the n its row of the cache
     * @param positions for each of the n its position
     * @param caches gives each layer's cache
     */
    KernelPass(
            KernelDecoder decoder,
            KernelRows stream,
            int[] slots,
            int[] positions,
            IntFunction<KernelCache> caches) {
        this.decoder = decoder;
        this.stream = stream;
        this.slots = slots;
        this.positions = positions;
        this.caches = caches;
        int8 = decoder.product(stream.count());
        normed = KernelRows.allocate(stream.count(), stream.size());
        attended = decoder.attended(stream.count());
    }

    @Override
    public void layer(int layer, List<Parameter> parameters) {
        Group weights = decoder.weights().layer(layer, parameters);
        List<Product> products = weights.products();
        norm(weights.norms().get(0));
        List<KernelRows> heads = multiply(0, normed, products.get(0));
        products.get(1).expect();
        decoder.attend(heads, caches.apply(layer), slots, positions, attended);
        KernelSteps.add(stream, multiply(1, attended, products.get(1)).get(0));
        products.get(2).expect();
        norm(weights.norms().get(1));
        List<KernelRows> inner = multiply(2, normed, products.get(2));
        products.get(3).expect();
        int first = decoder.rules().gate();
        KernelRows gate = inner.get(first);
        KernelSteps.swiglu(gate, inner.get(1 - first));
        KernelRows down = multiply(3, gate, products.get(3)).get(0);
        decoder.weights().expect(layer + 1);
        KernelSteps.add(stream, down);
    }

    private void norm(Norm norm) {
        decoder.norm(norm, stream, normed);
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
        KernelMatrix.multiply(x, product.matrices(), rows, scratch, int8);
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
    }
}
