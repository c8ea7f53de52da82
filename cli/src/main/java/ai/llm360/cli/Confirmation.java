package ai.llm360.cli;

import ai.llm360.io.internal.PlainText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import picocli.CommandLine.Option;

/** Asks at a terminal whether a removal is to be done; elsewhere an option says so. */
final class Confirmation {

    @Option(names = "--plan", description = "Say what would go, and remove nothing.")
    private boolean planOnly;

    @Option(names = "--yes", description = "Don't ask. Needed where nobody sits at a terminal.")
    private boolean yes;

    private final Terminal terminal;

    Confirmation(Terminal terminal) {
        this.terminal = terminal;
    }

    boolean planOnly() {
        return planOnly;
    }

    /** Tells whether {@code --yes} has confirmed it. */
    boolean given() {
        return yes;
    }

    /** Asks, and returns whether the answer is yes. */
    boolean ask(String question) throws IOException {
        if (!terminal.interactive()) {
            throw new IOException("nobody is here to be asked; --yes removes, --plan only tells");
        }
        terminal.err().print(PlainText.inLines(question) + " [y/N] ");
        terminal.err().flush();
        BufferedReader in =
                new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8));
        String answer = in.readLine();
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
    }
}
