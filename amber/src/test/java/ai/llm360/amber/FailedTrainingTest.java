package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.data.DataException;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.train.TrainingConfig.Checkpoints;
import ai.llm360.common.train.TrainingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What happens to a run when disk or data fail it: it ends and says why, what was saved before is
 * whole, and once the cause is gone it goes on to the same bits.
 */
class FailedTrainingTest {

    @TempDir static Path undisturbed;
    @TempDir Path temp;
    private Path run;

    @BeforeAll
    static void run() throws IOException {
        new TinyRun().run(undisturbed.resolve("run"));
    }

    @BeforeEach
    void name() {
        run = temp.resolve("run");
    }

    private static TinyRun checkpointsOnly() {
        return new TinyRun().checkpoints(new Checkpoints(0, 2, true));
    }

    private void assertStatesAreWhole(String... names) throws IOException {
        try (RunDirectory opened = RunDirectory.open(run)) {
            List<SavedState> states = opened.states();
            for (SavedState state : states) {
                state.verify();
            }
            assertThat(states).extracting(SavedState::name).contains(names);
        }
    }

    private void assertGoesOnToTheSameBits(TinyRun resumed) throws IOException {
        assertThat(resumed.run(run).finished()).isTrue();
        TinyRun.assertSame(run, undisturbed.resolve("run"));
    }

    private static void flip(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void a_full_disk_ends_it_at_the_state_that_does_not_fit() throws Exception {
        new TinyRun().stopAfter(10).run(run);
        // The shell's limit on a file's size, in blocks: to a program, a disk that is full. The
        // optimizer's 200 KB are above it in either size of block that shells count in.
        Process process =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "ulimit -f 150; exec \"$0\" -Dai.djl.offline=true -cp \"$@\"",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                System.getProperty("java.class.path"),
                                TinyRun.class.getName(),
                                run.toString())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(out)
                .contains("step 11\n", "step-000000012: can't be written", "go on with --resume")
                .doesNotContain("step 13\n", "saved 12");
        assertStatesAreWhole("ckpt-000", "step-000000010");
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void a_read_only_directory_ends_it_before_a_step() throws IOException {
        new TinyRun().stopAfter(10).run(run);
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("r-xr-xr-x"));
        TinyRun resumed = new TinyRun();
        try {
            assumeThat(Files.isWritable(run)).as("root may write everywhere").isFalse();
            assertThatThrownBy(() -> resumed.run(run))
                    .isInstanceOf(RunException.class)
                    .hasMessageStartingWith(run.toString())
                    .hasMessageContaining("permission denied");
        } finally {
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        assertThat(resumed.metrics()).isEmpty();
        assertStatesAreWhole("ckpt-000", "step-000000010");
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    void a_place_where_no_state_can_be_written_is_named() throws IOException {
        checkpointsOnly().stopAfter(8).run(run);
        Path resume = Files.createFile(run.resolve("resume")); // where a directory is to be
        assertThatThrownBy(() -> new TinyRun().run(run))
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(resume.resolve("step-000000009") + ": can't be written: ")
                .hasMessageContaining("go on with --resume");
        Files.delete(resume);
        assertStatesAreWhole("ckpt-000");
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    void a_damaged_chunk_is_refused_before_any_of_its_steps() throws IOException {
        checkpointsOnly().stopAfter(1).run(run);
        Path chunk;
        try (Stream<Path> files = Files.walk(TinyRun.data(run))) {
            chunk =
                    files.filter(f -> f.getFileName().toString().matches(".*001\\.\\w+"))
                            .findFirst()
                            .orElseThrow();
        }
        flip(chunk);
        TinyRun resumed = new TinyRun();
        assertThatThrownBy(() -> resumed.run(run))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(chunk + ": damaged or replaced")
                .hasMessageContaining("copy the file again");
        assertThat(resumed.metrics()).hasSize(TinyRun.STEPS_PER_CHUNK - 1);
        assertStatesAreWhole("ckpt-000");
        flip(chunk);
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    void a_damaged_optimizer_is_named_and_the_checkpoint_before_it_serves() throws IOException {
        checkpointsOnly().stopAfter(2 * TinyRun.STEPS_PER_CHUNK).run(run);
        Path file = run.resolve("ckpt-001/optimizer/model.safetensors");
        flip(file);
        TinyRun resumed = new TinyRun();
        assertThatThrownBy(() -> resumed.run(run))
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(file + ": tensor exp_avg")
                .hasMessageContaining("is damaged")
                .hasMessageContaining("remove " + run.resolve("ckpt-001"));
        assertThat(resumed.metrics()).isEmpty();
        remove(run.resolve("ckpt-001"));
        assertStatesAreWhole("ckpt-000");
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    void another_model_than_the_checkpoints_is_refused() throws IOException {
        new TinyRun().stopAfter(10).run(run);
        assertThatThrownBy(() -> new TinyRun().tied().run(run))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lm_head.weight");
        assertStatesAreWhole("ckpt-000", "step-000000010");
        assertGoesOnToTheSameBits(new TinyRun());
    }

    @Test
    void data_in_which_the_run_has_no_place_is_refused() throws IOException {
        new TinyRun().stopAfter(10).run(run);
        Path data = TinyRun.data(run);
        Path kept = Files.move(data, temp.resolve("kept"));
        assertThatThrownBy(() -> new TinyRun().stepsPerChunk(6).run(run))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("step-000000010 is at step 10, step 2 of chunk 1, ")
                .hasMessageContaining("its chunks are of [6, 6, 6] steps");
        remove(data);
        Files.move(kept, data);
        assertStatesAreWhole("ckpt-000", "step-000000010");
        assertGoesOnToTheSameBits(new TinyRun());
    }
}
