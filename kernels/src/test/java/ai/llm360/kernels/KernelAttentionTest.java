package ai.llm360.kernels;

import static ai.llm360.kernels.KernelMatrixTest.direct;
import static ai.llm360.kernels.KernelMatrixTest.floats;
import static ai.llm360.kernels.KernelMatrixTest.half;
import static ai.llm360.kernels.KernelMatrixTest.halves;
import static ai.llm360.kernels.KernelStepsTest.read;
import static ai.llm360.kernels.KernelStepsTest.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelAttentionTest {

    private final Random random = new Random(3);

    @BeforeEach
    void supported() {
        assumeThat(KernelAttention.supports(8)).as("this machine has kernels").isTrue();
    }

    private float[] normal(int count, double size) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * size);
        }
        return values;
    }

    /** Scores of up to thousands, too, where all but one weight vanish. */
    @ParameterizedTest
    @CsvSource({
        "false,4,4,8,1,1",
        "true,4,2,16,63,1",
        "true,6,2,64,64,1",
        "false,2,1,128,65,1",
        "true,4,4,256,200,1",
        "true,2,2,32,130,30",
        "false,2,2,32,130,30"
    })
    void is_the_softmax_of_the_scores_times_the_values(
            boolean half, int heads, int keyHeads, int size, int positions, double spread) {
        int capacity = positions + 32;
        int row = keyHeads * capacity * size;
        float[] q = normal(2 * heads * size, spread);
        float[] k = half(normal(3 * row, spread));
        float[] v = half(normal(3 * row, 1));
        float scale = (float) (1 / Math.sqrt(size));
        int[] rows = {2, 0};
        int[] at = {positions - 1, Math.max(1, positions / 2) - 1};
        // What is stored is what is there, and no angle turns it.
        float[] newKeys = new float[2 * keyHeads * size];
        float[] newValues = new float[newKeys.length];
        for (int b = 0; b < 2; b++) {
            for (int h = 0; h < keyHeads; h++) {
                int from = rows[b] * row + (h * capacity + at[b]) * size;
                System.arraycopy(k, from, newKeys, (b * keyHeads + h) * size, size);
                System.arraycopy(v, from, newValues, (b * keyHeads + h) * size, size);
            }
        }
        KernelRows result = KernelRows.allocate(2, heads * size);
        KernelRows cosines = KernelRows.allocate(capacity, 2);
        KernelRows sines = KernelRows.allocate(capacity, 2);
        for (int i = 0; i < 2 * capacity; i++) {
            cosines.floats().put(i, 1);
            sines.floats().put(i, 0);
        }
        new KernelAttention(heads, keyHeads, size, 2, false, scale)
                .attend(
                        List.of(
                                rows(2, heads * size, q),
                                rows(2, keyHeads * size, newKeys),
                                rows(2, keyHeads * size, newValues)),
                        cosines,
                        sines,
                        new KernelCache(
                                half ? halves(k) : floats(k),
                                half ? halves(v) : floats(v),
                                half,
                                3,
                                keyHeads,
                                capacity,
                                size),
                        rows,
                        at,
                        result);
        float[] actual = read(result);
        for (int b = 0; b < 2; b++) {
            for (int h = 0; h < heads; h++) {
                int query = (b * heads + h) * size;
                int place = rows[b] * row + h / (heads / keyHeads) * capacity * size;
                double[] expected = attend(q, query, k, v, place, size, at[b] + 1, scale);
                for (int d = 0; d < size; d++) {
                    // Float32 scores of magnitude s are off by 1e-7 s, and so are the weights.
                    assertThat((double) actual[query + d])
                            .isCloseTo(expected[d], within(2e-6 * (1 + spread * spread)));
                }
            }
        }
    }

    /**
     * They are computed by 16, by 4 and one by one. One of the values is infinite: positions before
     * it don't see it.
     */
    @ParameterizedTest
    @CsvSource({"false,7", "true,7", "false,21", "true,21"})
    void neighbouring_positions_have_the_bits_that_each_has_alone(boolean half, int infinite) {
        int count = 27;
        int first = 59;
        int width = (4 + 2 * 2) * 24;
        float[] seen = half(normal(2 * 100 * 24, 1));
        float[] products = normal(count * width, 1);
        products[infinite * width + 6 * 24] = Float.POSITIVE_INFINITY;
        int[] rows = new int[count];
        int[] positions = IntStream.range(first, first + count).toArray();
        KernelAttention attention = new KernelAttention(4, 2, 24, 2, false, 0.3f);
        KernelRows angles = rows(100, 2, normal(200, 1));
        KernelCache together = cache(seen, half);
        KernelRows expected = KernelRows.allocate(count, 4 * 24);
        KernelCache alone = cache(seen, half);
        for (int i = 0; i < count; i++) {
            KernelRows row =
                    rows(1, width, Arrays.copyOfRange(products, i * width, (i + 1) * width));
            int[] position = {positions[i]};
            attention.attend(
                    List.of(row), angles, angles, alone, new int[1], position, expected.rows(i, 1));
        }
        KernelRows actual = KernelRows.allocate(count, 4 * 24);
        attention.attend(
                List.of(rows(count, width, products)),
                angles,
                angles,
                together,
                rows,
                positions,
                actual);
        assertThat(read(actual)).containsExactly(read(expected));
        assertThat(read(actual)[infinite * 4 * 24]).isInfinite();
        assertThat(read(actual)[(infinite - 1) * 4 * 24]).isFinite();
    }

    private static KernelCache cache(float[] seen, boolean half) {
        ByteBuffer keys = half ? halves(seen) : floats(seen);
        ByteBuffer values = half ? halves(seen) : floats(seen);
        return new KernelCache(keys, values, half, 1, 2, 100, 24);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void turns_queries_and_keys_by_their_positions_and_stores_keys_and_values(boolean pairs) {
        int size = 16;
        int rotary = 8;
        float[] products = normal(2 * 3 * size, 1);
        float[] cosines = normal(4 * rotary, 1);
        float[] sines = normal(4 * rotary, 1);
        KernelRows all = rows(2, 3 * size, products);
        ByteBuffer keys = direct(4 * size * Float.BYTES);
        ByteBuffer values = direct(4 * size * Float.BYTES);
        new KernelAttention(1, 1, size, rotary, pairs, 1)
                .attend(
                        List.of(all),
                        rows(4, rotary, cosines),
                        rows(4, rotary, sines),
                        new KernelCache(keys, values, false, 1, 1, 4, size),
                        new int[] {0, 0},
                        new int[] {2, 3},
                        KernelRows.allocate(2, size));
        float[] turned = read(all);
        for (int i = 0; i < 2; i++) {
            for (int d = 0; d < size; d++) {
                int other = pairs ? d ^ 1 : d < rotary / 2 ? d + rotary / 2 : d - rotary / 2;
                double sign = other > d ? -1 : 1;
                int angle = (i + 2) * rotary + d;
                for (int part = 0; part < 2; part++) {
                    int from = i * 3 * size + part * size;
                    double expected =
                            d >= rotary
                                    ? products[from + d]
                                    : products[from + d] * cosines[angle]
                                            + sign * products[from + other] * sines[angle];
                    assertThat((double) turned[from + d]).isCloseTo(expected, within(1e-6));
                }
                int stored = Float.BYTES * ((i + 2) * size + d);
                assertThat(keys.getFloat(stored)).isEqualTo(turned[i * 3 * size + size + d]);
                assertThat(values.getFloat(stored))
                        .isEqualTo(products[i * 3 * size + 2 * size + d]);
            }
        }
    }

    @Test
    void stores_bfloat16_rounded_to_nearest_even() {
        float[] numbers = {
            1f, -1f, 0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 3.4e38f, Float.NaN, 1e-40f
        };
        ByteBuffer keys = direct(2 * numbers.length);
        ByteBuffer values = direct(2 * numbers.length);
        KernelRows zeros = KernelRows.copyOf(new float[8]);
        KernelRows still = KernelRows.copyOf(new float[2]);
        new KernelAttention(1, 1, 8, 2, false, 1)
                .attend(
                        List.of(zeros, zeros, KernelRows.copyOf(numbers)),
                        still,
                        still,
                        new KernelCache(keys, values, true, 1, 1, 1, 8),
                        new int[] {0},
                        new int[] {0},
                        KernelRows.allocate(1, 8));
        float[] expected = {
            1f, -1f, 1f, 0x1.04p0f, 0x1.02p0f, Float.POSITIVE_INFINITY, Float.NaN, 0x1p-133f
        };
        for (int i = 0; i < expected.length; i++) {
            float stored = Float.intBitsToFloat(values.getShort(2 * i) << 16);
            assertThat(stored).isEqualTo((Float) expected[i]);
        }
    }

    private static double[] attend(
            float[] q, int query, float[] k, float[] v, int place, int size, int n, float scale) {
        double[] scores = new double[n];
        double highest = Double.NEGATIVE_INFINITY;
        for (int s = 0; s < n; s++) {
            for (int d = 0; d < size; d++) {
                scores[s] += (double) q[query + d] * k[place + s * size + d] * scale;
            }
            highest = Math.max(highest, scores[s]);
        }
        double total = 0;
        double[] sums = new double[size];
        for (int s = 0; s < n; s++) {
            double weight = Math.exp(scores[s] - highest);
            total += weight;
            for (int d = 0; d < size; d++) {
                sums[d] += weight * v[place + s * size + d];
            }
        }
        for (int d = 0; d < size; d++) {
            sums[d] /= total;
        }
        return sums;
    }

    @Test
    void refuses_rows_and_positions_that_the_cache_does_not_have() {
        KernelAttention attention = new KernelAttention(1, 1, 8, 2, false, 1);
        ByteBuffer memory = direct(2 * 4 * 8 * 4);
        KernelCache cache = new KernelCache(memory, memory, false, 2, 1, 4, 8);
        KernelRows angles = KernelRows.allocate(4, 2);
        KernelRows result = KernelRows.allocate(1, 8);
        List<KernelRows> products = List.of(KernelRows.allocate(1, 24));
        for (int[] asked : new int[][] {{2, 1}, {-1, 1}, {0, -1}, {0, 4}}) {
            assertThatThrownBy(
                            () ->
                                    attention.attend(
                                            products,
                                            angles,
                                            angles,
                                            cache,
                                            new int[] {asked[0]},
                                            new int[] {asked[1]},
                                            result))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void refuses_heads_that_there_is_no_kernel_for() {
        for (int size : new int[] {12, 264}) {
            assertThatThrownBy(() -> new KernelAttention(1, 1, size, 2, false, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("of %d dimensions".formatted(size));
        }
    }
}
