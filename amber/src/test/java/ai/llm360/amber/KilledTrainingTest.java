package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.SavedState;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that are killed as by {@code kill -9}, at random moments, and resumed. {@code
 * -Dllm360.kills=N} sets how many, of which most fall into the writing of a state.
 */
class KilledTrainingTest {

    private static final int KILLS = Integer.getInteger("llm360.kills", 4);

    @TempDir Path directory;

    private final Random random = new Random(11);

    @Test
    void resumes_bit_exactly_after_a_kill_at_any_moment() throws Exception {
        Path whole = directory.resolve("whole");
        new TinyRun().run(whole);
        int kills = 0;
        for (int number = 0; kills < KILLS; number++) {
            Path run = directory.resolve("killed-" + number);
            while (!runAndKill(run)) {
                kills++;
            }
            TinyRun.assertSame(run, whole);
        }
    }

    /** Starts the run's process, kills it somewhere, and returns whether it had finished before. */
    private boolean runAndKill(Path run) throws Exception {
        List<String> command = new ArrayList<>(List.of(java(), "-Xmx256m"));
        for (String property : List.of("ai.djl.offline", "java.class.path")) {
            command.add("-D" + property + "=" + System.getProperty(property));
        }
        command.addAll(List.of(TinyRun.class.getName(), run.toString()));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        int lines = 1 + random.nextInt(14);
        long pause = random.nextInt(12_000_000); // a step or a save takes a few milliseconds
        long saved = 0;
        try (BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.equals("finished")) {
                    return true;
                }
                if (line.startsWith("saved ")) {
                    saved = Long.parseLong(line.substring("saved ".length()));
                }
                if (--lines == 0) {
                    LockSupport.parkNanos(pause);
                    process.toHandle().destroyForcibly(); // leaves what it has written to be read
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        try (RunDirectory opened = RunDirectory.open(run)) {
            long kept = opened.latest().map(SavedState::state).map(s -> s.step()).orElse(0L);
            assertThat(kept).as("the step of the newest whole state").isGreaterThanOrEqualTo(saved);
        }
        return false;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
