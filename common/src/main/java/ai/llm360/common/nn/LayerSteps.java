package ai.llm360.common.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * Which of a layer's weights each step of its page takes, and which matrices multiply between the
 * steps.
 *
 * <p>A layer is five steps with four products between them. A matrix belongs to the product that
 * its place among the layer's matrices gives; a vector to the step after the product of the matrix
 * before it: a norm after the attention's output and a product's bias alike.
 */
final class LayerSteps {

    private final List<List<Integer>> vectors = new ArrayList<>();
    private final List<List<Integer>> matrices = new ArrayList<>();

    /**
     * @param weights the layer's weights in order
     * @param products how many matrices each product takes
     */
    LayerSteps(List<WeightSpec> weights, List<Integer> products) {
        for (int i = 0; i <= products.size(); i++) {
            vectors.add(new ArrayList<>());
            matrices.add(new ArrayList<>());
        }
        int product = 0;
        int step = 0;
        for (int i = 0; i < weights.size(); i++) {
            if (!weights.get(i).linear()) {
                vectors.get(step).add(i);
                continue;
            }
            if (matrices.get(product).size() == products.get(product)) {
                product++;
            }
            matrices.get(product).add(i);
            step = product + 1;
        }
    }

    int count() {
        return vectors.size();
    }

    /** The places in the layer's list of the vectors that a step takes. */
    List<Integer> vectors(int step) {
        return vectors.get(step);
    }

    /** The places in the layer's list of the matrices that multiply after a step. */
    List<Integer> matrices(int product) {
        return matrices.get(product);
    }
}
