package ai.llm360.kernels;

import ai.djl.nn.Parameter;
import ai.llm360.common.model.WeightSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Derives the role of each of a layer's weights from their order: norms with gain and perhaps bias,
 * and products of one matrix or several, each perhaps with a bias after it.
 *
 * @param norms the norms in order
 * @param products the products in order
 */
record LayerPlan(List<Norm> norms, List<Product> products) {

    /** No weight. */
    static final int NONE = -1;

    /**
     * A norm's weights, by their places in the layer's list.
     *
     * @param gain the gain
     * @param bias the bias, or {@link #NONE}
     */
    record Norm(int gain, int bias) {}

    /**
     * Matrices that multiply the same rows, by their places.
     *
     * @param biases for each matrix its bias, or {@link #NONE}
     */
    record Product(List<Integer> matrices, List<Integer> biases) {}

    /**
     * Reads the order of a layer's weights.
     *
     * @param products how many matrices each product takes
     */
    static LayerPlan of(List<WeightSpec> weights, List<Integer> products) {
        LayerPlan plan = new LayerPlan(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < weights.size(); i++) {
            boolean biased = i + 1 < weights.size() && isBias(weights.get(i + 1));
            int bias = biased ? i + 1 : NONE;
            if (weights.get(i).linear()) {
                plan.add(i, bias, products);
            } else if (!isBias(weights.get(i))) {
                plan.norms.add(new Norm(i, bias));
            }
        }
        return plan;
    }

    private void add(int matrix, int bias, List<Integer> counts) {
        int last = products.size() - 1;
        if (last < 0 || products.get(last).matrices.size() == counts.get(last)) {
            products.add(new Product(new ArrayList<>(), new ArrayList<>()));
            last++;
        }
        products.get(last).matrices.add(matrix);
        products.get(last).biases.add(bias);
    }

    private static boolean isBias(WeightSpec weight) {
        return weight.type() == Parameter.Type.BIAS;
    }
}
