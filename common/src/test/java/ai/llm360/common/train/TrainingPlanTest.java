package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.model.MemoryBudget;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a plan computes from sizes; the recipes' tests plan whole models. */
class TrainingPlanTest {

    /** 2 layers of 10,000 matrix elements, C = 64, F = 128, V = 500. */
    private static final ModelSize MODEL =
            new ModelSize(84_320, 2 * 10_000 + 32_000, 10_000, 2, 64, 128, 500, 32);

    private static TrainingPlan plan(String... assignments) {
        ConfigTree tree =
                ConfigTree.parse(
                        """
                        name: small
                        model: {}
                        data: {path: tokens}
                        batch: {global: 12, micro: 12}
                        """);
        for (String assignment : assignments) {
            tree = tree.with(assignment);
        }
        TrainingConfig config = tree.bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
        return new TrainingPlan(config, MODEL, 32, List.of(10L, 10L), 20, 84_320);
    }

    @Test
    void arithmetic_is_six_for_each_element_and_attention() {
        TrainingPlan plan = plan();
        assertThat(plan.flopsPerToken()).isEqualTo(6.0 * 52_000 + 12 * 2 * 64 * 32);
        assertThat(plan.causalFlopsPerToken()).isEqualTo(6.0 * 52_000 + 6 * 2 * 64 * 32);
        assertThat(plan.tokens()).isEqualTo(20 * 12 * 32);
    }

    @Test
    void recomputation_takes_a_third_more_time() {
        double rate = plan().flopsPerToken() * plan().tokens() / 60;
        assertThat(plan().time(rate)).isEqualTo(Duration.ofSeconds(60));
        assertThat(plan("recompute_layers=1").time(rate)).isEqualTo(Duration.ofSeconds(70));
        assertThat(plan("recompute_layers=2").time(rate)).isEqualTo(Duration.ofSeconds(80));
        assertThat(plan("recompute_layers=9").time(rate)).isEqualTo(Duration.ofSeconds(80));
    }

    @Test
    void memory_follows_the_stated_formula() {
        long n = 12 * 32;
        TrainingMemory kept = TrainingMemory.of(MODEL, plan().config(), 0, n, 84_320);
        assertThat(kept.state()).isEqualTo(16 * 84_320);
        assertThat(kept.copies()).isZero();
        assertThat(kept.activations()).isEqualTo((2 + 1) * n * (40 * 64 + 16 * 128));
        assertThat(kept.loss()).isEqualTo(n * 20 * 64 + 12 * 256 * 500);
        TrainingMemory again =
                TrainingMemory.of(MODEL, plan("precision=bf16").config(), 2, n, 84_320);
        assertThat(again.copies()).isEqualTo(2 * (10_000 + 32_000));
        assertThat(again.activations())
                .isEqualTo(2 * n * 4 * 64 + (1 + 1) * n * (34 * 64 + 8 * 128));
        assertThat(again.total())
                .isEqualTo(again.state() + again.copies() + again.activations() + again.loss());
    }

    @Test
    void rmsprop_keeps_one_mean_rather_than_two_and_a_pair_is_two_rows() {
        assertThat(plan("optimizer.kind=rmsprop").memory().state()).isEqualTo(12 * 84_320);
        TrainingPlan pairs = plan("objective.kind=dpo");
        assertThat(pairs.tokensPerStep()).isEqualTo(2 * plan().tokensPerStep());
        assertThat(pairs.memory().activations()).isEqualTo(2 * plan().memory().activations());
    }

    @Test
    void an_adapter_has_gradients_and_means_and_its_base_is_as_it_is_held() {
        TrainingMemory memory =
                plan("lora={r: 8, base: bf16}", "precision=bf16").training(1000).memory();
        assertThat(memory.weights()).isEqualTo(2 * 84_320 + 4 * 1000);
        assertThat(memory.gradients()).isEqualTo(4 * 1000);
        assertThat(memory.optimizer()).isEqualTo(8 * 1000);
        assertThat(memory.copies()).isZero();
    }

    @Test
    void what_fits_is_not_refused() {
        long needed = plan().memory().total();
        assertThatCode(() -> plan().checkFits(new MemoryBudget(needed * 2, "this test")))
                .doesNotThrowAnyException();
    }

    @Test
    void what_can_not_fit_is_refused_with_the_gentlest_change_that_would() {
        long needed = plan("batch.micro=6").memory().total();
        assertThatThrownBy(() -> plan().checkFits(new MemoryBudget(needed * 10 / 9, "this test")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("training takes about ")
                .hasMessageContaining("but this test has ")
                .hasMessageEndingWith("with batch.micro=6 it takes 0.0 GB");
        long least = plan("batch.micro=1", "recompute_layers=2").memory().total();
        assertThatThrownBy(() -> plan().checkFits(new MemoryBudget(least * 10 / 9, "this test")))
                .hasMessageContaining("with batch.micro=1 and recompute_layers=2 it takes ");
        assertThatThrownBy(() -> plan().checkFits(new MemoryBudget(least / 2, "this test")))
                .hasMessageEndingWith(
                        "no batch.micro makes it fit; choose a smaller model or a larger device");
    }
}
