package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.ConfigTree.Difference;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeRuleTest {

    private static final ConfigTree SAVED =
            ConfigTree.parse(
                    """
                    name: run
                    model: {hidden_size: 16, rope_scaling: null}
                    data: {path: /data}
                    batch: {global: 8, micro: 2}
                    schedule: {total: 5000}
                    """);

    private static TrainingConfig config(ConfigTree tree) {
        return tree.bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    @Test
    void the_same_configuration_goes_on() {
        TrainingConfig again = config(SAVED.with("steps=0").with("clip=1"));
        assertThat(ResumeRule.check(config(SAVED), again, false)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data.path=/other",
                "data.order=continuous",
                "steps=7",
                "validation.every=5",
                "checkpoints.keep=1",
                "anomaly.policy=reseed",
                "recompute_layers=1",
                "batch.micro=4",
                "schedule.peak=1e-3"
            })
    void what_leaves_the_state_its_meaning_changes_on_request_only(String assignment) {
        TrainingConfig given = config(SAVED.with(assignment));
        assertThat(ResumeRule.check(config(SAVED), given, true))
                .extracting(Difference::path)
                .containsExactly(assignment.substring(0, assignment.indexOf('=')));
        assertThatThrownBy(() -> ResumeRule.check(config(SAVED), given, false))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("another configuration: ")
                .hasMessageContaining(" → ")
                .hasMessageEndingWith("or with --allow-change");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name=other",
                "model.hidden_size=32",
                "model.rope_theta=10000.0",
                "seed=6",
                "optimizer.beta1=0.8",
                "batch.global=16",
                "precision=bf16",
                "clip=0"
            })
    void what_the_run_is_never_changes(String assignment) {
        TrainingConfig given = config(SAVED.with(assignment).with("steps=3"));
        assertThatThrownBy(() -> ResumeRule.check(config(SAVED), given, true))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(
                        "a run can't change " + assignment.substring(0, assignment.indexOf('=')))
                .hasMessageNotContaining("steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"steps=7", "data.chunks=2"})
    void another_length_must_say_what_becomes_of_the_learning_rates(String assignment) {
        ConfigTree spread = SAVED.with("schedule.total=0");
        assertThatThrownBy(
                        () ->
                                ResumeRule.check(
                                        config(spread), config(spread.with(assignment)), true))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(assignment.replaceFirst("=.*", ": 0 → "))
                .hasMessageContaining("also change the learning rate of each step")
                .hasMessageContaining("give schedule.total too");
        TrainingConfig told = config(spread.with(assignment).with("schedule.total=6000"));
        assertThat(ResumeRule.check(config(spread), told, true)).hasSize(2);
        ConfigTree constant = spread.with("schedule.kind=constant");
        TrainingConfig longer = config(constant.with(assignment));
        assertThat(ResumeRule.check(config(constant), longer, true)).hasSize(1);
    }

    private static ConfigTree startingWith(String checkpoint, String digit) {
        return SAVED.with("start.checkpoint", checkpoint).with("start.sha256", digit.repeat(64));
    }

    @Test
    void the_weights_it_began_with_never_change_but_may_move() {
        TrainingConfig saved = config(startingWith("/a", "1"));
        assertThat(ResumeRule.check(saved, config(startingWith("/b", "1")), false)).isEmpty();
        for (ConfigTree other : List.of(startingWith("/a", "2"), SAVED)) {
            assertThatThrownBy(() -> ResumeRule.check(saved, config(other), true))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith("a run can't change start")
                    .hasMessageContaining("sha256: '1111");
        }
    }
}
