package ai.llm360.common.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationConfigTest {

    @ParameterizedTest
    @ValueSource(
            doubles = {
                -1,
                Double.MIN_VALUE,
                1e-46, // 0 in float32
                1e-38, // denormal in float32
                1e-31, // logits divided by it are infinite in float32
                1e31,
                1e39,
                Double.NaN,
                Double.NEGATIVE_INFINITY,
                Double.POSITIVE_INFINITY
            })
    void refuses_temperatures_that_float32_cannot_divide_by(double temperature) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerationConfig.builder().optTemperature(temperature).build())
                .withMessage(
                        "temperature must be 0 (greedy) or from 1e-30 to 1e30, not " + temperature);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, 1e-46, 1e-5, 1e5, Double.NaN, Double.POSITIVE_INFINITY})
    void refuses_repetition_penalties_out_of_range(double penalty) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerationConfig.builder().optRepetitionPenalty(penalty).build())
                .withMessage("repetition penalty must be from 1e-4 to 1e4, not " + penalty);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, Double.MIN_VALUE, 1e-310, 1.001, Double.NaN})
    void refuses_a_top_p_out_of_range(double topP) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerationConfig.builder().optTopP(topP).build())
                .withMessage("top-p must be above 0 (2.3e-308 or more) and at most 1, not " + topP);
    }

    @Test
    void refuses_negative_end_tokens() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerationConfig.builder().optEosIds(Set.of(-2L)).build())
                .withMessage("an end token's id can't be negative: [-2]");
    }

    @Test
    void takes_the_ends_of_the_ranges() {
        for (double temperature : new double[] {0, -0.0, 1e-30, 1e30}) {
            assertThat(GenerationConfig.builder().optTemperature(temperature).build().temperature())
                    .isEqualTo(temperature);
        }
        GenerationConfig.builder().optTopP(1e-300).optRepetitionPenalty(1e-4).build();
        GenerationConfig.builder().optTopP(1).optRepetitionPenalty(1e4).build();
    }
}
