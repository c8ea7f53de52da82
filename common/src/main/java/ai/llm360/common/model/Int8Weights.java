package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gives a decoder's matrices in int8, each made when it is first asked for: mapped where it was
 * prepared, else rounded from a mapping of the checkpoint that is closed after it.
 */
public final class Int8Weights {

    /**
     * A matrix.
     *
     * @param elements (O, I) of INT8, an output's side by side however the checkpoint has them
     * @param scales (O) of FLOAT32: an output's largest magnitude / 127
     */
    public record Matrix(NDArray elements, NDArray scales) {}

    private final Optional<PreparedWeights> prepared;
    private final WeightSource source;
    private final TensorLoader loader;
    private final NDManager manager;
    private final Map<String, Matrix> matrices = new HashMap<>();
    private TorchScript page;

    /**
     * @param prepared what was prepared of the weights
     * @param source where a matrix is read from to be rounded
     * @param manager owns the matrices
     */
    Int8Weights(
            Optional<PreparedWeights> prepared,
            WeightSource source,
            TensorLoader loader,
            NDManager manager) {
        this.prepared = prepared;
        this.source = source;
        this.loader = loader;
        this.manager = manager;
    }

    /**
     * Returns a matrix.
     *
     * @param parameter the block's own array
     * @return the matrix, which lives as long as the model
     */
    public synchronized Matrix get(String name, WeightSpec spec, NDArray parameter) {
        return matrices.computeIfAbsent(
                name,
                n ->
                        prepared.map(file -> file.map(loader, manager, n, spec))
                                .orElseGet(() -> round(manager, n, spec, parameter)));
    }

    /** Rounds a matrix to nearest, ties to even. A backend and libtorch give the same bits. */
    Matrix round(NDManager owner, String name, WeightSpec spec, NDArray parameter) {
        try (NDManager scope = owner.newSubManager()) {
            NDArray matrix = source.open(scope, name, parameter);
            TensorType type = TensorLoader.typeOf(matrix);
            if (type != TensorType.F32 && type != TensorType.BF16) {
                matrix = TensorLoader.cast(scope, matrix, TensorType.F32.torchScalarType());
            }
            boolean half = type == TensorType.BF16;
            long bytes = matrix.getShape().size() * (half ? Short.BYTES : Float.BYTES);
            Optional<InferenceBackend> backend =
                    InferenceBackend.find().filter(found -> bytes <= Integer.MAX_VALUE);
            if (backend.isEmpty()) {
                return roundByPage(owner, matrix, spec);
            }
            Shape shape = new Shape(spec.outputs(), spec.inputs());
            NDArray elements = owner.create(shape, DataType.INT8);
            NDArray scales = owner.create(new Shape(spec.outputs()), DataType.FLOAT32);
            Matrix rounded = new Matrix(elements, scales);
            backend.get().round(matrix, half, spec.transposed(), rounded);
            return rounded;
        }
    }

    private Matrix roundByPage(NDManager owner, NDArray matrix, WeightSpec spec) {
        if (page == null) {
            page = CpuKernels.get().compile(manager, LinearKind.INT8);
        }
        NDArray[] made =
                page.run(
                        spec.transposed() ? "prepare_transposed" : "prepare",
                        false,
                        list -> list.toTensorArray((PtNDManager) owner),
                        matrix);
        return new Matrix(made[0], made[1]);
    }
}
