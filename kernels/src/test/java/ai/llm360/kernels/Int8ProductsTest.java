package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.model.CpuKernels;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.Int8Weights;
import ai.llm360.common.torch.TorchScript;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the ways in which int8 is computed to each other's bits. */
class Int8ProductsTest {

    private static final int INPUTS = 300; // of which 12 are behind the last vector
    private static final int OUTPUTS = 83;

    private NDManager manager;

    @BeforeEach
    void open() {
        assumeThat(KernelLibrary.usable()).as("this machine has kernels").isTrue();
        manager = NDManager.newBaseManager("PyTorch");
        manager.getEngine().setRandomSeed(3);
    }

    @AfterEach
    void close() {
        if (manager != null) {
            manager.close();
        }
    }

    private KernelMatrix matrix(Int8Weights.Matrix rounded) {
        return KernelMatrix.int8(
                rounded.elements().toByteBuffer(true),
                rounded.scales().toByteBuffer(true),
                OUTPUTS,
                INPUTS);
    }

    private Int8Weights.Matrix round(NDArray w, boolean transposed) {
        NDArray elements = manager.create(new Shape(OUTPUTS, INPUTS), DataType.INT8);
        NDArray scales = manager.create(new Shape(OUTPUTS));
        Int8Weights.Matrix rounded = new Int8Weights.Matrix(elements, scales);
        InferenceBackend.find().orElseThrow().round(w, false, transposed, rounded);
        return rounded;
    }

    private float[] multiply(NDArray x, KernelMatrix matrix, IntegerProduct other) {
        int count = (int) (x.getShape().size() / INPUTS);
        NDArray y = manager.create(new Shape(count, OUTPUTS));
        try (KernelScratch scratch = new KernelScratch()) {
            KernelMatrix.multiply(
                    KernelDecoder.rows(x),
                    List.of(matrix),
                    List.of(KernelDecoder.rows(y)),
                    scratch,
                    other);
        }
        return y.toFloatArray();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void libtorch_has_the_bits_of_our_kernels(boolean transposed) {
        Shape shape = transposed ? new Shape(INPUTS, OUTPUTS) : new Shape(OUTPUTS, INPUTS);
        NDArray w = manager.randomNormal(shape);
        Int8Weights.Matrix ours = round(w, transposed);
        NDArray x = manager.randomNormal(new Shape(1, 7, INPUTS));
        float[] expected = multiply(x, matrix(ours), null);
        boolean exact = CpuKernels.get().exactInt8();
        if (exact) {
            assertThat(multiply(x, matrix(ours), new LibtorchProduct(manager)))
                    .containsExactly(expected);
        }
        String source =
                TorchScript.source(InferenceBackend.class, "linear_int8.torchscript")
                        .replace("Weight:", "List[Tensor]:")
                        .replace("w: Weight", "w: List[Tensor]");
        try (TorchScript page = TorchScript.compile(manager, source, Map.of("exact", exact));
                IValue weight =
                        page.runRaw(transposed ? "prepare_transposed" : "prepare", false, w)) {
            NDArray[] rounded = weight.toTensorArray((PtNDManager) manager);
            assertThat(rounded[0]).isEqualTo(ours.elements());
            assertThat(rounded[1].toFloatArray()).containsExactly(ours.scales().toFloatArray());
            assertThat(page.infer(manager, "linear", x, weight).toFloatArray())
                    .containsExactly(expected);
        }
    }

    @Test
    void more_rows_than_libtorch_gets_at_a_time_have_the_same_bits() {
        assumeThat(CpuKernels.get().exactInt8()).as("libtorch's product is exact here").isTrue();
        KernelMatrix matrix =
                matrix(round(manager.randomNormal(new Shape(OUTPUTS, INPUTS)), false));
        NDArray x = manager.randomNormal(new Shape(1030, INPUTS));
        assertThat(multiply(x, matrix, new LibtorchProduct(manager)))
                .containsExactly(multiply(x, matrix, null));
    }

    @Test
    void the_faster_way_is_found_by_trying() {
        assertThat(Int8Products.fasterFrom(new LibtorchProduct(manager)))
                .isIn(Int8Products.MANY, 16, 32, 64, 128, Integer.MAX_VALUE);
    }
}
