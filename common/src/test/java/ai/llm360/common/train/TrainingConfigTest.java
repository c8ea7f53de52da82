package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.train.TrainingConfig.Anomaly;
import ai.llm360.common.train.TrainingConfig.Batch;
import ai.llm360.common.train.TrainingConfig.ParameterGroup;
import ai.llm360.common.train.TrainingConfig.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingConfigTest {

    private static final ConfigTree SMALLEST =
            ConfigTree.parse(
                    """
                    name: smallest
                    model: {model_type: llama, rope_scaling: null}
                    data: {path: tokens}
                    batch: {global: 8, micro: 2}
                    """);

    private static TrainingConfig bind(ConfigTree tree) {
        return tree.bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    @Test
    void what_is_not_said_is_as_amber_was_trained() {
        TrainingConfig config = bind(SMALLEST);
        assertThat(config.batch()).isEqualTo(new Batch(8, 2));
        assertThat(config.data().order()).isEqualTo(ShuffleMode.PER_CHUNK);
        assertThat(config.seed()).isEqualTo(11111);
        assertThat(config.optimizer()).isEqualTo(TrainingConfig.DEFAULTS.optimizer());
        assertThat(config.schedule().warmup()).isEqualTo(2000);
        assertThat(config.precision()).isEqualTo(Precision.FP32);
    }

    @Test
    void a_saved_configuration_is_read_back_equal() {
        TrainingConfig config =
                bind(
                        SMALLEST.with("precision=bf16")
                                .with("anomaly.policy=skip-chunk")
                                .with(
                                        "optimizer.groups=[{match: .*, lr_scale: 1, weight_decay:"
                                                + " 0}]")
                                .with("schedule.kind=linear"));
        assertThat(config.anomaly().policy()).isEqualTo(Anomaly.Policy.SKIP_CHUNK);
        assertThat(config.optimizer().groups()).isEqualTo(List.of(new ParameterGroup(".*", 1, 0)));
        String saved = ConfigTree.of(config).toYaml();
        assertThat(bind(ConfigTree.parse(saved))).isEqualTo(config);
        assertThat(ConfigTree.parse(saved).toYaml()).isEqualTo(saved);
    }

    @ParameterizedTest
    @ValueSource(strings = {"name", "model", "data.path", "batch.global", "batch.micro"})
    void what_has_no_default_must_be_given(String path) {
        assertThatThrownBy(() -> bind(SMALLEST.with(path, null)))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("missing " + path + ": expected ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name=' ' | name must not be blank",
                "seed=-1 | seed (-1) must be 0 to 2147483647, which libtorch's and NumPy's"
                        + " generators both take",
                "seed=2147483648 | seed (2147483648) must be 0 to 2147483647, which libtorch's and"
                        + " NumPy's generators both take",
                "clip=-1 | clip (-1.0) must not be negative",
                "clip=.nan | clip (NaN) must not be negative",
                "steps=-5 | steps (-5) must not be negative",
                "data.chunks=-1 | data.chunks (-1) must not be negative",
                "batch.micro=3 | batch.global (8) must be a multiple of micro (3)",
                "batch.micro=0 | batch.micro (0) must be positive",
                "optimizer.beta2=1 | optimizer.beta2 (1.0) must be at least 0, below 1",
                "optimizer.beta1=-0.1 | optimizer.beta1 (-0.1) must be at least 0, below 1",
                "optimizer.epsilon=0 | optimizer.epsilon (0.0) must be positive",
                "optimizer.weight_decay=.inf | optimizer.weight_decay (Infinity) must not be"
                        + " negative",
                "optimizer.groups=[{match: '(', lr_scale: 1, weight_decay: 0}] |"
                    + " optimizer.groups.0.match ('(') is no regular expression: Unclosed group",
                "schedule.peak=0 | schedule.peak (0.0) must be positive",
                "schedule.end=1 | schedule.end (1.0) must be at most peak (3.0E-4)",
                "schedule.total=10 | schedule.warmup (2000) must be at most total (10)",
                "validation.batches=0 | validation.batches (0) must be positive",
                "checkpoints.keep=0 | checkpoints.keep (0) must be positive",
                "anomaly.limit=0 | anomaly.limit (0) must be positive",
            })
    void a_value_that_makes_no_sense_is_refused_by_its_name_in_the_file(
            String assignment, String problem) {
        assertThatThrownBy(() -> bind(SMALLEST.with(assignment)))
                .isInstanceOf(ConfigException.class)
                .hasMessage(problem);
    }
}
