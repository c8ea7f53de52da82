package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {

    @TempDir Path folder;

    @Test
    void a_saved_state_reads_back_as_it_was() throws IOException {
        Path path = folder.resolve("deep/er/run");
        try (RunDirectory run = RunDirectory.create(path, "name: a\n", "{}")) {
            assertThat(run.latest()).isEmpty();
            SavedState saved = run.saveCheckpoint(3, States.of(300));
            assertThat(saved.path()).isEqualTo(path.resolve("ckpt-003"));
        }
        try (RunDirectory run = RunDirectory.open(path)) {
            assertThat(run.config()).isEqualTo("name: a\n");
            assertThat(run.data()).isEqualTo("{}");
            SavedState latest = run.latest().orElseThrow();
            latest.verify();
            assertThat(latest.name()).isEqualTo("ckpt-003");
            assertThat(latest.state()).isEqualTo(States.at(300));
            assertThat(latest.config()).isEqualTo("name: a\n");
            assertThat(latest.data()).isEqualTo("{}");
            try (Checkpoint weights = latest.openWeights();
                    Checkpoint optimizer = latest.openOptimizer()) {
                assertHolds(weights, States.WEIGHTS, 300);
                assertHolds(optimizer, States.OPTIMIZER, 300);
            }
        }
    }

    private static void assertHolds(Checkpoint checkpoint, List<TensorSpec> tensors, long step)
            throws IOException {
        assertThat(checkpoint.tensors()).hasSameSizeAs(tensors);
        for (TensorSpec tensor : tensors) {
            assertThat(checkpoint.read(tensor.name()))
                    .isEqualTo(ByteBuffer.wrap(States.bytes(tensor, step)));
            assertThat(checkpoint.get(tensor.name()).shape()).isEqualTo(tensor.shape());
        }
    }

    @Test
    void one_run_has_one_writer() throws IOException {
        Path path = folder.resolve("run");
        try (RunDirectory run = RunDirectory.create(path, "", "")) {
            assertThatThrownBy(() -> RunDirectory.open(path))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("another run");
            run.saveCheckpoint(0, States.of(0));
        }
        RunDirectory.open(path).close();
    }

    @Test
    void a_directory_that_holds_something_is_refused() throws IOException {
        Path path = folder.resolve("run");
        RunDirectory.create(path, "", "").close();
        assertThatThrownBy(() -> RunDirectory.create(path, "", ""))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("--resume");
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.createFile(other.resolve("thesis.tex"));
        assertThatThrownBy(() -> RunDirectory.create(other, "", ""))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("not an empty directory");
        assertThatThrownBy(() -> RunDirectory.open(other))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("holds no run");
        try (Stream<Path> files = Files.list(other)) {
            assertThat(files).containsExactly(other.resolve("thesis.tex"));
        }
    }

    @Test
    void a_new_configuration_leaves_that_of_older_states() throws IOException {
        try (RunDirectory run = RunDirectory.create(folder.resolve("run"), "lr: 1", "{}")) {
            run.saveCheckpoint(0, States.of(0));
            run.replaceConfig("lr: 2", "{\"more\":1}");
            run.saveCheckpoint(1, States.of(100));
        }
        try (RunDirectory run = RunDirectory.open(folder.resolve("run"))) {
            assertThat(run.config()).isEqualTo("lr: 2");
            assertThat(run.data()).isEqualTo("{\"more\":1}");
            List<SavedState> states = run.states();
            assertThat(states.get(0).config()).isEqualTo("lr: 1");
            assertThat(states.get(1).config()).isEqualTo("lr: 2");
            assertThat(states.get(1).data()).isEqualTo("{\"more\":1}");
        }
    }

    @Test
    void equal_states_have_equal_hashes() throws IOException {
        try (RunDirectory run = RunDirectory.create(folder.resolve("run"), "", "")) {
            SavedState a = run.saveCheckpoint(0, States.of(5));
            SavedState b = run.saveResumePoint(States.of(5));
            SavedState c = run.saveResumePoint(States.of(6));
            assertThat(a.tensorHashes())
                    .hasSize(6)
                    .isEqualTo(b.tensorHashes())
                    .isNotEqualTo(c.tensorHashes());
            assertThat(run.states())
                    .extracting(SavedState::name)
                    .containsExactly("ckpt-000", "step-000000006");
        }
    }
}
