package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.llm360.common.checkpoint.TensorSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FailedWritingTest {

    @TempDir Path folder;

    @Test
    void a_state_that_fails_half_way_leaves_nothing_and_the_older_ones_as_they_were()
            throws IOException {
        try (RunDirectory run = RunDirectory.create(folder.resolve("run"), "", "{}")) {
            run.saveCheckpoint(0, States.of(0));
            List<String> before = tree(run.path());
            for (String tensor : List.of("embed", "head", "exp_avg.embed", "exp_avg_sq.head")) {
                TensorSource source = failingAt(tensor, 1);
                assertThatThrownBy(() -> run.saveCheckpoint(1, States.of(1, source, source)))
                        .isInstanceOf(RunException.class)
                        .hasMessageStartingWith(run.path().resolve("ckpt-001").toString())
                        .hasMessageContaining("No space left on device")
                        .hasMessageContaining("then go on with --resume");
                assertThat(tree(run.path())).isEqualTo(before);
                run.latest().orElseThrow().verify();
            }
            run.saveCheckpoint(1, States.of(1)).verify();
        }
    }

    private static TensorSource failingAt(String name, long step) {
        TensorSource source = States.source(step);
        return (tensor, out) -> {
            if (tensor.name().equals(name)) {
                throw new IOException("No space left on device");
            }
            source.write(tensor, out);
        };
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void a_log_that_can_grow_no_further_ends_in_whole_lines() throws Exception {
        Path path = folder.resolve("run");
        // The shell's limit on a file's size, in blocks: to a program, a disk that is full.
        Process process = RunProcess.start("ulimit -f 8;", path.toString(), "1000000");
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(out).contains(path + "/", "can't be written", "--resume");
        try (RunDirectory run = RunDirectory.open(path)) {
            SavedState latest = run.latest().orElseThrow();
            latest.verify();
            assertThat(StepMetrics.read(path))
                    .hasSizeBetween((int) latest.state().step(), (int) latest.state().step() + 1);
            run.openLog(latest.state().step()).close();
        }
    }

    @Test
    void a_place_that_can_not_be_written_is_named() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> RunDirectory.create(file.resolve("run"), "", ""))
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(file.resolve("run") + ": the run can't be made: ")
                .hasMessageContaining("see that there is space and the right to write");
        assertThatThrownBy(() -> RunDirectory.create(file, "", ""))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("is not an empty directory");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void a_read_only_run_is_named_and_keeps_its_states() throws IOException {
        Path path = folder.resolve("run");
        try (RunDirectory run = RunDirectory.create(path, "", "{}")) {
            run.saveCheckpoint(0, States.of(0));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
            assumeThat(Files.isWritable(path)).as("root may write everywhere").isFalse();
            assertThatThrownBy(() -> run.saveCheckpoint(1, States.of(1)))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("permission denied");
            assertThatThrownBy(() -> run.openLog(0))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("permission denied");
            run.latest().orElseThrow().verify();
        } finally {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void states_that_make_no_sense_are_refused() {
        StateContents good = States.of(1);
        assertThatThrownBy(() -> with(good, "manifest.json"))
                .hasMessageContaining("manifest.json of its own");
        assertThatThrownBy(() -> with(good, "config.yaml"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () ->
                                new StateContents(
                                        good.state(),
                                        good.weights(),
                                        good.weightSource(),
                                        good.weights(),
                                        good.weightSource(),
                                        good.files()))
                .hasMessageContaining("two tensors are named embed");
    }

    private static StateContents with(StateContents good, String file) {
        return new StateContents(
                good.state(),
                good.weights(),
                good.weightSource(),
                good.optimizer(),
                good.optimizerSource(),
                Map.of(file, new byte[0]));
    }

    private static List<String> tree(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            return files.map(Path::toString).sorted().toList();
        }
    }
}
