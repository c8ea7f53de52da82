package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.PortableMode;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.torch.Machine;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Anomaly.Policy;
import ai.llm360.common.train.TrainingException;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingTest {

    @TempDir Path directory;

    private Path run(String name) {
        return directory.resolve(name);
    }

    private static List<String> names(Path run) throws IOException {
        try (RunDirectory opened = RunDirectory.open(run)) {
            return opened.states().stream().map(SavedState::name).toList();
        }
    }

    private static Map<String, String> hashes(Path state) throws IOException {
        return SavedState.open(state).tensorHashes();
    }

    @Test
    void keeps_a_checkpoint_a_chunk_and_the_newest_points_between() throws IOException {
        TrainingResult result = new TinyRun().run(run("a"));
        assertThat(result.finished()).isTrue();
        assertThat(result.state().step()).isEqualTo(TinyRun.STEPS);
        assertThat(names(run("a")))
                .contains("ckpt-000", "ckpt-001", "ckpt-002")
                .hasSizeBetween(3, 5);
        List<StepMetrics> metrics = StepMetrics.read(run("a"));
        assertThat(metrics.stream().map(StepMetrics::step))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, TinyRun.STEPS).boxed().toList());
        assertThat(metrics.get(0).learningRate()).isZero();
        assertThat(metrics.get(TinyRun.STEPS - 1).loss()).isLessThan(metrics.get(0).loss());
    }

    @Test
    void a_finished_run_resumed_does_nothing() throws IOException {
        new TinyRun().run(run("a"));
        Map<String, String> before = hashes(run("a").resolve("ckpt-002"));
        TinyRun again = new TinyRun();
        assertThat(again.run(run("a")).finished()).isTrue();
        assertThat(again.metrics()).isEmpty();
        assertThat(hashes(run("a").resolve("ckpt-002"))).isEqualTo(before);
    }

    @Test
    void stopped_anywhere_and_resumed_gives_the_same_bits() throws IOException {
        new TinyRun().run(run("whole"));
        for (long stop : new long[] {1, 8, 13}) {
            Path path = run("stopped-" + stop);
            TrainingResult stopped = new TinyRun().stopAfter(stop).run(path);
            assertThat(stopped.finished()).isFalse();
            assertThat(stopped.state().step()).isEqualTo(stop);
            assertThat(new TinyRun().run(path).finished()).isTrue();
            TinyRun.assertSame(path, run("whole"));
        }
    }

    @Test
    void recomputed_activations_give_the_same_bits() throws IOException {
        new TinyRun().run(run("kept"));
        for (int layers : new int[] {1, 2}) {
            Path recomputed = run("recomputed-" + layers);
            new TinyRun().recompute(layers).run(recomputed);
            assertThat(hashes(recomputed.resolve("ckpt-002")))
                    .isEqualTo(hashes(run("kept").resolve("ckpt-002")));
        }
    }

    @Test
    void a_tied_head_learns_with_the_embedding() throws IOException {
        TinyRun tied = new TinyRun().tied();
        tied.run(run("tied"));
        TinyRun recomputed = new TinyRun().tied().recompute(2);
        recomputed.run(run("recomputed"));
        assertThat(hashes(run("recomputed").resolve("ckpt-002")))
                .isEqualTo(hashes(run("tied").resolve("ckpt-002")));
        try (Checkpoint weights = Checkpoint.open(run("tied").resolve("ckpt-002"))) {
            assertThat(weights.tensors()).doesNotContainKey("lm_head.weight");
        }
    }

    @Test
    void bfloat16_products_stay_near_float32() throws IOException {
        TinyRun exact = new TinyRun();
        exact.run(run("fp32"));
        TinyRun rounded = new TinyRun().precision(TrainingConfig.Precision.BF16);
        rounded.run(run("bf16"));
        for (int i = 0; i < TinyRun.STEPS; i++) {
            StepMetrics a = exact.metrics().get(i);
            StepMetrics b = rounded.metrics().get(i);
            // bfloat16 keeps 8 bits: a relative error of 2^-9 in each operand.
            assertThat(b.loss()).isCloseTo(a.loss(), within(0.02 * a.loss()));
            assertThat(b.gradientNorm())
                    .isCloseTo(a.gradientNorm(), within(0.05 * a.gradientNorm()));
        }
        assertThat(rounded.metrics().get(5).loss()).isNotEqualTo(exact.metrics().get(5).loss());
    }

    /** Makes a weight infinite after the third step. */
    private static TinyRun damaged(Policy policy) {
        TinyRun run = new TinyRun().anomaly(policy);
        return run.afterEachStep(
                amber -> {
                    if (run.metrics().size() == 3) {
                        damage(amber, Float.POSITIVE_INFINITY);
                    }
                });
    }

    private static void damage(Amber amber, float value) {
        NDArray norm = amber.getParameters().get("model.norm.weight").getArray();
        norm.toByteBuffer(true).order(java.nio.ByteOrder.nativeOrder()).putFloat(0, value);
    }

    @Test
    void fails_at_a_loss_that_is_no_number_and_keeps_what_was_before() {
        assertThatThrownBy(() -> damaged(Policy.FAIL).run(run("a")))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("step 3")
                .hasMessageContaining("chunk 0")
                .hasMessageContaining("skip_batch");
    }

    @ParameterizedTest
    @EnumSource(
            value = Policy.class,
            names = {"SKIP_BATCH", "SKIP_CHUNK", "RESEED"})
    void goes_on_as_the_policy_says_and_records_it(Policy policy) throws IOException {
        TinyRun run = new TinyRun().anomaly(policy);
        // Damaged before step 3, mended by whoever is told of it.
        Amber[] model = new Amber[1];
        run.afterEachStep(
                amber -> {
                    model[0] = amber;
                    if (run.metrics().size() == 3) {
                        damage(amber, Float.NaN);
                    }
                });
        run.listener(
                new TrainingListener() {
                    @Override
                    public void onEvent(RunEvent event) {
                        damage(model[0], 1);
                    }
                });
        TrainingResult result = run.run(run("a"));
        assertThat(result.finished()).isTrue();
        assertThat(result.state().step()).isEqualTo(TinyRun.STEPS);
        assertThat(run.events()).hasSize(1);
        assertThat(run.events().get(0).kind()).isEqualTo("non_finite");
        assertThat(run.events().get(0).step()).isEqualTo(3);
        assertThat(RunEvent.read(run("a")))
                .extracting(RunEvent::kind)
                .containsExactly("machine", "non_finite");
        long skipped = policy == Policy.SKIP_CHUNK ? TinyRun.STEPS_PER_CHUNK - 3 : 1;
        assertThat(result.state().updates()).isEqualTo(TinyRun.STEPS - skipped);
        assertThat(result.state().orderSeed() == run.config().seed())
                .isEqualTo(policy != Policy.RESEED);
    }

    @Test
    void a_run_that_goes_on_elsewhere_says_so_once() throws IOException {
        List<String> warnings = new ArrayList<>();
        TinyRun run =
                new TinyRun()
                        .listener(
                                new TrainingListener() {
                                    @Override
                                    public void onWarning(String warning) {
                                        warnings.add(warning);
                                    }
                                });
        run.steps(4).run(run("a"));
        Machine here = Machine.here();
        Path events = run("a").resolve("events.jsonl");
        String made = Files.readString(events);
        assertThat(made).contains("\"threads\":" + here.threads());
        Files.writeString(
                events,
                made.replace("\"threads\":" + here.threads(), "\"threads\":64")
                        .replace(here.processor(), "another"));
        run.steps(5).run(run("a"));
        run.steps(6).run(run("a"));
        assertThat(warnings)
                .containsExactly(
                        ("from step 4 on the run is computed on another machine (%s, not another;"
                             + " %d %s, not 64): the last bits may differ from those that the one"
                             + " before would have given")
                                .formatted(
                                        here.processor(),
                                        here.threads(),
                                        here.threads() == 1 ? "thread" : "threads"));
        assertThat(RunEvent.read(run("a"))).extracting(RunEvent::step).containsExactly(0L, 4L);
    }

    @Test
    void a_portable_run_is_refused_by_a_process_that_computes_in_its_own_way() throws IOException {
        assumeTrue(PortableMode.isSupported(), "the portable mode is one of x86-64 Linux");
        TinyRun run = new TinyRun().portable();
        assertThatThrownBy(() -> run.run(run("a")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("portable: true needs a process in the portable mode")
                .hasMessageContaining("kernels for " + Machine.here().instructions())
                .hasMessageContaining("call PortableMode.apply() before anything loads libtorch");
    }

    @Test
    void ends_after_too_many_anomalies_in_a_row() {
        assertThatThrownBy(() -> damaged(Policy.SKIP_BATCH).run(run("a")))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("4 such steps in a row");
    }
}
