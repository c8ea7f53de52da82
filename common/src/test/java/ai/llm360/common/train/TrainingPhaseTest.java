package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingPhaseTest {

    private static final ConfigTree RECIPE =
            ConfigTree.parse(
                    """
                    name: nano
                    start: {checkpoint: /before}
                    data: {path: nano-data, order: continuous}
                    prepare: {chunks: 3, sources: [{name: prose}, {name: code}]}
                    schedule: {peak: 1e-2, warmup: 20}
                    phases:
                      first:
                      second:
                        data: {path: elsewhere}
                        prepare: {sources: [{name: code}]}
                      third:
                        name: the-last
                        start: {checkpoint: /other}
                        schedule: {peak: 5e-3}
                    """);

    private static TrainingPhase phase(int index) {
        return TrainingPhase.of(RECIPE).get(index);
    }

    @Test
    void what_a_phase_does_not_say_is_as_in_the_common_part() {
        assertThat(TrainingPhase.of(RECIPE))
                .extracting(TrainingPhase::name)
                .containsExactly("first", "second", "third");
        ConfigTree first = phase(0).recipe();
        ConfigTree common = RECIPE.without("phases");
        assertThat(first)
                .isEqualTo(common.with("name", "nano/first").with("data.path", "nano-data/first"));
        assertThat(phase(2).recipe().get("schedule"))
                .contains(ConfigTree.parse("{peak: 5e-3, warmup: 20}").asMap());
        assertThat(phase(2).recipe().get("name")).contains("the-last");
    }

    @Test
    void maps_are_merged_and_lists_replaced() {
        ConfigTree second = phase(1).recipe();
        assertThat(second.get("data"))
                .contains(ConfigTree.parse("{path: elsewhere, order: continuous}").asMap());
        assertThat(second.get("prepare"))
                .contains(ConfigTree.parse("{chunks: 3, sources: [{name: code}]}").asMap());
    }

    @Test
    void only_the_first_phase_begins_with_the_common_start() {
        assertThat(phase(0).recipe().get("start.checkpoint")).contains("/before");
        assertThat(phase(1).recipe().get("start")).isEmpty();
        assertThat(phase(2).recipe().get("start.checkpoint")).contains("/other");
    }

    @Test
    void a_recipe_without_phases_is_one_without_a_name() {
        ConfigTree plain = RECIPE.without("phases");
        TrainingPhase only = new TrainingPhase("", plain);
        assertThat(TrainingPhase.of(plain)).containsExactly(only);
        assertThat(only.in(Path.of("run"))).isEqualTo(Path.of("run"));
        assertThat(phase(0).in(Path.of("run"))).isEqualTo(Path.of("run", "first"));
    }

    @Test
    void an_unknown_phase_is_answered_with_those_there_are() {
        List<TrainingPhase> phases = TrainingPhase.of(RECIPE);
        assertThat(TrainingPhase.find(phases, "second")).isEqualTo(phases.get(1));
        assertThatThrownBy(() -> TrainingPhase.find(phases, "fourth"))
                .isInstanceOf(ConfigException.class)
                .hasMessage("no phase 'fourth': the recipe has first, second, third");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "phases={} | phases is empty; expected the name of at least one",
                "phases={a/b: {}} | phases has 'a/b'; expected names of letters, digits, dashes and"
                        + " underscores",
                "phases=[a] | phases is a list; expected a map of keys and values",
                "phases={a: 3} | phases.a is 3; expected a map of keys and values",
            })
    void phases_that_make_no_sense_are_refused(String assignment, String problem) {
        assertThatThrownBy(() -> TrainingPhase.of(RECIPE.with(assignment)))
                .isInstanceOf(ConfigException.class)
                .hasMessage(problem);
    }

    @Test
    void a_run_is_of_one_phase() {
        assertThatThrownBy(() -> TrainingRun.config(RECIPE))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("phases: expected a recipe of one");
    }
}
