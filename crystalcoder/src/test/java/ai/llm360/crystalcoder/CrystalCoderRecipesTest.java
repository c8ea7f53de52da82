package ai.llm360.crystalcoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.data.FimRecipe;
import ai.llm360.common.model.MemoryBudget;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.train.LearningRate;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.ParameterGroup;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CrystalCoderRecipesTest {

    private static ConfigTree recipe(String name) throws IOException {
        return CrystalCoderRecipes.FILES.read(name);
    }

    private static ConfigTree phase(int number) throws IOException {
        return recipe("crystalcoder-7b-phase" + number);
    }

    private static TrainingConfig bind(ConfigTree tree) {
        return tree.without("prepare").bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    private static CrystalCoder model(TrainingConfig config) {
        String json = ConfigTree.of(config.model()).toJson();
        return new CrystalCoder(CrystalCoderConfig.parse(json));
    }

    private static TrainingPlan plan(ConfigTree tree) {
        TrainingConfig config = bind(tree);
        return TrainingPlan.of(config, model(config));
    }

    private static ConfigTree released(int phase) throws IOException {
        return ConfigTree.read(
                Fixtures.shared(
                        "fixtures/llm360/crystal-params/phase%d_params.yaml".formatted(phase)));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 79721, 344823300096, 54",
        "2, 214387, 927304384512, 143",
        "3, 27728, 119934025728, 28",
    })
    void a_phase_takes_the_published_steps_and_tokens(
            int number, long steps, long tokens, int chunks) throws IOException {
        TrainingPlan plan = plan(phase(number));
        assertThat(plan.config().name()).isEqualTo("crystalcoder-7b-phase" + number);
        assertThat(plan.model().parameters()).isEqualTo(6_575_278_720L);
        assertThat(plan.steps()).isEqualTo(steps);
        assertThat(plan.tokens()).isEqualTo(tokens);
        assertThat(plan.stepsPerChunk()).hasSize(chunks);
        assertThat(new MemoryBudget(149_000_000_000L, "an H200").holds(plan.memory().total()))
                .isTrue();
    }

    @Test
    void a_phase_begins_where_the_one_before_ended() throws IOException {
        assertThat(bind(phase(1)).start()).isEmpty();
        for (int i = 2; i <= 3; i++) {
            String last = "crystalcoder@phase%d-%06d".formatted(i - 1, bind(phase(i - 1)).steps());
            assertThat(phase(i).get("start.checkpoint")).contains(last);
        }
    }

    /** A step's rates are (1 - t / n) (a - b) + b, so they have the rounding of the peak. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void the_learning_rates_are_the_golden_ones(int number) throws IOException {
        TrainingConfig config = bind(phase(number));
        LearningRate rates = new LearningRate(config.schedule(), config.steps());
        ConfigTree golden =
                ConfigTree.read(Fixtures.shared("fixtures/llm360/golden/lr_schedules.json"))
                        .part("phase" + number)
                        .orElseThrow();
        assertThat(golden.get("max_steps")).contains(config.steps());
        Map<String, Object> expected = golden.part("lr").orElseThrow().asMap();
        assertThat(expected).hasSizeGreaterThan(8);
        expected.forEach(
                (step, rate) ->
                        assertThat(rates.at(Long.parseLong(step)))
                                .as("step %s", step)
                                .isCloseTo(
                                        (Double) rate, within(1e-15 * config.schedule().peak())));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void the_optimizer_and_the_mixture_are_the_released_ones(int number) throws IOException {
        ConfigTree recipe = phase(number);
        ConfigTree params = released(number);
        TrainingConfig config = bind(recipe);
        assertThat(Optional.<Object>of((long) config.batch().global()))
                .isEqualTo(params.get("train_input.batch_size"));
        assertThat(config.optimizer().beta1()).isEqualTo(params.get("optimizer.beta1").get());
        assertThat(config.optimizer().beta2()).isEqualTo(params.get("optimizer.beta2").get());
        assertThat(config.optimizer().epsilon()).isEqualTo(params.get("optimizer.eps").get());
        assertThat(config.clip()).isEqualTo(params.get("optimizer.max_gradient_norm").get());
        assertThat(config.optimizer().groups())
                .extracting(ParameterGroup::lrScale)
                .containsExactly(
                        (Double) params.get("optimizer.adjust_learning_rate.decoder_kernel").get(),
                        1.0);
        Map<Object, Object> mixture = new LinkedHashMap<>();
        for (Object source : (List<?>) params.get("train_input.mixture").orElseThrow()) {
            Map<?, ?> entry = (Map<?, ?>) source;
            String path = entry.get("data_dir").toString();
            mixture.put(
                    path.replace("/path/to/", "").replaceFirst("/$", ""),
                    Arrays.asList(entry.get("weight"), entry.get("data_subset")));
        }
        Map<Object, Object> ours = new LinkedHashMap<>();
        for (Object source : (List<?>) recipe.get("prepare.sources").orElseThrow()) {
            Map<?, ?> entry = (Map<?, ?>) source;
            Object weight = recipe.get("prepare.weights." + entry.get("name")).orElseThrow();
            ours.put(entry.get("path"), Arrays.asList(weight, entry.get("subset")));
        }
        assertThat(ours).isEqualTo(mixture);
        DataRecipe data =
                recipe.part("prepare").orElseThrow().bind(DataRecipe.class, DataRecipe.DEFAULTS);
        assertThat(data.weights().values()).hasSameSizeAs(data.sources());
        assertThat(data.weights().values().stream().mapToDouble(weight -> weight).sum())
                .isCloseTo(1, within(1e-4));
    }

    @Test
    void every_parameter_has_its_rate_and_its_decay() throws IOException {
        TrainingConfig config = bind(phase(1));
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        for (String name : model(config).parameterShapes().keySet()) {
            ParameterGroup group =
                    config.optimizer().groups().stream()
                            .filter(one -> name.matches(one.match()))
                            .findFirst()
                            .orElse(new ParameterGroup(name, 1, config.optimizer().weightDecay()));
            String key = group.lrScale() + " " + group.weightDecay();
            kinds.computeIfAbsent(key, first -> new ArrayList<>()).add(name);
        }
        assertThat(kinds.get("0.0625 0.1"))
                .hasSize(32 * 5)
                .allMatch(name -> name.matches(".*\\.(c_attn|c_proj|c_fc|c_fc2)\\.weight"));
        assertThat(kinds.get("1.0 0.1")).containsExactly("transformer.wte.weight");
        assertThat(kinds.get("1.0 0.0"))
                .hasSize(32 * 9 + 2)
                .allMatch(name -> name.endsWith(".bias") || name.matches(".*ln_[12f]\\.weight"));
        assertThat(kinds).hasSize(3);
    }

    @Test
    void the_model_has_the_published_configuration() throws IOException {
        ConfigTree published =
                ConfigTree.of(
                        Map.of(
                                "model",
                                ConfigTree.read(
                                                Fixtures.shared(
                                                        "fixtures/llm360/crystal/config.json"))
                                        .asMap()));
        for (int i = 1; i <= 3; i++) {
            ConfigTree ours = ConfigTree.of(Map.of("model", phase(i).get("model").orElseThrow()));
            assertThat(ours.differences(published))
                    .extracting(ConfigTree.Difference::path)
                    .containsExactly("model.auto_map");
        }
    }

    @Test
    void crystalcoder_nano_is_nine_checkpoints_of_16_megabytes_in_three_phases()
            throws IOException {
        List<TrainingPhase> phases = TrainingPhase.of(recipe("crystalcoder-nano"));
        assertThat(phases)
                .extracting(TrainingPhase::name)
                .containsExactly("phase1", "phase2", "phase3");
        List<List<Optional<Double>>> rates = new ArrayList<>();
        double end = Double.POSITIVE_INFINITY;
        long checkpoints = 0;
        for (TrainingPhase phase : phases) {
            TrainingPlan plan = plan(phase.recipe().with("steps=100"));
            assertThat(plan.config().name()).isEqualTo("crystalcoder-nano/" + phase.name());
            assertThat(plan.model().parameters()).isEqualTo(863_888);
            assertThat(plan.config().schedule().peak()).isLessThanOrEqualTo(end);
            end = plan.config().schedule().end();
            checkpoints += (Long) phase.recipe().get("prepare.chunks").orElseThrow();
            DataRecipe data =
                    phase.recipe()
                            .part("prepare")
                            .orElseThrow()
                            .bind(DataRecipe.class, DataRecipe.DEFAULTS);
            assertThat(data.begin()).isTrue();
            assertThat(data.overlap()).isEqualTo(1);
            rates.add(
                    data.sources().stream()
                            .map(source -> source.fim().map(FimRecipe::rate))
                            .toList());
        }
        Optional<Double> none = Optional.empty();
        Optional<Double> most = Optional.of(0.9);
        Optional<Double> some = Optional.of(0.3);
        assertThat(rates)
                .containsExactly(
                        List.of(none),
                        List.of(none, most, most, most),
                        List.of(none, some, some, some));
        assertThat(checkpoints).isEqualTo(9);
        assertThat(checkpoints * 2 * 863_888).isLessThan(16_000_000);
    }

    /** rank_cmd_phase2.sh: 1600 steps of 1024 rows of 2048, from the second phase's end. */
    @Test
    void crystal_chat_is_the_released_recipe() throws IOException {
        TrainingPlan plan = plan(recipe("crystal-chat"));
        TrainingConfig config = plan.config();
        assertThat(config.start().orElseThrow().checkpoint())
                .isEqualTo("crystalcoder@phase2-214387");
        assertThat(plan.steps()).isEqualTo(1600);
        assertThat(plan.tokens()).isEqualTo(1600L * 1024 * 2048);
        assertThat(config.optimizer().epsilon()).isEqualTo(1e-8);
        assertThat(config.objective().lossNormalisation())
                .isEqualTo(TrainingConfig.Goal.Normalisation.TOKENS);
        LearningRate rates = new LearningRate(config.schedule(), plan.steps());
        assertThat(rates.at(2)).isEqualTo(2e-4); // 0.001 of 1600, rounded up
        assertThat(rates.at(1600)).isEqualTo(2e-5);
    }

    @Test
    void crystalcoder_nano_chat_fits_crystalcoder_nano() throws IOException {
        ConfigTree chat = recipe("crystalcoder-nano-chat");
        assertThat(chat.get("model")).isEqualTo(recipe("crystalcoder-nano").get("model"));
        assertThat(bind(chat).objective().kind()).isEqualTo(TrainingConfig.Goal.Kind.SFT);
    }
}
