package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.io.internal.AtomicDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {

    @TempDir Path folder;

    private RunDirectory begin() throws IOException {
        return RunDirectory.create(folder.resolve("run"), "", "");
    }

    @Test
    void the_newest_points_are_kept_and_those_that_the_series_has_are_dropped() throws IOException {
        try (RunDirectory run = begin()) {
            for (long step = 10; step <= 60; step += 10) {
                run.saveResumePoint(States.of(step));
            }
            run.saveCheckpoint(1, States.of(50));
            run.prune(2, true);
            assertThat(names(run.path().resolve("resume")))
                    .containsExactly("step-000000040", "step-000000060");
            run.prune(0, true);
            assertThat(names(run.path().resolve("resume"))).containsExactly("step-000000060");
            assertThat(run.latest().orElseThrow().state()).isEqualTo(States.at(60));
            run.saveCheckpoint(2, States.of(60));
            run.prune(0, true);
            assertThat(names(run.path().resolve("resume"))).isEmpty();
        }
    }

    @Test
    void older_checkpoints_lose_their_optimizer_and_stay_checkpoints() throws IOException {
        try (RunDirectory run = begin()) {
            run.saveCheckpoint(0, States.of(0));
            run.prune(0, false);
            assertThat(run.latest().orElseThrow().hasOptimizer()).isTrue();
            run.saveCheckpoint(1, States.of(100));
            run.saveResumePoint(States.of(150));
            run.prune(1, false);
            SavedState first = run.states().get(0);
            assertThat(first.hasOptimizer()).isFalse();
            assertThat(first.tensorHashes()).hasSize(6);
            first.verify();
            first.openWeights().close();
            SavedState second = run.states().get(1);
            assertThat(second.hasOptimizer()).isTrue();
            second.verify();
        }
    }

    @Test
    void no_optimizer_is_dropped_for_one_that_is_lost() throws IOException {
        try (RunDirectory run = begin()) {
            run.saveCheckpoint(0, States.of(0));
            run.saveCheckpoint(1, States.of(100));
            AtomicDirectory.remove(run.path().resolve("ckpt-001/optimizer"));
            run.prune(0, false);
            assertThat(run.states().get(0).hasOptimizer()).isTrue();
        }
    }

    @Test
    void a_kill_in_the_middle_leaves_no_half_state() throws IOException {
        Path resume = folder.resolve("run/resume");
        Path optimizer = folder.resolve("run/ckpt-000/optimizer");
        try (RunDirectory run = begin()) {
            run.saveCheckpoint(0, States.of(0));
            run.saveResumePoint(States.of(10));
            run.saveCheckpoint(1, States.of(100));
            // What removing has done when it is killed between hiding and deleting.
            Path point = resume.resolve("step-000000010");
            Path hidden = AtomicDirectory.hidden(point);
            Files.move(point, hidden);
            Files.delete(hidden.resolve("model.safetensors"));
            Files.move(optimizer, AtomicDirectory.hidden(optimizer));
            assertThat(run.states())
                    .extracting(SavedState::name)
                    .containsExactly("ckpt-000", "ckpt-001");
            assertThat(run.states().get(0).hasOptimizer()).isFalse();
        }
        try (RunDirectory run = RunDirectory.open(folder.resolve("run"))) {
            assertThat(names(resume)).isEmpty();
            assertThat(names(optimizer.getParent())).noneMatch(name -> name.startsWith("."));
            for (SavedState state : run.states()) {
                state.verify();
            }
        }
    }

    @Test
    void what_killed_writers_left_is_removed_and_nothing_else() throws IOException {
        begin().close();
        Path run = folder.resolve("run");
        Path left = AtomicDirectory.hidden(run.resolve("ckpt-004"));
        Files.createDirectories(left.resolve("optimizer"));
        Files.createFile(left.resolve("optimizer/model.safetensors"));
        Files.createFile(AtomicDirectory.hidden(run.resolve("config.yaml")));
        Files.createFile(run.resolve(".gitignore"));
        Files.createFile(run.resolve(".notes.tmp-1"));
        Files.createFile(run.resolve("notes.tmp-00000000-0000-0000-0000-000000000000"));
        RunDirectory.open(run).close();
        assertThat(names(run))
                .containsExactly(
                        ".gitignore",
                        ".lock",
                        ".notes.tmp-1",
                        "config.yaml",
                        "data.json",
                        "notes.tmp-00000000-0000-0000-0000-000000000000");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
