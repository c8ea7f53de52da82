package ai.llm360.cli;

import ai.djl.util.Progress;
import ai.llm360.io.internal.PlainText;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Shows on standard error how long work goes on: a bar that is redrawn on a terminal, else a line
 * every five seconds. Work that is over within seconds leaves no line.
 */
final class Meter implements Progress, AutoCloseable {

    private static final int WIDTH = 30;
    private static final long BAR_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 5_000_000_000L;
    private static final long WINDOW_NANOS = 30_000_000_000L;
    private static final long SAMPLE_NANOS = 500_000_000L;

    private final PrintStream err;
    private final boolean redrawn;
    private final LongSupplier nanoTime;
    private final LongFunction<String> unit;
    private final Deque<Sample> samples = new ArrayDeque<>();
    private String message = "";
    private long max = 1;
    private long done;
    private long shown;
    private boolean open;

    private record Sample(long nanos, long amount) {}

    /** Creates a meter of bytes. */
    Meter(Terminal terminal) {
        this(terminal, System::nanoTime, ByteSize::format);
    }

    /** Creates a meter of small files, such as results. */
    static Meter counting(Terminal terminal) {
        return new Meter(terminal, System::nanoTime, String::valueOf);
    }

    /**
     * Creates a meter.
     *
     * @param nanoTime the clock, such as {@link System#nanoTime}
     * @param unit writes an amount
     */
    Meter(Terminal terminal, LongSupplier nanoTime, LongFunction<String> unit) {
        err = terminal.err();
        redrawn = terminal.interactive();
        this.nanoTime = nanoTime;
        this.unit = unit;
        shown = nanoTime.getAsLong();
    }

    @Override
    public synchronized void reset(String message, long max, String trailingMessage) {
        this.message = PlainText.inLine(message);
        this.max = Math.max(max, 1);
        done = 0;
        shown = nanoTime.getAsLong();
        samples.clear();
        at(shown, 0);
    }

    @Override
    public void start(long initialProgress) {
        update(initialProgress, null);
    }

    @Override
    public synchronized void end() {
        if (redrawn) {
            done = max;
            draw();
        }
        close();
    }

    @Override
    public synchronized void increment(long increment) {
        update(done + increment, null);
    }

    @Override
    public synchronized void update(long progress, String message) {
        done = progress;
        if (due(done, false)) {
            draw();
        }
    }

    private void draw() {
        String text = amounts(done, max);
        if (redrawn) {
            show(message + " " + bar(share(done, max), WIDTH) + " " + text);
        } else {
            show(message + " " + text.strip());
        }
    }

    /** Tells whether it is time to show an amount, as it always is at an edge of the work. */
    boolean due(long amount, boolean edge) {
        long now = nanoTime.getAsLong();
        at(now, amount);
        boolean due = edge || now - shown >= (redrawn ? BAR_NANOS : LINE_NANOS);
        if (due) {
            shown = now;
        }
        return due;
    }

    boolean redrawn() {
        return redrawn;
    }

    /** Replaces the line on a terminal; elsewhere prints one. */
    void show(String line) {
        if (redrawn) {
            // Erase to the line's end: an earlier text may have been longer.
            err.print("\r" + line + "\u001b[K");
            err.flush();
            open = true;
        } else {
            err.println(line);
        }
    }

    /** Prints a line of its own where that on the terminal was, which is to be shown anew. */
    void note(String text) {
        err.println((open ? "\r\u001b[K" : "") + PlainText.inLine(text));
    }

    /** Tells whether a line stands on the terminal. */
    boolean open() {
        return open;
    }

    private void at(long nanos, long amount) {
        if (samples.isEmpty() || nanos - samples.getLast().nanos() >= SAMPLE_NANOS) {
            samples.add(new Sample(nanos, amount));
            while (nanos - samples.getFirst().nanos() > WINDOW_NANOS) {
                samples.remove();
            }
        }
    }

    /**
     * Returns the amount a second over the last half minute, for lines change their speed in the
     * course of hours; zero before there is any.
     */
    double perSecond(long amount) {
        long nanos = nanoTime.getAsLong();
        if (samples.isEmpty() || nanos <= samples.getFirst().nanos()) {
            return 0;
        }
        Sample first = samples.getFirst();
        return (amount - first.amount()) / ((nanos - first.nanos()) / 1e9);
    }

    /** Writes amounts as {@code 40% 4.0 MB of 10.0 MB, 1.5 MB/s}. */
    String amounts(long amount, long of) {
        return "%s  %s of %s, %s/s"
                .formatted(
                        percent(amount, of),
                        unit.apply(amount),
                        unit.apply(of),
                        unit.apply(Math.round(perSecond(amount))));
    }

    static String percent(long amount, long of) {
        return String.format(Locale.ROOT, "%3.0f%%", Math.floor(100 * share(amount, of)));
    }

    static double share(long amount, long of) {
        return Math.min(1, (double) amount / Math.max(of, 1));
    }

    static String bar(double share, int width) {
        int filled = (int) (width * share);
        return "[" + "=".repeat(filled) + " ".repeat(width - filled) + "]";
    }

    /** Ends the line on the terminal, also where the work has failed. */
    @Override
    public synchronized void close() {
        if (open) {
            err.println();
            open = false;
        }
    }
}
