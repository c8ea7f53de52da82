package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelMatrixTest {

    private final Random random = new Random(7);

    @BeforeEach
    void supported() {
        assumeThat(KernelLibrary.usable()).as("this machine has kernels").isTrue();
    }

    static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    static ByteBuffer floats(float... values) {
        ByteBuffer buffer = direct(4 * values.length);
        buffer.asFloatBuffer().put(values);
        return buffer;
    }

    /** Keeps the upper half of each float, which then is exactly a bfloat16. */
    static float[] half(float[] values) {
        float[] kept = new float[values.length];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xffff0000);
        }
        return kept;
    }

    static ByteBuffer halves(float[] values) {
        ByteBuffer buffer = direct(2 * values.length);
        for (int i = 0; i < values.length; i++) {
            buffer.putShort(2 * i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
        }
        return buffer;
    }

    float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    static float[] transposed(float[] matrix, int rows, int columns) {
        float[] turned = new float[matrix.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                turned[c * rows + r] = matrix[r * columns + c];
            }
        }
        return turned;
    }

    private static float[] multiply(float[] x, int rows, KernelMatrix matrix) {
        KernelRows result = KernelRows.allocate(rows, matrix.outputs());
        KernelRows taken = KernelStepsTest.rows(rows, matrix.inputs(), x);
        KernelMatrix.multiply(taken, List.of(matrix), List.of(result), new KernelScratch(), null);
        return KernelStepsTest.read(result);
    }

    private static KernelMatrix int8(float[] matrix, boolean half, boolean turned, int o, int i) {
        ByteBuffer source = half ? halves(matrix) : floats(matrix);
        ByteBuffer rounded = direct(o * i);
        ByteBuffer scales = direct(4 * o);
        KernelMatrix.round(source, half, turned, o, i, rounded, scales);
        return KernelMatrix.int8(rounded, scales, o, i);
    }

    /** Outputs and inputs that are no multiples of a vector, a tile, a panel or a part. */
    @ParameterizedTest
    @CsvSource({
        "1,1",
        "3,7",
        "4,8",
        "33,40",
        "70,31",
        "130,65",
        "700,513",
        "6500,9",
        "2,70000",
        "1500,1100"
    })
    void multiplies_by_bfloat16_as_float64_does_but_for_rounding(int outputs, int inputs) {
        float[] w = half(normal(outputs * inputs));
        for (int rows : new int[] {1, 2, 3, 4, 5, 9}) {
            float[] x = normal(rows * inputs);
            KernelMatrix lying = KernelMatrix.bfloat16(halves(w), outputs, inputs, false);
            float[] turned = transposed(w, outputs, inputs);
            KernelMatrix standing = KernelMatrix.bfloat16(halves(turned), outputs, inputs, true);
            float[] first = multiply(x, rows, lying);
            float[] second = multiply(x, rows, standing);
            for (int r = 0; r < rows; r++) {
                for (int o = 0; o < outputs; o++) {
                    double sum = 0;
                    double size = 0;
                    for (int i = 0; i < inputs; i++) {
                        double term = (double) x[r * inputs + i] * w[o * inputs + i];
                        sum += term;
                        size += Math.abs(term);
                    }
                    // A float32 sum of n terms is off by n 2^-24 of their magnitudes at most;
                    // rounding errors are of both signs, so by far less.
                    double bound = 1e-7 * Math.sqrt(inputs) * size + 1e-30;
                    assertThat((double) first[r * outputs + o]).isCloseTo(sum, within(bound));
                    assertThat((double) second[r * outputs + o]).isCloseTo(sum, within(bound));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void int8_is_the_exact_product_of_the_rounded_numbers(boolean half) {
        int outputs = 77;
        int inputs = 203;
        float[] w = half(normal(outputs * inputs));
        float[] x = normal(6 * inputs);
        float[] y = multiply(x, 6, int8(w, half, false, outputs, inputs));
        for (int r = 0; r < 6; r++) {
            float xScale = scale(x, r * inputs, inputs);
            for (int o = 0; o < outputs; o++) {
                float wScale = scale(w, o * inputs, inputs);
                int sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum +=
                            (int) Math.rint(x[r * inputs + i] / xScale)
                                    * (int) Math.rint(w[o * inputs + i] / wScale);
                }
                assertThat(y[r * outputs + o]).isEqualTo(sum * (xScale * wScale));
            }
        }
    }

    private static float scale(float[] values, int from, int count) {
        float most = 1e-12f;
        for (int i = from; i < from + count; i++) {
            most = Math.max(most, Math.abs(values[i]));
        }
        return most / 127;
    }

    /**
     * Outputs and inputs that are no multiples of a vector, a tile or a part, and some that are.
     */
    @ParameterizedTest
    @CsvSource({
        "1,1", "1,300", "300,1", "7,31", "31,7", "33,64", "64,33", "257,129", "512,128", "300,257",
        "2500,65", "9001,3"
    })
    void rounds_a_matrix_stored_in_by_out_as_the_turned_one(int outputs, int inputs) {
        for (boolean half : new boolean[] {false, true}) {
            float[] w = half ? half(normal(outputs * inputs)) : normal(outputs * inputs);
            float[] turned = transposed(w, outputs, inputs);
            ByteBuffer expected = rounded(source(w, half, 0), half, false, outputs, inputs);
            for (int shift : new int[] {0, 1, 2}) {
                ByteBuffer source = source(turned, half, shift);
                assertThat(rounded(source, half, true, outputs, inputs)).isEqualTo(expected);
            }
        }
    }

    /** Returns elements that begin so many bytes after an aligned address. */
    private static ByteBuffer source(float[] values, boolean half, int shift) {
        ByteBuffer elements = half ? halves(values) : floats(values);
        ByteBuffer shifted = direct(shift + elements.capacity()).position(shift);
        return shifted.put(elements).position(shift).slice();
    }

    /** Returns the rounded elements, with the scales behind them. */
    private static ByteBuffer rounded(
            ByteBuffer source, boolean half, boolean turned, int outputs, int inputs) {
        int elements = outputs * inputs;
        ByteBuffer all = direct(elements + 4 * outputs);
        ByteBuffer scales = all.slice(elements, 4 * outputs);
        KernelMatrix.round(source, half, turned, outputs, inputs, all.slice(0, elements), scales);
        return all;
    }

    @Test
    void rounds_halves_to_even() {
        ByteBuffer source = floats(127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -126.5f);
        byte[] expected = {127, 0, 2, 2, 0, -2, -2, 126, -126};
        for (boolean turned : new boolean[] {false, true}) {
            byte[] elements = new byte[9];
            rounded(source, false, turned, 1, 9).get(elements);
            assertThat(elements).isEqualTo(expected);
        }
    }

    @Test
    void rounds_to_zeros_beside_an_infinite_number_in_a_vector_and_after_it() {
        ByteBuffer source = floats(1, Float.NEGATIVE_INFINITY, 0, 2, 3, 4, 5, 6, 7);
        for (boolean turned : new boolean[] {false, true}) {
            byte[] elements = new byte[9];
            rounded(source, false, turned, 1, 9).get(elements);
            assertThat(elements).containsOnly(0);
        }
        // Nine outputs of one input each: the others have scales of their own.
        byte[] elements = new byte[9];
        rounded(source, false, true, 9, 1).get(elements);
        assertThat(elements).containsExactly(127, 0, 0, 127, 127, 127, 127, 127, 127);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void int8_of_what_is_not_finite_is_not_finite(boolean half, boolean turned) {
        int outputs = 11;
        int inputs = 67; // whole vectors and some more
        float[] x = half(normal(2 * inputs));
        for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (int at : new int[] {0, 5, 63, 64, 66}) {
                float[] w = half(normal(outputs * inputs));
                w[9 * inputs + at] = odd;
                float[] stored = turned ? transposed(w, outputs, inputs) : w;
                float[] y = multiply(x, 2, int8(stored, half, turned, outputs, inputs));
                for (int i = 0; i < y.length; i++) {
                    assertThat(Float.isFinite(y[i])).isEqualTo(i % outputs != 9);
                }
                float[] sound = half(normal(outputs * inputs));
                float[] broken = x.clone();
                broken[inputs + at] = odd;
                y = multiply(broken, 2, int8(sound, half, false, outputs, inputs));
                for (int i = 0; i < y.length; i++) {
                    assertThat(Float.isFinite(y[i])).isEqualTo(i < outputs);
                }
            }
        }
    }

    @Test
    void int8_takes_the_largest_numbers_and_rows_of_zeros() {
        int inputs = 11008;
        float[] w = new float[2 * inputs];
        float[] x = new float[2 * inputs];
        for (int i = 0; i < inputs; i++) {
            w[inputs + i] = 1e4f;
            x[inputs + i] = i % 2 == 0 ? 1e4f : -1e4f;
        }
        assertThat(multiply(x, 2, int8(w, false, false, 2, inputs))).containsOnly(0f);
        Arrays.fill(x, inputs, 2 * inputs, -1e4f);
        float sum = multiply(x, 2, int8(w, false, false, 2, inputs))[3];
        assertThat(sum).isCloseTo(-1e8f * inputs, within(1e8f * inputs * 1e-6f));
    }

    @Test
    void a_row_has_the_bits_that_it_has_alone_and_beside_other_matrices() {
        int outputs = 519;
        int inputs = 264;
        float[] w = half(normal(outputs * inputs));
        float[] turned = transposed(w, outputs, inputs);
        float[] x = normal(7 * inputs);
        for (KernelMatrix matrix :
                List.of(
                        KernelMatrix.bfloat16(halves(w), outputs, inputs, false),
                        KernelMatrix.bfloat16(halves(turned), outputs, inputs, true),
                        int8(w, true, false, outputs, inputs))) {
            KernelRows first = KernelRows.allocate(7, outputs);
            KernelRows second = KernelRows.allocate(7, outputs);
            KernelRows taken = KernelStepsTest.rows(7, inputs, x);
            KernelMatrix.multiply(
                    taken,
                    List.of(matrix, matrix),
                    List.of(first, second),
                    new KernelScratch(),
                    null);
            float[] all = KernelStepsTest.read(first);
            assertThat(KernelStepsTest.read(second)).isEqualTo(all);
            for (int r = 0; r < 7; r++) {
                float[] row = Arrays.copyOfRange(x, r * inputs, (r + 1) * inputs);
                assertThat(Arrays.copyOfRange(all, r * outputs, (r + 1) * outputs))
                        .isEqualTo(multiply(row, 1, matrix));
            }
        }
    }

    @Test
    void several_callers_at_once_get_what_each_gets_alone() throws InterruptedException {
        int size = 320;
        KernelMatrix matrix = KernelMatrix.bfloat16(halves(normal(size * size)), size, size, false);
        float[] x = normal(size);
        float[] expected = multiply(x, 1, matrix);
        List<Integer> wrong = new CopyOnWriteArrayList<>();
        Thread[] callers = new Thread[6];
        for (int t = 0; t < callers.length; t++) {
            int caller = t;
            callers[t] =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 200; i++) {
                                    if (!Arrays.equals(multiply(x, 1, matrix), expected)) {
                                        wrong.add(caller);
                                    }
                                    matrix.expect();
                                }
                            });
            callers[t].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void memory_that_only_a_matrix_knows_outlives_collections() {
        int size = 700;
        float[] w = half(normal(size * size));
        float[] x = normal(size);
        KernelMatrix matrix = KernelMatrix.bfloat16(halves(w), size, size, false);
        float[] expected = multiply(x, 1, matrix);
        for (int i = 0; i < 5; i++) {
            System.gc();
            // What was freed would be given out again.
            ByteBuffer other = direct(2 * size * size);
            for (int at = 0; at < other.capacity(); at += 4) {
                other.putFloat(at, Float.NaN);
            }
            assertThat(multiply(x, 1, matrix)).isEqualTo(expected);
        }
    }

    @Test
    void refuses_buffers_of_another_size_and_matrices_that_do_not_go_together() {
        ByteBuffer eight = direct(8);
        assertThatThrownBy(() -> KernelMatrix.bfloat16(eight, 2, 3, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a direct buffer of 12 bytes was expected");
        ByteBuffer heap = ByteBuffer.allocate(12);
        assertThatThrownBy(() -> KernelMatrix.bfloat16(heap, 2, 3, false))
                .isInstanceOf(IllegalArgumentException.class);
        KernelMatrix matrix = KernelMatrix.bfloat16(direct(12), 2, 3, false);
        KernelMatrix other = KernelMatrix.bfloat16(direct(12), 3, 2, false);
        KernelRows x = KernelRows.allocate(1, 3);
        KernelScratch scratch = new KernelScratch();
        KernelRows two = KernelRows.allocate(1, 2);
        KernelRows three = KernelRows.allocate(1, 3);
        assertThatThrownBy(
                        () ->
                                KernelMatrix.multiply(
                                        x,
                                        List.of(matrix, other),
                                        List.of(two, three),
                                        scratch,
                                        null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 inputs were expected");
        assertThatThrownBy(
                        () ->
                                KernelMatrix.multiply(
                                        x, List.of(matrix), List.of(three), scratch, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a result of (1, 2) was expected");
    }
}
