package ai.llm360.common.kernel;

import static ai.llm360.common.kernel.KernelMatrixTest.direct;
import static ai.llm360.common.kernel.KernelMatrixTest.floats;
import static ai.llm360.common.kernel.KernelMatrixTest.half;
import static ai.llm360.common.kernel.KernelMatrixTest.halves;
import static ai.llm360.common.kernel.KernelMatrixTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        long[] rows = {2, 0};
        long[] counts = {positions, Math.max(1, positions / 2)};
        ByteBuffer result = direct(4 * q.length);
        new KernelAttention(half, heads, keyHeads, size, capacity, scale)
                .attend(
                        floats(q),
                        half ? halves(k) : floats(k),
                        half ? halves(v) : floats(v),
                        rows,
                        counts,
                        result);
        float[] actual = read(result);
        for (int b = 0; b < 2; b++) {
            for (int h = 0; h < heads; h++) {
                int query = (b * heads + h) * size;
                int place = (int) rows[b] * row + h / (heads / keyHeads) * capacity * size;
                double[] expected = attend(q, query, k, v, place, size, (int) counts[b], scale);
                for (int d = 0; d < size; d++) {
                    // Float32 scores of magnitude s are off by 1e-7 s, and so are the weights.
                    assertThat((double) actual[query + d])
                            .isCloseTo(expected[d], within(2e-6 * (1 + spread * spread)));
                }
            }
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
        KernelAttention attention = new KernelAttention(false, 1, 1, 8, 4, 1);
        ByteBuffer cache = direct(2 * 4 * 8 * 4);
        for (long[] asked : new long[][] {{2, 1}, {-1, 1}, {0, 0}, {0, 5}}) {
            assertThatThrownBy(
                            () ->
                                    attention.attend(
                                            direct(32),
                                            cache,
                                            cache,
                                            new long[] {asked[0]},
                                            new long[] {asked[1]},
                                            direct(32)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
