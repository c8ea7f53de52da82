package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MeterTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long seconds;

    private Meter meter(boolean interactive) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        stream,
                        stream,
                        interactive,
                        new ShutdownHook(Thread.currentThread()));
        return new Meter(terminal, () -> seconds * 1_000_000_000L, ByteSize::format);
    }

    private String shown() {
        String text = err.toString(StandardCharsets.UTF_8);
        err.reset();
        return text;
    }

    @Test
    void a_terminal_gets_a_bar_that_is_redrawn_and_ended() {
        Meter meter = meter(true);
        meter.reset("Copying", 10_000_000);
        meter.update(0);
        assertThat(shown()).isEmpty();
        seconds = 2;
        meter.update(4_000_000);
        assertThat(shown())
                .isEqualTo(
                        "\rCopying [============                  ]  40%  4.0 MB of 10.0 MB,"
                                + " 2.0 MB/s\u001b[K");
        seconds = 5;
        meter.end();
        meter.close();
        assertThat(shown())
                .startsWith("\rCopying [=====")
                .contains("] 100%")
                .endsWith("\u001b[K\n");
    }

    @Test
    void a_log_gets_a_line_every_five_seconds_and_none_for_short_work() {
        try (Meter meter = meter(false)) {
            meter.reset("Copying\n", 10_000_000);
            seconds = 4;
            meter.increment(1_000_000);
            assertThat(shown()).isEmpty();
            seconds = 5;
            meter.increment(1_000_000);
            assertThat(shown()).isEqualTo("Copying\\n 20%  2.0 MB of 10.0 MB, 400.0 kB/s\n");
            seconds = 6;
            meter.end();
        }
        assertThat(shown()).isEmpty();
    }

    @Test
    void the_rate_is_that_of_the_last_half_minute() {
        Meter meter = meter(false);
        for (seconds = 0; seconds < 100; seconds++) {
            meter.due(seconds <= 60 ? seconds * 1000 : 60_000 + (seconds - 60) * 10, false);
        }
        assertThat(meter.perSecond(60_400)).isEqualTo(10.0);
    }
}
