package ai.llm360.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.Int8Weights;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Computes decoders on kernels of this project's own: on x86-64 Linux with AVX2 and FMA. The system
 * property {@code llm360.kernels}, set to {@code false}, says that they aren't wanted.
 */
public final class CpuBackend implements InferenceBackend {

    /** Creates the backend, as {@link java.util.ServiceLoader} does. */
    public CpuBackend() {}

    @Override
    public boolean usable() {
        return KernelLibrary.usable();
    }

    /** {@inheritDoc} A matrix, also a float32 one that is rounded, lies in a direct buffer. */
    @Override
    public boolean supports(DecoderLayout layout) {
        long largest =
                Stream.concat(layout.layer().stream(), layout.last().stream())
                        .mapToLong(weight -> weight.shape().size())
                        .max()
                        .orElse(0);
        return layout.rules().isPresent()
                && KernelAttention.supports(layout.headDim())
                && largest <= Integer.MAX_VALUE / Float.BYTES;
    }

    @Override
    public void round(
            NDArray matrix, boolean half, boolean transposed, Int8Weights.Matrix rounded) {
        Shape shape = rounded.elements().getShape();
        KernelMatrix.round(
                matrix.toByteBuffer(true),
                half,
                transposed,
                (int) shape.get(0),
                (int) shape.get(1),
                rounded.elements().toByteBuffer(true),
                rounded.scales().toByteBuffer(true));
    }

    @Override
    public Decoder open(
            DecoderLayout layout,
            NDArray[] rotaryTables,
            Optional<Int8Weights> int8,
            NDManager manager) {
        KernelWeights weights = new KernelWeights(layout, int8, manager);
        return new KernelDecoder(layout, weights, rotaryTables, manager);
    }
}
