package ai.llm360.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;

/**
 * Lines typed with JLine's editor: arrows, search in what was typed before, completion of commands.
 *
 * <p>At the prompt the first Ctrl-C clears the line, and a second one leaves.
 */
final class EditedLines implements ChatLines {

    private static final String PROMPT = "> ";

    private final Terminal told;
    private final org.jline.terminal.Terminal terminal;
    private final LineReader reader;

    EditedLines(Terminal told, org.jline.terminal.Terminal terminal, List<String> commands) {
        this.told = told;
        this.terminal = terminal;
        reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .completer(new StringsCompleter(commands))
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .build();
    }

    static EditedLines ofProcess(Terminal told) throws IOException {
        return new EditedLines(
                told,
                TerminalBuilder.builder()
                        .system(true)
                        .dumb(true)
                        .encoding(StandardCharsets.UTF_8)
                        .nativeSignals(true)
                        .build(),
                ChatSession.COMMANDS.keySet().stream().toList());
    }

    @Override
    public String next() throws InterruptedException {
        boolean warned = false;
        while (true) {
            try {
                return reader.readLine(PROMPT);
            } catch (UserInterruptException e) {
                if (Thread.interrupted() || (warned && e.getPartialLine().isEmpty())) {
                    throw new InterruptedException();
                }
                told.say("Ctrl-C once more leaves; so do Ctrl-D and /exit");
                warned = true;
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public void during(Work work, Runnable stop) throws IOException, InterruptedException {
        SignalHandler before = terminal.handle(Signal.INT, signal -> stop.run());
        try {
            work.run();
        } finally {
            terminal.handle(Signal.INT, before);
        }
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
