package ai.llm360.zoo.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.generate.GenerationConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelArgumentTest {

    @ParameterizedTest
    @CsvSource({
        "max_tokens, max_new_tokens",
        "maxNewTokens, max_new_tokens",
        "temprature, temperature",
        "topk, top_k",
        "type, dtype"
    })
    void a_name_that_isnt_there_is_answered_with_the_nearest(String name, String near) {
        assertThatThrownBy(() -> ModelArgument.check(List.of("seed", name)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no argument '%s'; did you mean %s?", name, near)
                .hasMessageContaining("repetition_penalty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "engine", "translatorFactory", "blockFactory", "application", "hasParameter",
                "modelName", "model_name", "mapLocation", "batchifier", "batch_size",
                "maxBatchDelay", "max_batch_delay", "job_queue_size", "minWorkers", "maxWorkers",
                "gpu.minWorkers", "load_on_devices", "option.model_id", "max_idle_time"
            })
    void djls_own_names_may_stand_beside(String name) {
        assertThatCode(() -> ModelArgument.check(List.of(name, "dtype")))
                .doesNotThrowAnyException();
    }

    private static GenerationConfig config(Map<String, ?> arguments, GenerationConfig defaults) {
        return new GenerationArguments(arguments).toConfig(defaults);
    }

    private static GenerationConfig config(Map<String, ?> arguments) {
        return config(arguments, GenerationConfig.builder().build());
    }

    @Test
    void what_is_given_comes_before_the_defaults() {
        GenerationConfig defaults =
                GenerationConfig.builder()
                        .optMaxLength(50)
                        .optTemperature(0.6)
                        .optTopK(7)
                        .optTopP(0.9)
                        .build();
        assertThat(config(Map.of(), defaults)).isEqualTo(defaults);
        GenerationConfig mine = config(Map.of("max_new_tokens", 5, "top_p", "0.5"), defaults);
        assertThat(mine.maxNewTokens()).isEqualTo(5);
        assertThat(mine.maxLength()).isZero();
        assertThat(mine.topP()).isEqualTo(0.5);
        assertThat(mine.topK()).isEqualTo(7);
    }

    @Test
    void do_sample_decides_where_it_is_given() {
        assertThat(config(Map.of("do_sample", true)).temperature()).isEqualTo(1);
        assertThat(config(Map.of("do_sample", "true", "temperature", 2)).temperature())
                .isEqualTo(2);
        assertThat(config(Map.of("do_sample", false, "temperature", 2)).temperature()).isZero();
        assertThatThrownBy(() -> config(Map.of("do_sample", 1)))
                .hasMessageContaining("do_sample must be true or false, not '1'");
        assertThatThrownBy(() -> config(Map.of("do_sample", false, "temperature", -2)))
                .hasMessageContaining("temperature must be 0 (greedy) or from");
    }

    @Test
    void stop_is_a_text_or_a_list_of_them() {
        assertThat(config(Map.of("stop", "\n")).stop()).containsExactly("\n");
        assertThat(config(Map.of("stop", List.of("a", "b"))).stop()).containsExactly("a", "b");
    }

    @Test
    void a_length_is_positive() {
        assertThatThrownBy(() -> config(Map.of("max_length", 0)))
                .hasMessageContaining("max_length must be positive, not 0");
    }
}
