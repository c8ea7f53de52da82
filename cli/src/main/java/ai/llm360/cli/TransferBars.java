package ai.llm360.cli;

import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import ai.llm360.io.PlainText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Shows on standard error how downloads go on: on a terminal a bar for each file that is under way
 * and one for all, redrawn; else a line now and then.
 */
final class TransferBars implements TransferListener, AutoCloseable {

    private static final int NAME = 28;
    private static final int WIDTH = 16;
    private static final int MOST_FILES = 8;
    private static final long BAR_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 5_000_000_000L;

    private final PrintStream err;
    private final boolean bars;
    private final LongSupplier nanoTime;
    private final TransferRate rate = new TransferRate();
    private final Map<HubFile, Long> files = new LinkedHashMap<>();
    private long toCome;
    private long come;
    private long shown;
    private int lines;

    /**
     * Creates a display.
     *
     * @param toCome how many bytes there are to download
     * @param nanoTime the clock, such as {@link System#nanoTime}
     */
    TransferBars(Terminal terminal, long toCome, LongSupplier nanoTime) {
        err = terminal.err();
        bars = terminal.interactive();
        this.toCome = toCome;
        this.nanoTime = nanoTime;
        shown = nanoTime.getAsLong();
    }

    @Override
    public void onBegin(HubPlan plan) {
        files.clear();
    }

    @Override
    public void onBytes(HubFile file, long bytes) {
        Long before = files.put(file, bytes);
        if (before != null && bytes >= before) {
            come += bytes - before;
        } else if (before != null) {
            toCome += before - bytes; // thrown away, to come once more
        }
        long now = nanoTime.getAsLong();
        rate.at(now, come);
        if (now - shown >= (bars ? BAR_NANOS : LINE_NANOS)) {
            shown = now;
            if (bars) {
                redraw(now);
            } else {
                err.println("Downloading " + total(now).strip() + underWay());
            }
        }
    }

    private List<HubFile> open() {
        return files.keySet().stream()
                .filter(file -> files.get(file) < file.size())
                .limit(MOST_FILES)
                .toList();
    }

    private String underWay() {
        List<HubFile> open = open();
        return open.isEmpty()
                ? ""
                : "; %s %s"
                        .formatted(
                                PlainText.inLine(open.get(0).path()),
                                percent(files.get(open.get(0)), open.get(0).size()).strip());
    }

    private void redraw(long now) {
        List<String> block = new ArrayList<>();
        for (HubFile file : open()) {
            long bytes = files.get(file);
            block.add(
                    line(
                            PlainText.inLine(file.path()),
                            bytes,
                            file.size(),
                            "%s  %s of %s"
                                    .formatted(
                                            percent(bytes, file.size()),
                                            ByteSize.format(bytes),
                                            ByteSize.format(file.size()))));
        }
        block.add(line("all", come, toCome, total(now)));
        StringBuilder text = new StringBuilder("\u001b[?7l"); // a line too long must not become two
        if (lines > 0) {
            text.append("\u001b[").append(lines).append('A');
        }
        block.forEach(line -> text.append('\r').append(line).append("\u001b[K\n"));
        text.append("\u001b[J\u001b[?7h");
        err.print(text);
        err.flush();
        lines = block.size();
    }

    private static String line(String name, long bytes, long of, String text) {
        String end = name.length() <= NAME ? name : "…" + name.substring(name.length() - NAME + 1);
        int filled = (int) (WIDTH * share(bytes, of));
        return end
                + " ".repeat(NAME - end.length())
                + " ["
                + "=".repeat(filled)
                + " ".repeat(WIDTH - filled)
                + "] "
                + text;
    }

    private String total(long now) {
        double perSecond = rate.perSecond(now, come);
        String left =
                perSecond > 0
                        ? ", %s left"
                                .formatted(
                                        TrainingProgress.clock(
                                                Math.round(Math.max(0, toCome - come) / perSecond)))
                        : "";
        return "%s  %s of %s, %s/s%s"
                .formatted(
                        percent(come, toCome),
                        ByteSize.format(come),
                        ByteSize.format(toCome),
                        ByteSize.format(Math.round(perSecond)),
                        left);
    }

    private static String percent(long bytes, long of) {
        return String.format(Locale.ROOT, "%3.0f%%", Math.floor(100 * share(bytes, of)));
    }

    private static double share(long bytes, long of) {
        return Math.min(1, (double) bytes / Math.max(of, 1));
    }

    /** Leaves the bar for all, also where a download has failed; no bar that was never drawn. */
    @Override
    public void close() {
        if (lines > 0) {
            files.clear();
            redraw(nanoTime.getAsLong());
            lines = 0;
        }
    }
}
