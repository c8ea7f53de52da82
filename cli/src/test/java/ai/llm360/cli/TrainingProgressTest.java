package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.StepMetrics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long seconds;

    private TrainingProgress progress(boolean interactive) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        stream,
                        stream,
                        interactive,
                        new ShutdownHook(Thread.currentThread()));
        return new TrainingProgress(terminal, 40, () -> seconds * 1_000_000_000);
    }

    private static StepMetrics step(long number, OptionalDouble mfu) {
        return new StepMetrics(number, 2.5, 3e-4, 0.75, 64 * number, 1234.4, mfu, 1 << 20);
    }

    private String text() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_log_gets_the_first_and_last_step_and_a_line_every_five_seconds() {
        TrainingProgress progress = progress(false);
        for (int i = 1; i <= 40; i++) {
            seconds += 2;
            progress.onStep(step(i, OptionalDouble.empty()));
        }
        progress.close();
        assertThat(text())
                .hasLineCount(14)
                .startsWith(
                        "step 1/40  loss 2.5000  lr 3.00e-04  norm 0.75  1,234 tokens/s  0:01:18"
                                + " left\nstep 4/40")
                .endsWith(
                        "step 40/40  loss 2.5000  lr 3.00e-04  norm 0.75  1,234 tokens/s"
                                + "  0:00:00 left\n");
    }

    @Test
    void a_terminal_gets_a_bar_and_notes_above_it() {
        TrainingProgress progress = progress(true);
        seconds = 3600;
        progress.onStep(step(10, OptionalDouble.of(0.42)));
        String bar =
                "\r[=====               ] step 10/40  loss 2.5000  lr 3.00e-04  norm 0.75  1,234"
                        + " tokens/s (42% MFU)  1d 06:00 left\u001b[K";
        assertThat(text()).isEqualTo(bar);
        progress.onEvent(new RunEvent(10, "non_finite", Map.of("chunk", 3)));
        assertThat(text()).isEqualTo(bar + "\r\u001b[K" + "step 10: non_finite {chunk=3}\n" + bar);
        progress.close();
        progress.close();
        assertThat(text()).endsWith(bar + bar + "\n");
    }
}
