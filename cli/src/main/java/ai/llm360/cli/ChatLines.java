package ai.llm360.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** The lines that a conversation's person says: typed with an editor, or read from a pipe. */
interface ChatLines extends AutoCloseable {

    /** Work that Ctrl-C doesn't end. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /**
     * Returns the next line; null at the end.
     *
     * @throws InterruptedException if it is interrupted, by Ctrl-C twice or by SIGTERM
     */
    String next() throws IOException, InterruptedException;

    /** Works; Ctrl-C meanwhile calls {@code stop}, in another thread, where lines are typed. */
    void during(Work work, Runnable stop) throws IOException, InterruptedException;

    @Override
    void close() throws IOException;

    /** Returns the lines of a command: an editor's where somebody sits at the process' terminal. */
    static ChatLines of(Terminal terminal) throws IOException {
        return terminal.interactive() && terminal.in() == System.in
                ? EditedLines.ofProcess(terminal)
                : new ReadLines(
                        new BufferedReader(
                                new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)));
    }

    /** Lines as they come. */
    record ReadLines(BufferedReader in) implements ChatLines {

        @Override
        public String next() throws IOException {
            return in.readLine();
        }

        @Override
        public void during(Work work, Runnable stop) throws IOException, InterruptedException {
            work.run();
        }

        @Override
        public void close() {
            // standard input is the process'
        }
    }
}
