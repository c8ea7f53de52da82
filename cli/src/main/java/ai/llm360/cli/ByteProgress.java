package ai.llm360.cli;

import ai.djl.util.Progress;
import ai.llm360.io.PlainText;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Shows on standard error how a long copy goes on: a bar that is redrawn on a terminal, else a line
 * now and then. What is over within seconds leaves no line.
 */
final class ByteProgress implements Progress, AutoCloseable {

    private static final int WIDTH = 30;
    private static final long BAR_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 5_000_000_000L;

    private final PrintStream err;
    private final boolean bar;
    private String message = "";
    private long max = 1;
    private long done;
    private long began;
    private long shown;
    private boolean open;

    ByteProgress(Terminal terminal) {
        err = terminal.err();
        bar = terminal.interactive();
    }

    @Override
    public void reset(String message, long max, String trailingMessage) {
        this.message = PlainText.inLine(message);
        this.max = Math.max(max, 1);
        done = 0;
        began = System.nanoTime();
        shown = began;
    }

    @Override
    public void start(long initialProgress) {
        update(initialProgress, null);
    }

    @Override
    public void end() {
        if (bar) {
            done = max;
            draw();
        }
        close();
    }

    @Override
    public void increment(long increment) {
        update(done + increment, null);
    }

    @Override
    public void update(long progress, String message) {
        done = progress;
        long now = System.nanoTime();
        if (now - shown >= (bar ? BAR_NANOS : LINE_NANOS)) {
            shown = now;
            draw();
        }
    }

    private void draw() {
        double seconds = (System.nanoTime() - began) / 1e9;
        double share = Math.min(1, (double) done / max);
        String text =
                String.format(
                        Locale.ROOT,
                        "%3.0f%%  %s of %s, %s/s",
                        100 * share,
                        ByteSize.format(done),
                        ByteSize.format(max),
                        ByteSize.format(Math.round(done / Math.max(seconds, 1e-3))));
        if (bar) {
            int filled = (int) (WIDTH * share);
            String cells = "=".repeat(filled) + " ".repeat(WIDTH - filled);
            // Erase to the line's end: an earlier text may have been longer.
            err.print("\r" + message + " [" + cells + "] " + text + "\u001b[K");
            err.flush();
            open = true;
        } else {
            err.println(message + " " + text.strip());
        }
    }

    /** Ends the bar's line, also where the work has failed. */
    @Override
    public void close() {
        if (open) {
            err.println();
            open = false;
        }
    }
}
