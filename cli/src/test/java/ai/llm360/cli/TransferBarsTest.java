package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.hub.HubFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TransferBarsTest {

    private static final HubFile ONE = file("pytorch_model-00001-of-00002.bin", 10_000_000);
    private static final HubFile TWO = file("two.bin", 2_000_000);

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long seconds;

    private static HubFile file(String path, long size) {
        return new HubFile(path, size, Optional.empty(), Optional.empty());
    }

    private TransferBars bars(boolean interactive, long toCome) {
        return new TransferBars(
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        interactive,
                        new ShutdownHook(Thread.currentThread())),
                toCome,
                () -> seconds * 1_000_000_000L);
    }

    private String shown() {
        String text = err.toString(StandardCharsets.UTF_8);
        err.reset();
        return text;
    }

    @Test
    void a_terminal_shows_each_file_under_way_and_all_of_them() {
        try (TransferBars bars = bars(true, 12_000_000)) {
            bars.onBytes(ONE, 0);
            seconds = 1;
            bars.onBytes(ONE, 4_000_000);
            assertThat(shown())
                    .isEqualTo(
                            "\u001b[?7l"
                                    + "\r…ch_model-00001-of-00002.bin"
                                    + " [======          ]  40%  4.0 MB of 10.0 MB\u001b[K\n"
                                    + "\rall"
                                    + " ".repeat(25)
                                    + " [=====           ]  33%  4.0 MB of 12.0 MB, 4.0 MB/s,"
                                    + " 0:00:02 left\u001b[K\n"
                                    + "\u001b[J\u001b[?7h");
            seconds = 2;
            bars.onBytes(TWO, 0);
            assertThat(shown()).startsWith("\u001b[?7l\u001b[2A\r").contains("\rtwo.bin ");
            seconds = 3;
            bars.onBytes(ONE, ONE.size());
            assertThat(shown()).startsWith("\u001b[?7l\u001b[3A\r").doesNotContain("00002.bin");
            bars.onBytes(TWO, TWO.size());
        }
        assertThat(shown()).contains("] 100%  12.0 MB of 12.0 MB").doesNotContain("two.bin");
    }

    @Test
    void elsewhere_a_line_comes_now_and_then() {
        try (TransferBars bars = bars(false, 12_000_000)) {
            bars.onBytes(TWO, 0);
            seconds = 4;
            bars.onBytes(TWO, 1_000_000);
            assertThat(shown()).isEmpty();
            seconds = 5;
            bars.onBytes(TWO, 1_500_000);
            assertThat(shown())
                    .isEqualTo(
                            "Downloading 12%  1.5 MB of 12.0 MB, 300.0 kB/s, 0:00:35 left;"
                                    + " two.bin 75%\n");
        }
        assertThat(shown()).isEmpty();
    }

    @Test
    void what_was_there_before_has_not_come_over_the_line() {
        try (TransferBars bars = bars(false, 1_000_000)) {
            bars.onBytes(TWO, 1_000_000);
            seconds = 5;
            bars.onBytes(TWO, 1_500_000);
            assertThat(shown()).contains(" 50%  500.0 kB of 1.0 MB, 100.0 kB/s, 0:00:05 left");
        }
    }

    @Test
    void what_is_thrown_away_is_to_come_once_more() {
        try (TransferBars bars = bars(false, 2_000_000)) {
            bars.onBytes(TWO, 0);
            bars.onBytes(TWO, 2_000_000);
            bars.onBytes(TWO, 0);
            seconds = 5;
            bars.onBytes(TWO, 1_000_000);
            assertThat(shown()).contains(" 75%  3.0 MB of 4.0 MB");
        }
    }
}
