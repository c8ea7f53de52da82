package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.KernelMatrix;
import ai.llm360.common.kernel.KernelRows;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder's weights as this project's kernels take them, each layer's made when it is first used:
 * matrices as their {@link KernelMatrices} give them, norms and biases as float32 copies.
 */
final class KernelWeights {

    /**
     * A norm.
     *
     * @param gain (1, C)
     * @param bias (1, C), or {@code null}
     */
    record Norm(KernelRows gain, KernelRows bias) {}

    /**
     * Matrices that multiply the same rows.
     *
     * @param matrices the matrices
     * @param biases for each matrix (1, O), or {@code null}
     */
    record Product(List<KernelMatrix> matrices, List<KernelRows> biases) {

        /** Says that it comes next, so that reading it may begin. */
        void expect() {
            matrices.get(0).expect();
        }

        /** Returns how many outputs each matrix has. */
        List<Integer> outputs() {
            return matrices.stream().map(KernelMatrix::outputs).toList();
        }
    }

    /** The weights of a layer, or those after the last one. */
    record Group(List<Norm> norms, List<Product> products) {}

    private final DecoderLayout layout;
    private final DecoderRules rules;
    private final KernelMatrices matrices;
    private final NDManager manager;
    private final LayerPlan layerPlan;
    private final LayerPlan lastPlan;
    private final Group[] groups;

    /**
     * @param matrices where matrices come from
     * @param manager what is made in between is attached to it
     */
    KernelWeights(DecoderLayout layout, KernelMatrices matrices, NDManager manager) {
        this.layout = layout;
        rules = layout.rules().orElseThrow();
        this.matrices = matrices;
        this.manager = manager;
        layerPlan = LayerPlan.of(layout.layer(), rules.products());
        lastPlan = LayerPlan.of(layout.last(), List.of(1));
        groups = new Group[layout.layers() + 1];
    }

    /** Whether the matrices multiply any number of rows, rather than few. */
    boolean manyRows() {
        return matrices.manyRows();
    }

    /**
     * Returns a layer's weights.
     *
     * @param parameters the layer's parameters in order
     */
    Group layer(int layer, List<Parameter> parameters) {
        return group(layer, layout.layerPrefix(layer), layerPlan, layout.layer(), parameters, 1);
    }

    /** Returns the final norm, which the head's scale is a part of, and the head. */
    Group last(List<Parameter> parameters) {
        float scale = (float) rules.headScale();
        return group(layout.layers(), "", lastPlan, layout.last(), parameters, scale);
    }

    /** Says that a layer comes next, or what comes after the last. */
    synchronized void expect(int layer) {
        if (groups[layer] != null) {
            groups[layer].products().get(0).expect();
        }
    }

    private synchronized Group group(
            int group,
            String prefix,
            LayerPlan plan,
            List<WeightSpec> specs,
            List<Parameter> parameters,
            float scale) {
        if (groups[group] == null) {
            List<Norm> norms = new ArrayList<>();
            for (LayerPlan.Norm norm : plan.norms()) {
                norms.add(
                        new Norm(
                                vector(parameters, norm.gain(), scale),
                                vector(parameters, norm.bias(), scale)));
            }
            List<Product> products = new ArrayList<>();
            for (LayerPlan.Product product : plan.products()) {
                List<KernelMatrix> operands = new ArrayList<>();
                for (int i : product.matrices()) {
                    WeightSpec spec = specs.get(i);
                    NDArray parameter = parameters.get(i).getArray();
                    operands.add(matrices.get(prefix + spec.name(), spec, parameter));
                }
                List<KernelRows> biases = new ArrayList<>(); // has nulls
                for (int i : product.biases()) {
                    biases.add(vector(parameters, i, 1));
                }
                products.add(new Product(operands, biases));
            }
            groups[group] = new Group(norms, products);
        }
        return groups[group];
    }

    private KernelRows vector(List<Parameter> parameters, int place, float scale) {
        if (place == LayerPlan.NONE) {
            return null;
        }
        try (NDManager scope = manager.newSubManager()) {
            NDArray stored = parameters.get(place).getArray();
            NDArray wide =
                    TensorLoader.cast(scope, stored, TensorType.F32.torchScalarType()).mul(scale);
            wide.attach(scope);
            return KernelRows.copyOf(wide.toFloatArray());
        }
    }
}
