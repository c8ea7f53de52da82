package ai.llm360.common.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonPatternTest {

    @Test
    void it_matches_whole_names() {
        PythonPattern pattern = new PythonPattern(".*\\.(q|k|down)_proj");
        assertThat(pattern.matches("model.layers.0.self_attn.q_proj")).isTrue();
        assertThat(pattern.matches("model.layers.0.self_attn.v_proj")).isFalse();
        assertThat(pattern.matches("model.layers.0.self_attn.q_proj.x")).isFalse();
        assertThat(new PythonPattern("layers\\.[0-3]\\..*").matches("layers.2.mlp")).isTrue();
        assertThat(new PythonPattern("", "h", "\\.(?<n>\\d+)").begins("h.12.attn", "n"))
                .contains("12");
    }

    /** The name's length to the power of 8. */
    @Test
    void one_that_does_not_end_is_ended() {
        PythonPattern pattern = new PythonPattern("a*a*a*a*a*a*a*a*b");
        assertThatThrownBy(() -> pattern.matches("a".repeat(80)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a*a*a*a*a*a*a*a*b' takes more than 1000000 steps");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "[a",
                "(?P<x>q)_proj",
                "\\p{Alpha}",
                "\\Qq_proj\\E",
                "[a[bc]]",
                "[a&&b]"
            })
    void what_python_reads_otherwise_is_refused(String pattern) {
        assertThatThrownBy(() -> new PythonPattern(pattern))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(pattern)
                .hasMessageContaining("list the modules' names");
    }

    @Test
    void long_and_deep_ones_are_refused() {
        assertThatThrownBy(() -> new PythonPattern("q".repeat(2001)))
                .hasMessageContaining("has 2001 characters");
        PythonPattern deep = new PythonPattern("(".repeat(900) + "q" + ")".repeat(900));
        assertThat(deep.matches("q")).isTrue();
    }
}
