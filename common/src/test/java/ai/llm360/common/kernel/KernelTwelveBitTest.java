package ai.llm360.common.kernel;

import static ai.llm360.common.kernel.KernelMatrixTest.direct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelTwelveBitTest {

    private final Random random = new Random(3);

    @BeforeEach
    void supported() {
        assumeThat(KernelMatrix.supported()).as("this machine has kernels").isTrue();
    }

    /** Normal numbers, one in fifty of which is of any magnitude, so that rows have exceptions. */
    private float[] weights(int count) {
        float[] values = KernelMatrixTest.half(normal(count));
        for (int i = random.nextInt(50); i < count; i += 1 + random.nextInt(100)) {
            values[i] = Math.scalb(values[i], random.nextInt(100) - 70);
        }
        return values;
    }

    private float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static KernelMatrix packed(float[] w, int outputs, int inputs) {
        ByteBuffer matrix = KernelMatrixTest.halves(w);
        int room = TwelveBitRows.exceptions(matrix, outputs, inputs, false);
        return packed(w, outputs, inputs, room);
    }

    private static KernelMatrix packed(float[] w, int outputs, int inputs, int room) {
        ByteBuffer matrix = KernelMatrixTest.halves(w);
        ByteBuffer rows = TwelveBitRowsTest.pack(matrix, outputs, inputs, false, room);
        return KernelMatrix.twelveBit(TwelveBitRowsTest.shifted(rows, 1), outputs, inputs, room);
    }

    private static float[] multiply(float[] x, int rows, KernelMatrix matrix) {
        KernelRows result = KernelRows.allocate(rows, matrix.outputs());
        KernelRows taken = KernelStepsTest.rows(rows, matrix.inputs(), x);
        try (KernelScratch scratch = new KernelScratch()) {
            KernelMatrix.multiply(taken, List.of(matrix), List.of(result), scratch);
        }
        return KernelStepsTest.read(result);
    }

    private static float[] row(float[] values, int row, int size) {
        return Arrays.copyOfRange(values, row * size, (row + 1) * size);
    }

    /** No multiples of a vector, a block, a tile, a chunk or a part, and some that are. */
    @ParameterizedTest
    @CsvSource({
        "1,1",
        "3,63",
        "4,64",
        "17,65",
        "33,130",
        "70,256",
        "700,513",
        "2,65536",
        "1500,1100"
    })
    void multiplies_as_float64_does_but_for_rounding(int outputs, int inputs) {
        float[] w = weights(outputs * inputs);
        KernelMatrix matrix = packed(w, outputs, inputs);
        // Each sum is of every eighth number, then of eight sums, then of the exceptions, so that
        // a term is rounded so many times at most, by 2^-24 each.
        double depth = (inputs + 63) / 64 * 8 + 3 + matrix.exceptions();
        for (int rows : new int[] {1, 2, 3, 4, 5, 6}) {
            float[] x = normal(rows * inputs);
            float[] y = multiply(x, rows, matrix);
            for (int r = 0; r < rows; r++) {
                for (int o = 0; o < outputs; o++) {
                    double sum = 0;
                    double size = 0;
                    for (int i = 0; i < inputs; i++) {
                        double term = (double) x[r * inputs + i] * w[o * inputs + i];
                        sum += term;
                        size += Math.abs(term);
                    }
                    double bound = 1.01 * depth * 0x1p-24 * size + 1e-30;
                    assertThat((double) y[r * outputs + o]).isCloseTo(sum, within(bound));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "37,130", "16,64", "21,1000"})
    void a_row_has_the_bits_that_it_has_alone(int outputs, int inputs) {
        KernelMatrix matrix = packed(weights(outputs * inputs), outputs, inputs);
        int most = 200;
        float[] x = normal(most * inputs);
        float[][] alone = new float[most][];
        for (int r = 0; r < most; r++) {
            alone[r] = multiply(row(x, r, inputs), 1, matrix);
        }
        for (int rows : new int[] {2, 3, 4, 5, 6, 7, 64, 97, 200}) {
            float[] y = multiply(Arrays.copyOf(x, rows * inputs), rows, matrix);
            for (int r = 0; r < rows; r++) {
                assertThat(row(y, r, outputs)).as("%d of %d", r, rows).isEqualTo(alone[r]);
            }
        }
    }

    /** Multiplies by so many outputs at a time. */
    private static float[] multiply(float[] x, int rows, KernelMatrix matrix, int step) {
        KernelRows from = KernelStepsTest.rows(rows, matrix.inputs(), x);
        KernelRows y = KernelRows.allocate(rows, matrix.outputs());
        try {
            for (int start = 0; start < matrix.outputs(); start += step) {
                KernelLibrary.llm360_twelve_rows(
                        matrix.address(),
                        matrix.inputs(),
                        matrix.outputs(),
                        matrix.exceptions(),
                        from.address(),
                        rows,
                        y.address(),
                        start,
                        Math.min(start + step, matrix.outputs()));
            }
            return KernelStepsTest.read(y);
        } finally {
            Reference.reachabilityFence(from);
        }
    }

    @Test
    void an_output_has_the_bits_that_it_has_in_any_part() {
        int outputs = 45;
        int inputs = 192;
        KernelMatrix matrix = packed(weights(outputs * inputs), outputs, inputs);
        for (int rows : new int[] {1, 3, 7}) {
            float[] x = normal(rows * inputs);
            float[] expected = multiply(x, rows, matrix);
            for (int step : new int[] {1, 2, 3, 4, 7, 16, 19, 45}) {
                assertThat(multiply(x, rows, matrix, step)).as("%d", step).isEqualTo(expected);
            }
        }
    }

    @Test
    void matrices_with_different_rooms_go_together() {
        int inputs = 700;
        float[] first = weights(600 * inputs);
        float[] second = weights(90 * inputs);
        List<KernelMatrix> matrices =
                List.of(packed(first, 600, inputs), packed(second, 90, inputs, 64));
        float[] x = normal(6 * inputs);
        for (int rows : new int[] {1, 6}) {
            float[] taken = Arrays.copyOf(x, rows * inputs);
            List<KernelRows> results =
                    List.of(KernelRows.allocate(rows, 600), KernelRows.allocate(rows, 90));
            matrices.get(0).expect();
            KernelMatrix.multiply(
                    KernelStepsTest.rows(rows, inputs, taken),
                    matrices,
                    results,
                    new KernelScratch());
            for (int m = 0; m < 2; m++) {
                assertThat(KernelStepsTest.read(results.get(m)))
                        .isEqualTo(multiply(taken, rows, matrices.get(m)));
            }
        }
    }

    @Test
    void what_is_not_finite_stays_in_its_row_and_its_output() {
        int inputs = 70;
        float[] w = new float[6 * inputs];
        Arrays.fill(w, 0.5f);
        w[2 * inputs + 69] = Float.NaN;
        w[3 * inputs + 5] = Float.NEGATIVE_INFINITY;
        // Room that no exception uses must not be read as one, of place 0 and number 0.
        KernelMatrix matrix = packed(w, 6, inputs, 8);
        float[] x = new float[6 * inputs];
        Arrays.fill(x, 1);
        x[1 * inputs] = Float.POSITIVE_INFINITY;
        x[4 * inputs + 69] = Float.NaN;
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[] usual = {35, 35, nan, -inf, 35, 35};
        float[] infinite = {inf, inf, nan, nan, inf, inf};
        float[] none = {nan, nan, nan, nan, nan, nan};
        float[] y = multiply(x, 6, matrix);
        for (int r = 0; r < 6; r++) {
            float[] expected = r == 1 ? infinite : r == 4 ? none : usual;
            assertThat(row(y, r, 6)).isEqualTo(expected);
            assertThat(multiply(row(x, r, inputs), 1, matrix)).isEqualTo(expected);
        }
    }

    @Test
    void what_scratch_memory_held_before_does_not_count() {
        float[] ones = new float[127];
        Arrays.fill(ones, 1);
        float[] nan = new float[127];
        Arrays.fill(nan, Float.NaN);
        KernelRows y = KernelRows.allocate(1, 1);
        try (KernelScratch scratch = new KernelScratch()) {
            for (float[] x : List.of(nan, Arrays.copyOf(ones, 70))) {
                KernelMatrix.multiply(
                        KernelRows.copyOf(x),
                        List.of(packed(Arrays.copyOf(ones, x.length), 1, x.length)),
                        List.of(y),
                        scratch);
            }
        }
        assertThat(KernelStepsTest.read(y)).containsExactly(70);
    }

    @Test
    void exceptions_that_are_not_finite_count() {
        float[] w = new float[64];
        for (int i = 0; i < 40; i++) {
            w[i] = Math.scalb(1f, 2 * i - 90); // each with another upper byte
        }
        w[62] = Float.NEGATIVE_INFINITY;
        float[] x = new float[64];
        x[39] = 3;
        x[62] = 1;
        assertThat(multiply(x, 1, packed(w, 1, 64))).containsExactly(Float.NEGATIVE_INFINITY);
        w[62] = Float.NaN;
        assertThat(multiply(x, 1, packed(w, 1, 64))).containsExactly(Float.NaN);
        w[62] = 0;
        assertThat(multiply(x, 1, packed(w, 1, 64))).containsExactly(3 * w[39]);
    }

    @Test
    void refuses_to_multiply_by_packed_and_other_rows_in_one_go() {
        KernelMatrix packed = packed(new float[64], 1, 64);
        KernelMatrix plain = KernelMatrix.bfloat16(direct(128), 1, 64, false);
        KernelRows y = KernelRows.allocate(1, 1);
        assertThatThrownBy(
                        () ->
                                KernelMatrix.multiply(
                                        KernelRows.allocate(1, 64),
                                        List.of(packed, plain),
                                        List.of(y, y),
                                        new KernelScratch()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TWELVE_BIT_ROWS");
    }
}
