package ai.llm360.zoo.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.RunLog;
import ai.llm360.common.run.StateContents;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.TrainingState;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.source.ShipSeries;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReproductionTest {

    private static final int STEPS = 4; // of a chunk

    @TempDir Path temp;
    private SeriesFile published;
    private Reproduction reproduction;

    /** A run of so many chunks, whose weights and losses grow with the steps and a slip. */
    private Path run(String name, int chunks, float slip) throws IOException {
        Path path = temp.resolve(name);
        try (RunDirectory run = RunDirectory.create(path, "seed: 7\n", "{}")) {
            RunLog log = run.openLog(0);
            for (int step = 1; step <= chunks * STEPS; step++) {
                log.metrics(metrics(step, slip));
                if (step % STEPS == 0) {
                    log.validation(new ValidationLoss(step, "prose", 9.0 / step, 32));
                    run.saveCheckpoint(step / STEPS - 1, contents(step, slip));
                }
            }
        }
        return path;
    }

    private static StepMetrics metrics(int step, float slip) {
        double loss = 8.0 / step + slip;
        return new StepMetrics(step, loss, 1e-3, 1, 64L * step, 10, OptionalDouble.empty(), 0);
    }

    private static StateContents contents(int step, float slip) {
        List<TensorSpec> weights = List.of(new TensorSpec("head", TensorType.F32, new Shape(2, 2)));
        ByteBuffer values = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        values.asFloatBuffer().put(new float[] {step, 0.5f, -1 + slip, 1f / step});
        TensorSource source = (tensor, out) -> out.write(values.duplicate());
        TrainingState state = new TrainingState(step, step / STEPS, 0, 64L * step, 7, step);
        Map<String, byte[]> files = Map.of("config.json", new byte[] {'{', '}'});
        return new StateContents(state, weights, source, List.of(), source, files);
    }

    @BeforeEach
    void publish() throws IOException {
        Path jar = temp.resolve("jar");
        published = ShipSeries.ship("nano", run("published", 3, 0), jar);
        EmbeddedSeries embedded =
                new EmbeddedSeries("nano", file -> Files.newInputStream(jar.resolve(file)));
        reproduction = new Reproduction(embedded, ConfigTree.of(Map.of()), temp.resolve("home"));
    }

    @Test
    void a_shipped_series_says_what_its_run_logged() {
        assertThat(published.names()).containsExactly("ckpt-000", "ckpt-001", "ckpt-002");
        SeriesCheckpoint second = published.checkpoint("ckpt-001");
        assertThat(second.step()).isEqualTo(8);
        assertThat(second.tokens()).isEqualTo(512);
        double mean = (8.0 / 5 + 8.0 / 6 + 8.0 / 7 + 8.0 / 8) / 4;
        assertThat(second.loss()).isCloseTo(mean, within(1e-12));
        assertThat(second.validationLoss()).containsExactly(Map.entry("prose", 9.0 / 8));
        assertThat(temp.resolve("jar")).isDirectoryContaining("glob:**/metrics.jsonl");
        assertThat(reproduction.published()).isEqualTo(published);
    }

    @Test
    void the_same_run_again_is_identical_at_every_checkpoint() throws Exception {
        assertThat(reproduction.compare(run("again", 3, 0)))
                .extracting(CheckpointComparison::checkpoint, CheckpointComparison::identical)
                .containsExactly(
                        tuple("ckpt-000", true), tuple("ckpt-001", true), tuple("ckpt-002", true));
    }

    @Test
    void another_run_differs_by_what_its_weights_and_losses_do() throws Exception {
        Path other = run("other", 2, 0.25f);
        CheckpointComparison second = reproduction.compare(other, "ckpt-001");
        assertThat(second.identical()).isFalse();
        assertThat(second.largestDifference()).isEqualTo(0.25);
        assertThat(second.loss() - second.publishedLoss()).isCloseTo(0.25, within(1e-12));
    }

    @Test
    void a_run_that_has_not_come_so_far_is_no_reproduction() throws Exception {
        Path half = run("half", 2, 0);
        assertThat(reproduction.compare(half, "ckpt-001").identical()).isTrue();
        assertThatThrownBy(() -> reproduction.compare(half))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("half/ckpt-002: holds no saved state");
        assertThatThrownBy(() -> reproduction.compare(half, "ckpt-009"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
