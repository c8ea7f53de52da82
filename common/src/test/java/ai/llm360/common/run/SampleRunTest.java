package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that were written by earlier versions stay readable. */
class SampleRunTest {

    private static final Path SAMPLE =
            Path.of("src/test/resources/ai/llm360/common/run/sample-run-1");

    @TempDir Path folder;

    @Test
    void a_run_of_version_1_is_read_and_gone_on_with() throws IOException {
        Path path = folder.resolve("run");
        copy(SAMPLE, path);
        try (RunDirectory run = RunDirectory.open(path)) {
            assertThat(run.config()).isEqualTo(SampleRun.CHANGED);
            assertThat(run.data()).isEqualTo(SampleRun.DATA);
            List<SavedState> states = run.states();
            assertThat(states)
                    .extracting(SavedState::name)
                    .containsExactly("ckpt-000", "ckpt-001", "step-000000005");
            assertThat(states)
                    .extracting(SavedState::state)
                    .containsExactly(States.at(2), States.at(4), States.at(5));
            assertThat(states)
                    .extracting(SavedState::hasOptimizer)
                    .containsExactly(false, true, true);
            assertThat(states.get(0).config()).isEqualTo(SampleRun.CONFIG);
            assertThat(states.get(1).config()).isEqualTo(SampleRun.CHANGED);
            for (SavedState state : states) {
                state.verify();
                try (Checkpoint weights = state.openWeights()) {
                    for (TensorSpec tensor : States.WEIGHTS) {
                        assertThat(weights.read(tensor.name()))
                                .isEqualTo(
                                        ByteBuffer.wrap(
                                                States.bytes(tensor, state.state().step())));
                    }
                }
            }
            run.openLog(5).close();
        }
        Path board = path.resolve("events.out.tfevents.1795356103.llm360");
        assertThat(EventFileTest.scalars(board)).containsEntry("train/loss", 2f);
        assertThat(StepMetrics.read(path))
                .isEqualTo(Stream.of(1L, 2L, 3L, 4L, 5L).map(SampleRun::metrics).toList());
        assertThat(ValidationLoss.read(path))
                .containsExactly(new ValidationLoss(2, "books", 1 / 3.0, 4096));
        assertThat(RunEvent.read(path)).containsExactly(SampleRun.event());
    }

    @Test
    void what_is_written_today_is_of_version_1() throws IOException {
        Path path = folder.resolve("run");
        SampleRun.write(path);
        assertThat(contents(path)).isEqualTo(contents(SAMPLE));
    }

    /**
     * The files by name; without the times of the logs, and without TensorBoard's, which hold them.
     */
    private static Map<String, String> contents(Path root) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        for (Path file : files(root)) {
            String name = root.relativize(file).toString();
            if (!name.contains("tfevents") && !name.equals(".gitattributes")) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                contents.put(name, text.replaceAll("\"time\":\"[^\"]*\"", ""));
            }
        }
        return contents;
    }

    private static void copy(Path from, Path to) throws IOException {
        for (Path file : files(from)) {
            Path target = to.resolve(from.relativize(file));
            Files.createDirectories(target.getParent());
            Files.copy(file, target);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
