package ai.llm360.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.DecoderRules;
import ai.llm360.common.model.Int8Weights;
import ai.llm360.common.model.WeightSpec;
import ai.llm360.common.torch.TensorLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A decoder's weights as this project's kernels take them, each layer's made when it is first used:
 * matrices where they lie, in bfloat16 or int8, norms and biases as float32 copies.
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
    private final Optional<Int8Weights> int8;
    private final NDManager manager;
    private final LayerPlan layerPlan;
    private final LayerPlan lastPlan;
    private final Group[] groups;

    /**
     * @param int8 the matrices, where they aren't the bfloat16 parameters
     * @param manager what is made in between is attached to it
     */
    KernelWeights(DecoderLayout layout, Optional<Int8Weights> int8, NDManager manager) {
        this.layout = layout;
        rules = layout.rules().orElseThrow();
        this.int8 = int8;
        this.manager = manager;
        layerPlan = LayerPlan.of(layout.layer(), rules.products());
        lastPlan = LayerPlan.of(layout.last(), List.of(1));
        groups = new Group[layout.layers() + 1];
    }

    /** Returns whether the matrices are int8. */
    boolean int8() {
        return int8.isPresent();
    }

    /** Returns a layer's weights. */
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
                    operands.add(matrix(prefix + spec.name(), spec, parameter));
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

    private KernelMatrix matrix(String name, WeightSpec spec, NDArray parameter) {
        if (int8.isEmpty()) {
            return KernelMatrix.bfloat16(
                    parameter.toByteBuffer(true), spec.outputs(), spec.inputs(), spec.transposed());
        }
        Int8Weights.Matrix matrix = int8.get().get(name, spec, parameter);
        return KernelMatrix.int8(
                matrix.elements().toByteBuffer(true),
                matrix.scales().toByteBuffer(true),
                spec.outputs(),
                spec.inputs());
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
