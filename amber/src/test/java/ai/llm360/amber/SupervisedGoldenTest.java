package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.FineTuningFixture;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.testing.TextsOfARow;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Goal;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ten steps of supervised fine-tuning beside transformers and torch.optim.AdamW. */
class SupervisedGoldenTest {

    @TempDir Path temp;

    @ParameterizedTest
    @CsvSource({"tokens, 0", "micro-batch, 0", "tokens, 99"})
    void ten_steps_give_the_golden_losses_norms_and_weights(String normalisation, int recompute)
            throws IOException {
        try (FineTuningFixture fixture = new FineTuningFixture(temp)) {
            TrainingConfig config =
                    fixture.config(
                            "{objective: {kind: sft, loss_normalisation: %s}, recompute_layers: %d}"
                                    .formatted(normalisation, recompute));
            Objective objective =
                    Objective.labels(
                            config.objective().lossNormalisation(), config.batch().micro(), false);
            assertSteps(
                    fixture.train(config, data -> objective),
                    fixture.golden().getAsJsonObject("sft." + normalisation));
            assertThat(fixture.different("sft." + normalisation + ".weight.")).isEmpty();
        }
    }

    @Test
    void texts_of_a_row_are_trained_as_if_each_were_alone() throws IOException {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Path directory = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
            Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
            WeightLoader.load(amber, directory, manager, WeightType.FP32, null);
            TextsOfARow.assertAsAlone(amber, manager);
        }
    }

    private static void assertSteps(List<StepMetrics> steps, JsonObject golden) {
        JsonArray norms = golden.getAsJsonArray("grad_norm");
        for (int i = 0; i < steps.size(); i++) {
            double loss = golden.getAsJsonArray("loss").get(i).getAsDouble();
            double norm = norms.get(i).getAsDouble();
            assertThat(steps.get(i).loss()).as("loss").isCloseTo(loss, within(1e-5));
            assertThat(steps.get(i).gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
        }
    }

    /** PEFT's adapter, from its own beginning to its end. */
    @Test
    void ten_steps_of_an_adapter_give_the_golden_losses_norms_and_matrices() throws IOException {
        try (FineTuningFixture fixture = new FineTuningFixture(temp)) {
            TrainingConfig config = fixture.config("{objective: {kind: sft}, lora: {r: 4}}");
            Trainable adapter =
                    LoraAdapters.load(fixture.amber(), fixture.path("lora-start")).trainable(0);
            Objective objective = Objective.labels(Goal.Normalisation.TOKENS, 2, false);
            assertSteps(
                    fixture.train(config, adapter, data -> objective),
                    fixture.golden().getAsJsonObject("lora.tokens"));
            assertThat(fixture.different(adapter, "lora-end/adapter_model.safetensors", ""))
                    .isEmpty();
        }
    }
}
