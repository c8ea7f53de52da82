package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.llm360.common.config.EngineSettings;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelStepsTest {

    private final Random random = new Random(5);

    @BeforeEach
    void supported() {
        assumeThat(KernelLibrary.usable()).as("this machine has kernels").isTrue();
    }

    private float[] normal(int count, double shift) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * 3 + shift);
        }
        return values;
    }

    static KernelRows rows(int count, int size, float... values) {
        KernelRows rows = KernelRows.allocate(count, size);
        rows.floats().put(values);
        return rows;
    }

    static float[] read(KernelRows rows) {
        float[] values = new float[rows.count() * rows.size()];
        rows.floats().get(values);
        return values;
    }

    /** Sizes that are no multiple of a vector, and more rows than one thread takes. */
    @ParameterizedTest
    @CsvSource({"1,3,false", "5,64,true", "2,203,true", "300,513,false", "300,512,true"})
    void norms_are_float64s_but_for_rounding(int count, int size, boolean centred) {
        float[] x = normal(count * size, 0.5);
        float[] gain = normal(size, 1);
        float[] bias = normal(size, 0);
        KernelRows y = KernelRows.allocate(count, size);
        KernelSteps.norm(
                centred,
                rows(count, size, x),
                KernelRows.copyOf(gain),
                centred ? KernelRows.copyOf(bias) : null,
                1e-5f,
                y);
        float[] actual = read(y);
        for (int r = 0; r < count; r++) {
            double mean = 0;
            double squares = 0;
            for (int i = 0; i < size; i++) {
                mean += centred ? x[r * size + i] / (double) size : 0;
            }
            for (int i = 0; i < size; i++) {
                squares += Math.pow(x[r * size + i] - mean, 2);
            }
            double root = Math.sqrt(squares / size + 1e-5);
            for (int i = 0; i < size; i++) {
                double v = gain[i] * (x[r * size + i] - mean) / root + (centred ? bias[i] : 0);
                // The mean is off by some 2^-24 of the elements, and they by half a last bit.
                assertThat((double) actual[r * size + i])
                        .isCloseTo(v, within(2e-6 * (1 + Math.abs(gain[i]))));
            }
        }
    }

    @Test
    void adds_rows_and_biases() {
        KernelRows x = rows(2, 3, 1, 2, 3, 4, 5, 6);
        KernelSteps.addBias(x, KernelRows.copyOf(new float[] {10, 20, 30}));
        KernelSteps.add(x, rows(2, 3, 1, 1, 1, 2, 2, 2));
        assertThat(read(x)).containsExactly(12, 23, 34, 16, 27, 38);
    }

    @ParameterizedTest
    @CsvSource({"1,5", "3,19", "4,11008"})
    void swiglu_is_float64s_but_for_rounding_and_the_same_wherever_an_element_lies(
            int count, int size) {
        float[] gate = normal(count * size, 0);
        float[] up = normal(count * size, 0);
        gate[0] = -200;
        gate[size - 1] = 88;
        KernelRows x = rows(count, size, gate);
        KernelSteps.swiglu(x, rows(count, size, up));
        float[] actual = read(x);
        for (int i = 0; i < actual.length; i++) {
            double v = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
            assertThat((double) actual[i]).isCloseTo(v, within(5e-7 * Math.abs(v) + 1e-30));
            KernelRows alone = rows(1, 1, gate[i]);
            KernelSteps.swiglu(alone, rows(1, 1, up[i]));
            assertThat(read(alone)[0]).isEqualTo(actual[i]);
        }
    }

    @Test
    void what_is_not_a_number_stays_none() {
        KernelRows x = rows(1, 2, Float.NaN, 1);
        KernelSteps.swiglu(x, rows(1, 2, 1, 1));
        assertThat(read(x)[0]).isNaN();
        KernelRows y = KernelRows.allocate(1, 2);
        KernelSteps.norm(false, x, rows(1, 2, 1, 1), null, 1e-5f, y);
        assertThat(read(y)).containsOnly(Float.NaN);
    }

    @Test
    void refuses_rows_of_other_sizes() {
        KernelRows x = rows(2, 3, new float[6]);
        assertThatThrownBy(() -> KernelSteps.add(x, rows(2, 2, new float[4])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rows of 3 floats were expected, not of 2");
        assertThatThrownBy(() -> KernelSteps.swiglu(x, rows(1, 3, new float[3])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 rows were expected, not 1");
        assertThatThrownBy(() -> x.rows(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void as_many_threads_compute_as_in_libtorch() {
        assertThat(KernelThreads.shared().count()).isEqualTo(EngineSettings.threads());
    }
}
