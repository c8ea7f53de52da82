package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.finetune.PreferenceObjective;
import ai.llm360.common.finetune.ReferenceScores;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Goal;
import ai.llm360.common.train.TrainingConfig.Goal.Kind;
import ai.llm360.common.train.TrainingConfig.Goal.Normalisation;
import ai.llm360.common.train.TrainingConfig.Goal.Preference;
import ai.llm360.common.train.TrainingConfig.Start;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that learn answers, and runs that learn preferences, on data that this test makes. */
class FineTuningTest {

    @TempDir Path temp;

    private static Goal goal(Kind kind, Normalisation normalisation) {
        return new Goal(kind, normalisation, Preference.SIGMOID, 0.5, 0);
    }

    private static TinyRun answers(Normalisation normalisation) {
        return new TinyRun()
                .objective(
                        goal(Kind.SFT, normalisation),
                        (config, data, amber, manager) ->
                                Objective.labels(normalisation, config.batch().micro(), false));
    }

    @Test
    void answers_are_learnt_and_a_resumed_run_has_the_same_bits() throws IOException {
        Normalisation normalisation = Normalisation.MICRO_BATCH;
        Path whole = temp.resolve("whole");
        TinyRun run = answers(normalisation);
        run.epochs(2).run(whole);
        List<ValidationLoss> losses = ValidationLoss.read(whole);
        assertThat(losses.get(losses.size() - 1).loss()).isLessThan(0.9 * losses.get(0).loss());
        assertThat(run.metrics()).hasSize(2 * TinyRun.STEPS);
        Path stopped = temp.resolve("stopped");
        answers(normalisation).epochs(2).stopAfter(29).run(stopped);
        answers(normalisation).epochs(2).run(stopped);
        TinyRun.assertSame(stopped, whole);
        assertThat(stopped.resolve("ckpt-005")).isDirectory();
    }

    /** Answers are of three to nine tokens, so that a token's weight depends on the divisor. */
    @Test
    void the_first_steps_loss_is_a_mean_of_tokens_of_micro_batches_or_of_examples()
            throws IOException {
        List<Double> first = new ArrayList<>();
        for (Normalisation normalisation : Normalisation.values()) {
            TinyRun run = answers(normalisation).steps(4);
            run.run(Files.createDirectory(temp.resolve(normalisation.name())).resolve("run"));
            first.add(run.metrics().get(0).loss());
        }
        assertThat(first.get(0)).isCloseTo(first.get(1), within(0.1)).isNotEqualTo(first.get(1));
        // Of a random model each token's loss is about log(96); an answer has six on average.
        assertThat(first.get(2)).isBetween(2.5 * first.get(0), 9.5 * first.get(0));
    }

    private TrainingConfig.Start start() throws IOException {
        Path model = temp.resolve("start");
        if (!Files.exists(model)) {
            TinyAmber.of(TinyAmber.sizes()).writeTo(model);
        }
        TinyRun run = new TinyRun().start(new Start(model.toString(), Optional.empty()));
        return StartWeights.identify(run.config(), new Amber(TinyAmber.sizes().build()))
                .start()
                .orElseThrow();
    }

    private TinyRun preferences(List<String> computed) throws IOException {
        return new TinyRun()
                .start(start())
                .objective(
                        goal(Kind.DPO, Normalisation.TOKENS),
                        (config, data, amber, manager) ->
                                new PreferenceObjective(
                                        config.objective(),
                                        scores(config, data, amber, manager, computed)));
    }

    private static ReferenceScores scores(
            TrainingConfig config,
            TokenDataset data,
            Amber amber,
            NDManager manager,
            List<String> computed)
            throws IOException {
        StartWeights.begin(config, amber, manager);
        return ReferenceScores.of(
                config, data, Trainable.of(amber), manager, () -> computed.add("computed"));
    }

    @Test
    void preferences_are_learnt_and_a_resumed_run_has_the_same_bits() throws IOException {
        List<String> computed = new ArrayList<>();
        Path whole = temp.resolve("whole");
        preferences(computed).run(whole);
        List<StepMetrics> steps = StepMetrics.read(whole);
        assertThat(steps.get(0).figures().keySet())
                .containsExactly(
                        "rewards/chosen",
                        "rewards/rejected",
                        "rewards/accuracies",
                        "rewards/margins",
                        "logps/chosen",
                        "logps/rejected");
        assertThat(steps.get(0).loss()).isCloseTo(Math.log(2), within(1e-5));
        assertThat(steps.get(0).figures().get("rewards/margins")).isCloseTo(0, within(1e-5));
        assertThat(steps.get(TinyRun.STEPS - 1).loss()).isLessThan(0.1);
        assertThat(steps.get(TinyRun.STEPS - 1).figures().get("rewards/accuracies")).isEqualTo(1);
        List<ValidationLoss> held = ValidationLoss.read(whole);
        assertThat(held).allSatisfy(one -> assertThat(one.figures()).hasSize(6));
        assertThat(Files.readString(whole.resolve("validation.jsonl")))
                .contains("\"eval_rewards/margins\":");

        Path data = TinyRun.data(whole);
        Path stopped = temp.resolve("stopped");
        copy(data, TinyRun.data(stopped));
        preferences(computed).stopAfter(11).run(stopped);
        assertThat(computed).hasSize(1); // the copy of the rows came with their scores
        removeScores(TinyRun.data(stopped));
        preferences(computed).run(stopped);
        assertThat(computed).hasSize(2); // of the weights at the beginning, not of those now
        TinyRun.assertSame(stopped, whole);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static void removeScores(Path data) throws IOException {
        try (Stream<Path> scores = Files.list(data.resolve("references"))) {
            List<Path> all = scores.toList();
            assertThat(all).hasSize(1);
            Files.delete(all.get(0));
        }
    }

    @Test
    void rows_without_masks_hold_no_answers_to_compare() throws IOException {
        Path run = temp.resolve("run");
        new TinyRun().steps(4).run(run); // makes data without masks
        assertThatThrownBy(() -> preferences(new ArrayList<>()).run(run))
                .isInstanceOf(ConfigException.class)
                .hasMessageEndingWith(
                        "chunk-000.rows has no masks, so nothing tells an answer from its prompt;"
                                + " objective.kind dpo needs pairs of answers");
    }
}
