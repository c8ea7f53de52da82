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
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.utils.Signals;

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
    private volatile Runnable stop = () -> {};

    EditedLines(Terminal told, org.jline.terminal.Terminal terminal, List<String> commands) {
        this.told = told;
        this.terminal = terminal;
        // JLine's own handling would end the process at once, without its shutdown hook.
        terminal.handle(Signal.INT, signal -> stop.run());
        reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .completer(new StringsCompleter(commands))
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .build();
    }

    static EditedLines ofProcess(Terminal told) throws IOException {
        org.jline.terminal.Terminal terminal =
                TerminalBuilder.builder()
                        .system(true)
                        .dumb(true)
                        .encoding(StandardCharsets.UTF_8)
                        .nativeSignals(true)
                        .build();
        if (terminal instanceof DumbTerminal) { // the only kind that doesn't ask for them
            Signals.register("INT", () -> terminal.raise(Signal.INT));
        }
        return new EditedLines(told, terminal, List.copyOf(ChatSession.COMMANDS.keySet()));
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
    public void during(Work work, Runnable stopping) throws IOException, InterruptedException {
        stop = stopping;
        try {
            work.run();
        } finally {
            stop = () -> {};
        }
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
