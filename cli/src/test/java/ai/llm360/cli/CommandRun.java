package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Runs the command in this process and keeps what it printed. */
final class CommandRun {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private byte[] in = {};
    private boolean interactive;

    /** Gives the next runs a standard input. */
    CommandRun withInput(String text) {
        in = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Seats a person at a terminal. */
    CommandRun onTerminal() {
        interactive = true;
        return this;
    }

    int run(String... args) {
        out.reset();
        err.reset();
        return Llm360.run(args, terminal());
    }

    private Terminal terminal() {
        return new Terminal(
                new ByteArrayInputStream(in),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                interactive,
                new ShutdownHook(Thread.currentThread()));
    }

    /** Returns a terminal for what isn't run. */
    static Terminal silent() {
        return new CommandRun().terminal();
    }

    /** Runs a command that succeeds and prints one JSON object and nothing else. */
    JsonObject json(String... args) {
        int status = run(args);
        assertThat(err()).isEmpty();
        assertThat(status).isZero();
        assertThat(out()).hasLineCount(1).endsWith("}\n");
        return JsonParser.parseString(out()).getAsJsonObject();
    }

    void assertWrongUse(String message, String... args) {
        assertThat(run(args)).isEqualTo(2);
        assertThat(err()).isEqualTo(message);
        assertThat(out()).isEmpty();
    }

    /** Runs a command that fails, in one line that holds all of these. */
    void assertFails(int status, String[] args, String... parts) {
        assertThat(run(args)).isEqualTo(status);
        assertThat(err()).hasLineCount(1).contains(parts);
        assertThat(out()).isEmpty();
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
