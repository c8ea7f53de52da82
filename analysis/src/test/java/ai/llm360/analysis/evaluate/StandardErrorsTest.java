package ai.llm360.analysis.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The expected numbers are what lm-evaluation-harness 0.4.13's own functions returned. */
class StandardErrorsTest {

    private static final double[] LOG_LIKELIHOODS = {-1.5, -0.25, -3, -2, -0.5, -4.25, -1};

    @Test
    void a_means_error_is_the_samples_deviation_over_the_root() {
        assertThat(StandardErrors.ofMean(new double[] {1, 0, 1, 1, 0}).orElseThrow())
                .isCloseTo(0.24494897427831783, within(1e-15));
        assertThat(StandardErrors.ofMean(new double[] {1})).isEmpty();
    }

    @Test
    void a_perplexitys_error_is_bootstrapped_by_pythons_random_numbers() {
        List<Score> scores = Arrays.stream(LOG_LIKELIHOODS).mapToObj(Score::of).toList();

        assertThat(Aggregation.PERPLEXITY.of(scores)).isCloseTo(5.963838311065338, within(1e-12));
        assertThat(Aggregation.PERPLEXITY.error(scores, 2500).orElseThrow())
                .isCloseTo(3.802432506472025, within(1e-9));
        assertThat(Aggregation.PERPLEXITY.error(scores.subList(0, 1), 2500)).isEmpty();
    }

    @Test
    void perplexities_of_pages_count_words_and_bytes_and_have_no_error() {
        List<Score> scores = List.of(new Score(-10, 4), new Score(-20, 6));

        assertThat(Aggregation.WEIGHTED_PERPLEXITY.of(scores))
                .isCloseTo(Math.exp(3), within(1e-12));
        assertThat(Aggregation.BITS_PER_BYTE.of(scores)).isCloseTo(3 / Math.log(2), within(1e-12));
        assertThat(Aggregation.BITS_PER_BYTE.error(scores, 10)).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void groups_pool_their_tasks_errors_by_size_or_not() {
        double[] errors = {0.1, 0.2, 0.05};

        assertThat(StandardErrors.pooled(errors, new int[] {10, 25, 40}))
                .isCloseTo(0.07302967433402216, within(1e-15));
        assertThat(StandardErrors.ofPlainMean(errors))
                .isCloseTo(0.07637626158259735, within(1e-15));
    }
}
