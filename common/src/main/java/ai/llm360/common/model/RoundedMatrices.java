package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.KernelMatrix;
import ai.llm360.common.torch.TensorLoader;

/** Rounds matrices to int8, each from a mapping of the checkpoint that is closed after it. */
final class RoundedMatrices implements KernelMatrices {

    private final WeightSource source;
    private final NDManager manager;

    /**
     * @param source where a matrix is read from
     * @param manager owns what is rounded
     */
    RoundedMatrices(WeightSource source, NDManager manager) {
        this.source = source;
        this.manager = manager;
    }

    /**
     * A rounded matrix.
     *
     * @param elements (O, I) of INT8
     * @param scales (O) of FLOAT32
     * @param matrix both of them, to multiply by
     */
    record Rounded(NDArray elements, NDArray scales, KernelMatrix matrix) {}

    @Override
    public KernelMatrix get(String name, WeightSpec spec, NDArray parameter) {
        return round(manager, source, name, spec, parameter).matrix();
    }

    @Override
    public boolean manyRows() {
        return true;
    }

    /**
     * Rounds a matrix.
     *
     * @param owner owns the result
     */
    static Rounded round(
            NDManager owner, WeightSource source, String name, WeightSpec spec, NDArray parameter) {
        int outputs = spec.outputs();
        int inputs = spec.inputs();
        NDArray rounded = owner.create(new Shape(outputs, inputs), DataType.INT8);
        NDArray scales = owner.create(new Shape(outputs), DataType.FLOAT32);
        try (NDManager scope = owner.newSubManager()) {
            NDArray matrix = source.open(scope, name, parameter);
            TensorType type = TensorLoader.typeOf(matrix);
            boolean half = type == TensorType.BF16;
            if (!half && type != TensorType.F32) {
                matrix = TensorLoader.cast(scope, matrix, TensorType.F32.torchScalarType());
            }
            KernelMatrix made =
                    KernelMatrix.int8(
                            matrix.toByteBuffer(true),
                            half,
                            spec.transposed(),
                            outputs,
                            inputs,
                            rounded.toByteBuffer(true),
                            scales.toByteBuffer(true));
            return new Rounded(rounded, scales, made);
        }
    }
}
