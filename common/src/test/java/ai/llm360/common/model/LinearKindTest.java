package ai.llm360.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LinearKindTest {

    private static final int IN = 96;
    private static final int OUT = 300; // more than one tile of 256, and a part of one

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
        manager.getEngine().setRandomSeed(3);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private TorchScript compile(LinearKind kind) {
        Map<String, Object> constants =
                new HashMap<>(Map.of("head_dim", 8, "attention_scale", 1.0));
        constants.putAll(CpuKernels.get().constants(kind));
        return TorchScript.compile(manager, kind.complete("", false), constants);
    }

    private static boolean isHalf(LinearKind kind) {
        return kind == LinearKind.BFLOAT16 || kind == LinearKind.FROZEN_BFLOAT16;
    }

    /** Both kinds of int8 hold the same matrices. */
    private IValue prepare(LinearKind kind, String method, NDArray w) {
        try (TorchScript page = compile(kind.int8() ? LinearKind.INT8 : kind)) {
            return page.runRaw(method, false, w);
        }
    }

    @ParameterizedTest
    @EnumSource(LinearKind.class)
    void compiles_as_a_decoders_page(LinearKind kind) {
        compile(kind).close();
    }

    @ParameterizedTest
    @EnumSource(LinearKind.class)
    void multiplies_any_number_of_rows_and_tokens(LinearKind kind) {
        boolean half = isHalf(kind);
        NDArray w = manager.randomNormal(new Shape(OUT, IN));
        NDArray held = half ? TensorLoader.cast(manager, w, TensorLoader.BFLOAT16) : w;
        try (TorchScript page = compile(kind);
                IValue weight = prepare(kind, "prepare", held)) {
            for (int[] size :
                    new int[][] {{1, 1}, {3, 1}, {4, 1}, {5, 1}, {9, 1}, {1, 2}, {2, 7}}) {
                NDArray x = manager.randomNormal(new Shape(size[0], size[1], IN));
                assertNear(kind, page.infer(manager, "linear", x, weight), x, w, null);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(LinearKind.class)
    void multiplies_by_a_weight_stored_in_by_out(LinearKind kind) {
        boolean half = isHalf(kind);
        NDArray w = manager.randomNormal(new Shape(IN, OUT));
        NDArray held = half ? TensorLoader.cast(manager, w, TensorLoader.BFLOAT16) : w;
        NDArray bias = manager.randomNormal(new Shape(OUT));
        // bfloat16 is turned where this project has no kernels, and taken as it lies elsewhere.
        multiplies_transposed(kind, held, w, bias, kind.int8());
        if (kind == LinearKind.BFLOAT16) {
            multiplies_transposed(kind, held, w, bias, true);
        }
    }

    private void multiplies_transposed(
            LinearKind kind, NDArray held, NDArray w, NDArray bias, boolean packs) {
        try (TorchScript page = compile(kind);
                IValue packed = packs ? prepare(kind, "prepare_transposed", held) : null) {
            for (int[] size : new int[][] {{1, 1}, {4, 1}, {5, 1}, {2, 7}, {3, 100}}) {
                NDArray x = manager.randomNormal(new Shape(size[0], size[1], IN));
                Object weight = packs ? packed : held;
                NDArray y = page.infer(manager, "conv1d", x, weight);
                assertNear(kind, page.infer(manager, "biased", y, bias), x, w.transpose(), bias);
            }
        }
    }

    /**
     * Holds y = x w' + b to float64, by six standard deviations of the errors that independent
     * roundings add up to, whatever numbers this machine's generator gives.
     *
     * @param w float32 (O, I)
     */
    private static void assertNear(
            LinearKind kind, NDArray actual, NDArray x, NDArray w, NDArray bias) {
        NDArray rows = x.toType(DataType.FLOAT64, true);
        NDArray matrix = w.toType(DataType.FLOAT64, true).transpose();
        NDArray exact = rows.matMul(matrix);
        NDArray expected = bias == null ? exact : exact.add(bias.toType(DataType.FLOAT64, true));
        NDArray squares = rows.square();
        NDArray variance =
                switch (kind) {
                    // Of I partial sums each is off by 2^-24 of itself at most.
                    case PLAIN, ROWS ->
                            squares.matMul(matrix.square())
                                    .mul(w.getShape().get(1) * sq(0x1p-24) / 3);
                    // A step's uniform error has a variance of step^2 / 12.
                    case INT8, FROZEN_INT8 -> {
                        NDArray rowStep = rows.abs().max(new int[] {-1}, true).div(127);
                        NDArray step = matrix.abs().max(new int[] {0}, true).div(127);
                        NDArray ofRows =
                                rowStep.square()
                                        .mul(matrix.square().sum(new int[] {0}, true))
                                        .div(12);
                        NDArray ofMatrix =
                                squares.sum(new int[] {-1}, true).mul(step.square()).div(12);
                        yield ofRows.add(ofMatrix);
                    }
                    // Both factors are off by 2^-9 of themselves at most.
                    default -> squares.matMul(matrix.square()).mul(2 * sq(0x1p-9) / 3);
                };
        NDArray deviation = variance.sqrt();
        NDArray bound = deviation.mul(6);
        if (!kind.int8()) {
            boolean whole = kind == LinearKind.PLAIN || kind == LinearKind.ROWS;
            // The rounding of y, and of its sum with b; libtorch's bfloat16 product also rounds on
            // the way.
            double last = whole ? 0x1p-24 : 0x1.8p-9;
            bound = bound.add(exact.abs().add(expected.abs()).mul(last));
        }
        assertThat(actual.getShape()).isEqualTo(expected.getShape());
        NDArray error = actual.toType(DataType.FLOAT64, true).sub(expected).abs();
        assertThat(error.sub(bound).max().getDouble())
                .as("by how much errors of %s pass their bounds", expected.getShape())
                .isNegative();
        double largest = error.max().getDouble() / expected.abs().max().getDouble();
        double most =
                switch (kind) {
                    case PLAIN, ROWS -> 1e-6;
                    case INT8, FROZEN_INT8 -> 0.03; // six deviations
                    default -> 0.01;
                };
        assertThat(largest).as("%s", expected.getShape()).isLessThan(most);
        if (kind == LinearKind.INT8) {
            assertThat(error.div(deviation).square().mean().getDouble())
                    .as("the errors' variance against that of the roundings")
                    .isLessThan(sq(1.3));
        }
    }

    private static double sq(double x) {
        return x * x;
    }

    @Test
    void int8_survives_rows_and_channels_of_zeros_and_of_outliers() {
        NDArray w = manager.randomNormal(new Shape(OUT, IN));
        w.set(new NDIndex("0"), 0f);
        w.set(new NDIndex("1"), 1e4f);
        NDArray x = manager.zeros(new Shape(2, 1, IN));
        x.set(new NDIndex("1"), 1e4f);
        try (TorchScript page = compile(LinearKind.INT8);
                IValue weight = page.runRaw("prepare", false, w)) {
            NDArray y = page.infer(manager, "linear", x, weight);
            assertThat(y.get("0").abs().max().getFloat()).isZero();
            assertThat(y.getFloat(1, 0, 0)).isZero();
            assertThat(y.getFloat(1, 0, 1)).isBetween(0.999e8f * IN, 1.001e8f * IN);
        }
    }

    /** Of 3000 inputs float32 can't add up the products at once: 3000 * 127 * 127 is above 2^24. */
    @Test
    void int8_sums_are_exact_by_either_way() {
        byte[] x = new byte[5 * 3000];
        byte[] w = new byte[300 * 3000];
        for (int i = 0; i < w.length; i++) {
            w[i] = (byte) (i % 7 == 0 ? 127 - i / 3000 : i * 31 % 127);
        }
        Arrays.fill(x, (byte) 127);
        x[1] = -127;
        NDArray rows = manager.create(ByteBuffer.wrap(x), new Shape(5, 3000), DataType.INT8);
        NDArray matrix = manager.create(ByteBuffer.wrap(w), new Shape(300, 3000), DataType.INT8);
        NDArray expected =
                rows.toType(DataType.INT64, true)
                        .matMul(matrix.toType(DataType.INT64, true).transpose());
        LinearKind kind = LinearKind.INT8;
        for (boolean exact : new boolean[] {CpuKernels.get().exactInt8(), false}) {
            try (TorchScript page =
                    TorchScript.compile(manager, kind.methods(), kind.constants(exact, false))) {
                NDArray sums = page.infer(manager, "integer_sums", rows, matrix);
                assertThat(sums.toType(DataType.INT64, true)).isEqualTo(expected);
            }
        }
    }

    @Test
    void bfloat16_stored_in_by_out_is_multiplied_in_tiles_of_256_inputs() {
        NDArray w = manager.randomNormal(new Shape(1100, 1300));
        NDArray held = TensorLoader.cast(manager, w, TensorLoader.BFLOAT16);
        NDArray x = manager.randomNormal(new Shape(1, 7, 1100));
        try (TorchScript page = compile(LinearKind.BFLOAT16)) {
            NDArray y = page.infer(manager, "conv1d", x, held);
            assertNear(LinearKind.BFLOAT16, y, x, w.transpose(), null);
        }
    }
}
