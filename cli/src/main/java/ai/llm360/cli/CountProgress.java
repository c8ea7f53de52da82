package ai.llm360.cli;

import ai.djl.util.Progress;
import ai.llm360.io.PlainText;
import java.io.PrintStream;

/** Counts things on standard error: in one line on a terminal, else in a line now and then. */
final class CountProgress implements Progress, AutoCloseable {

    private static final long LINE_NANOS = 5_000_000_000L;

    private final PrintStream err;
    private final boolean redraw;
    private String what = "";
    private long max;
    private long done;
    private long shown;
    private boolean open;

    CountProgress(Terminal terminal) {
        err = terminal.err();
        redraw = terminal.interactive();
    }

    @Override
    public void reset(String message, long max, String trailingMessage) {
        what = PlainText.inLine(message);
        this.max = max;
        done = 0;
        shown = System.nanoTime();
    }

    @Override
    public void start(long initialProgress) {
        update(initialProgress, null);
    }

    @Override
    public void end() {
        close();
    }

    @Override
    public void increment(long increment) {
        update(done + increment, null);
    }

    @Override
    public void update(long progress, String message) {
        done = progress;
        String text = "%s: %d of %d".formatted(what, done, max);
        if (redraw) {
            err.print("\r" + text);
            err.flush();
            open = true;
        } else if (System.nanoTime() - shown >= LINE_NANOS) {
            shown = System.nanoTime();
            err.println(text);
        }
    }

    /** Ends the line, also where the work has failed. */
    @Override
    public void close() {
        if (open) {
            err.println();
            open = false;
        }
    }
}
