package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.model.MemoryBudget;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.train.LearningRate;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Goal;
import ai.llm360.common.train.TrainingConfig.Optimizer;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AmberRecipesTest {

    private static List<String> names() {
        return AmberRecipes.FILES.names();
    }

    private static ConfigTree recipe(String name) throws IOException {
        return AmberRecipes.FILES.read(name);
    }

    private static TrainingConfig bind(ConfigTree tree) {
        return tree.without("prepare").bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    private static Amber model(TrainingConfig config) {
        return new Amber(AmberConfig.parse(ConfigTree.of(config.model()).toJson()));
    }

    private static TrainingPlan plan(ConfigTree tree) {
        TrainingConfig config = bind(tree);
        return TrainingPlan.of(config, model(config));
    }

    @ParameterizedTest
    @MethodSource("names")
    void every_recipe_is_whole_and_named_as_its_file(String name) throws IOException {
        assertThat(recipe(name).get("name")).contains(name);
        for (TrainingPhase phase : TrainingPhase.of(recipe(name))) {
            assertThat(model(bind(phase.recipe())).contextLength()).isPositive();
        }
    }

    /** FastChat's command line and the defaults of transformers 4.34's Trainer. */
    @Test
    void amber_chat_is_the_released_recipe() throws IOException {
        TrainingPlan plan = plan(recipe("amber-chat"));
        TrainingConfig config = plan.config();
        assertThat(config.start().orElseThrow().checkpoint()).isEqualTo("amber@ckpt-359");
        assertThat(config.batch()).isEqualTo(new TrainingConfig.Batch(256, 2));
        assertThat(config.data().epochs()).isEqualTo(3);
        assertThat(config.objective().kind()).isEqualTo(Goal.Kind.SFT);
        assertThat(config.objective().lossNormalisation())
                .isEqualTo(Goal.Normalisation.MICRO_BATCH);
        assertThat(config.optimizer())
                .isEqualTo(
                        new Optimizer(Optimizer.Kind.ADAMW, 0.9, 0.999, 0.99, 1e-8, 0, List.of()));
        assertThat(config.clip()).isEqualTo(1);
        assertThat(plan.stepsPerChunk()).containsExactly(910L, 910L, 910L);
        LearningRate rates = new LearningRate(config.schedule(), plan.steps());
        assertThat(rates.at(0)).isZero();
        assertThat(rates.at(110)).isEqualTo(2e-5); // 0.04 of 2730 steps, rounded up
        assertThat(rates.at(2730)).isZero();
    }

    /** finetune/ambersafe's command lines and the defaults of the DPO repository. */
    @Test
    void amber_safe_is_the_released_recipe_in_two_stages() throws IOException {
        List<TrainingPhase> phases = TrainingPhase.of(recipe("amber-safe"));
        assertThat(phases).extracting(TrainingPhase::name).containsExactly("sft", "dpo");
        TrainingConfig first = bind(phases.get(0).recipe());
        TrainingConfig second = bind(phases.get(1).recipe());
        assertThat(first.start().orElseThrow().checkpoint()).isEqualTo("amberchat");
        assertThat(first.objective().kind()).isEqualTo(Goal.Kind.SFT);
        assertThat(first.objective().lossNormalisation()).isEqualTo(Goal.Normalisation.EXAMPLES);
        assertThat(first.batch().global()).isEqualTo(64);
        assertThat(first.schedule().peak()).isEqualTo(2e-7);
        assertThat(second.objective())
                .isEqualTo(
                        new Goal(
                                Goal.Kind.DPO,
                                Goal.Normalisation.TOKENS,
                                Goal.Preference.SIGMOID,
                                0.1,
                                0));
        assertThat(second.batch().global()).isEqualTo(32);
        assertThat(second.schedule().peak()).isEqualTo(5e-7);
        for (TrainingConfig config : List.of(first, second)) {
            assertThat(config.data().epochs()).isEqualTo(3);
            assertThat(config.clip()).isEqualTo(10);
            assertThat(config.optimizer().kind()).isEqualTo(Optimizer.Kind.RMSPROP);
            assertThat(config.optimizer().alpha()).isEqualTo(0.99);
            LearningRate rates = new LearningRate(config.schedule(), 1000);
            assertThat(rates.at(0)).isEqualTo(config.schedule().peak() * (1 / 151.0));
            assertThat(rates.at(150)).isEqualTo(config.schedule().peak());
        }
        assertThat(phases.get(0).recipe().get("prepare.kind")).contains("targets");
        assertThat(phases.get(1).recipe().get("prepare.tokenise")).contains("separate-no-bos");
    }

    @Test
    void another_name_is_answered_with_the_names_there_are() {
        assertThatThrownBy(() -> AmberRecipes.FILES.open("amber-8b"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("no recipe 'amber-8b'; there are amber-7b, amber-160m");
    }

    @Test
    void amber_7b_is_the_released_model_and_the_released_recipe() throws IOException {
        TrainingConfig config = bind(recipe("amber-7b"));
        assertThat(model(config).config())
                .usingRecursiveComparison()
                .ignoringFields("dtype", "padTokenId") // published in bfloat16, trained in float32
                .isEqualTo(AmberConfigTest.AMBER_7B);
        assertThat(config.optimizer()).isEqualTo(TrainingConfig.DEFAULTS.optimizer());
        TrainingConfig.Schedule schedule = TrainingConfig.DEFAULTS.schedule();
        assertThat(config.schedule())
                .isEqualTo(
                        new TrainingConfig.Schedule(
                                schedule.kind(),
                                schedule.peak(),
                                schedule.end(),
                                schedule.warmup(),
                                0,
                                274_320));
        assertThat(config.batch()).isEqualTo(new TrainingConfig.Batch(2240, 10));
        assertThat(config.seed()).isEqualTo(11111);
    }

    @Test
    void amber_7b_has_the_published_configuration() throws IOException {
        ConfigTree published =
                ConfigTree.read(Fixtures.shared("fixtures/llm360/amber/config.main.retyped.json"));
        ConfigTree given =
                ConfigTree.of(Map.of("model", recipe("amber-7b").get("model").orElseThrow()));
        List<String> paths = new ArrayList<>();
        given.differences(ConfigTree.of(Map.of("model", published.asMap())))
                .forEach(difference -> paths.add(difference.path()));
        assertThat(paths)
                .containsExactly(
                        "model.torch_dtype", "model._name_or_path", "model.transformers_version");
    }

    @Test
    void amber_7b_takes_the_published_steps_tokens_and_arithmetic() throws IOException {
        TrainingPlan plan = plan(recipe("amber-7b"));
        assertThat(plan.stepsPerChunk()).hasSize(360).containsOnly(762L);
        assertThat(plan.steps()).isEqualTo(274_320);
        assertThat(plan.tokens()).isEqualTo(1_258_448_486_400L);
        assertThat(plan.tokensPerStep()).isEqualTo(4_587_520);
        assertThat(plan.model().parameters()).isEqualTo(6_738_415_616L);
        // 6 N + 12 L C T with N = 6,607,343,616 less 65 norms of 4096
        assertThat(plan.flopsPerToken())
                .isEqualTo(6.0 * (6_607_343_616L - 65 * 4096) + 12.0 * 32 * 4096 * 2048);
        assertThat(plan.causalFlopsPerToken()).isBetween(41.2e9, 41.3e9);
        // at 2,600 tokens a second on each of 224 GPUs, without recomputation: 25 days
        double rate = plan.flopsPerToken() * 2600 * 224;
        assertThat(plan(recipe("amber-7b").with("recompute_layers=0")).time(rate))
                .isBetween(Duration.ofDays(25), Duration.ofHours(25 * 24 + 2));
        assertThat(plan.time(rate)).isBetween(Duration.ofDays(33), Duration.ofDays(34));
    }

    @Test
    void amber_7b_fits_into_an_h200_and_into_nothing_smaller() throws IOException {
        TrainingPlan plan = plan(recipe("amber-7b"));
        assertThat(plan.memory().state()).isEqualTo(16 * 6_738_415_616L);
        assertThat(plan.memory().total()).isBetween(125_000_000_000L, 135_000_000_000L);
        assertThat(new MemoryBudget(149_000_000_000L, "an H200").holds(plan.memory().total()))
                .isTrue();
        assertThat(new MemoryBudget(85_000_000_000L, "an A100").holds(plan.memory().total()))
                .isFalse();
    }

    @Test
    void amber_160m_has_what_its_comments_say() throws IOException {
        TrainingPlan plan = plan(recipe("amber-160m"));
        assertThat(plan.model().parameters()).isEqualTo(162_423_552);
        assertThat(plan.steps()).isEqualTo(6667);
        assertThat(plan.tokens()).isEqualTo(3_495_428_096L);
        assertThat(plan.tokensPerStep()).isEqualTo(524_288);
    }

    @Test
    void amber_nano_is_a_million_parameters_in_ten_checkpoints_of_24_megabytes()
            throws IOException {
        ConfigTree recipe = recipe("amber-nano");
        TrainingPlan plan = plan(recipe.with("data.chunks=10").with("data.rows_per_chunk=688"));
        assertThat(plan.model().parameters()).isEqualTo(1_118_080);
        assertThat(plan.stepsPerChunk()).hasSize(10).containsOnly(86L);
        assertThat(recipe.get("prepare.chunks")).hasValue(10L);
        assertThat(10 * 2 * plan.model().parameters()).isLessThan(23_000_000);
    }
}
