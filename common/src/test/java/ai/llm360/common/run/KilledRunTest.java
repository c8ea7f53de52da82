package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledRunTest {

    /** A step tells of six tensors and of its pruning. */
    private static final int SIGNS_OF_A_STEP = 7;

    @TempDir Path folder;

    @Test
    void a_killed_writer_costs_the_work_since_the_last_state_and_nothing_else() throws Exception {
        Path path = folder.resolve("run");
        Random random = new Random(360);
        long before = 0;
        for (int kill = 0; kill < Integer.getInteger("llm360.kills", 4); kill++) {
            Process process = RunProcess.start("", path.toString(), "1000000");
            // It goes on while the signal travels, so what it is killed at differs each time.
            int signs = 1 + random.nextInt(6 * SIGNS_OF_A_STEP);
            try (InputStream out = process.getInputStream()) {
                for (int i = 0; i < signs; i++) {
                    assertThat(out.read()).isPositive();
                }
                assertThatThrownBy(() -> RunDirectory.open(path))
                        .isInstanceOf(RunException.class)
                        .hasMessageContaining("is being written by another run");
            } finally {
                process.destroyForcibly();
            }
            process.waitFor();
            before = assertSound(path, before, signs / SIGNS_OF_A_STEP);
        }
    }

    /** Returns the step that the run stands at. */
    private static long assertSound(Path path, long before, int steps) throws IOException {
        try (RunDirectory run = RunDirectory.open(path)) {
            for (SavedState state : run.states()) {
                state.verify();
            }
            long step = run.latest().map(state -> state.state().step()).orElse(0L);
            assertThat(step).isGreaterThanOrEqualTo(before + steps);
            if (step > 0) {
                SavedState latest = run.latest().orElseThrow();
                assertThat(latest.state()).isEqualTo(States.at(step));
                assertThat(latest.hasOptimizer()).isTrue();
            }
            run.openLog(step).close();
            assertThat(StepMetrics.read(path)).hasSize((int) step);
            for (StepMetrics line : StepMetrics.read(path)) {
                assertThat(line).isEqualTo(RunProcess.metrics(line.step()));
            }
            for (Path directory : SavedStates.foldersWrittenTo(path)) {
                if (Files.exists(directory)) {
                    try (Stream<Path> files = Files.list(directory)) {
                        assertThat(files).noneMatch(file -> file.toString().contains(".tmp-"));
                    }
                }
            }
            return step;
        }
    }
}
