package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.amber.testing.FineTuningFixture;
import ai.llm360.common.finetune.PreferenceObjective;
import ai.llm360.common.finetune.ReferenceScores;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingConfig;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten steps of DPO beside the reference implementation's loss, with its RMSprop and warm-up. */
class PreferenceGoldenTest {

    @TempDir Path temp;

    @ParameterizedTest
    @ValueSource(ints = {0, 99})
    void ten_steps_give_the_golden_losses_norms_rewards_and_weights(int recompute)
            throws IOException {
        try (FineTuningFixture fixture = new FineTuningFixture(temp)) {
            TrainingConfig config =
                    fixture.config(
                            """
                            objective: {kind: dpo, beta: 0.1}
                            optimizer: {kind: rmsprop}
                            schedule: {kind: reference, peak: 5e-5, warmup: 3, warmup_ratio: 0}
                            clip: 10
                            recompute_layers: %d
                            """
                                    .formatted(recompute));
            List<StepMetrics> steps =
                    fixture.train(
                            config,
                            data ->
                                    new PreferenceObjective(
                                            config.objective(),
                                            ReferenceScores.of(
                                                    config,
                                                    data,
                                                    Trainable.of(fixture.amber()),
                                                    fixture.manager(),
                                                    () -> {})));
            JsonArray golden = fixture.golden().getAsJsonObject("dpo").getAsJsonArray("steps");
            for (int i = 0; i < steps.size(); i++) {
                assertStep(steps.get(i), golden.get(i).getAsJsonObject());
            }
            assertThat(fixture.different("dpo.weight.")).isEmpty();
        }
    }

    private static void assertStep(StepMetrics step, JsonObject golden) {
        double norm = golden.get("grad_norm").getAsDouble();
        assertThat(step.loss()).isCloseTo(golden.get("loss").getAsDouble(), within(1e-5));
        assertThat(step.gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
        double chosen = mean(golden.getAsJsonArray("rewards_chosen"));
        double rejected = mean(golden.getAsJsonArray("rewards_rejected"));
        assertThat(step.figures().get("rewards/chosen")).isCloseTo(chosen, within(1e-5));
        assertThat(step.figures().get("rewards/rejected")).isCloseTo(rejected, within(1e-5));
        assertThat(step.figures().get("rewards/margins"))
                .isCloseTo(chosen - rejected, within(1e-5));
        if (step.step() > 1) { // before it all rewards are 0 but for rounding
            assertThat(step.figures().get("rewards/accuracies"))
                    .isEqualTo(golden.get("accuracy").getAsDouble());
        }
    }

    private static double mean(JsonArray values) {
        return StreamSupport.stream(values.spliterator(), false)
                .mapToDouble(value -> value.getAsDouble())
                .average()
                .orElseThrow();
    }
}
