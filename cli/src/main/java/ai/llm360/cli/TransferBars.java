package ai.llm360.cli;

import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import ai.llm360.io.internal.PlainText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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

    private final PrintStream err;
    private final Meter meter;
    private final Map<HubFile, Long> files = new LinkedHashMap<>();
    private long toCome;
    private long come;
    private int lines;

    /**
     * Creates a display.
     *
     * @param toCome how many bytes there are to download
     * @param nanoTime the clock, such as {@link System#nanoTime}
     */
    TransferBars(Terminal terminal, long toCome, LongSupplier nanoTime) {
        err = terminal.err();
        this.toCome = toCome;
        meter = new Meter(terminal, nanoTime, ByteSize::format);
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
        if (meter.due(come, false)) {
            if (meter.redrawn()) {
                redraw();
            } else {
                err.println("Downloading " + total().strip() + underWay());
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
                                Meter.percent(files.get(open.get(0)), open.get(0).size()).strip());
    }

    private void redraw() {
        List<String> block = new ArrayList<>();
        for (HubFile file : open()) {
            long bytes = files.get(file);
            String text =
                    "%s  %s of %s"
                            .formatted(
                                    Meter.percent(bytes, file.size()),
                                    ByteSize.format(bytes),
                                    ByteSize.format(file.size()));
            block.add(line(PlainText.inLine(file.path()), bytes, file.size(), text));
        }
        block.add(line("all", come, toCome, total()));
        StringBuilder text = new StringBuilder("\u001b[?7l"); // a line too long must not become two
        if (lines > 0) {
            text.append("\u001b[").append(lines).append('A');
        }
        block.forEach(line -> text.append('\r').append(line).append("\u001b[K\n"));
        err.print(text.append("\u001b[J\u001b[?7h"));
        err.flush();
        lines = block.size();
    }

    private static String line(String name, long bytes, long of, String text) {
        String end = name.length() <= NAME ? name : "…" + name.substring(name.length() - NAME + 1);
        String bar = Meter.bar(Meter.share(bytes, of), WIDTH);
        return end + " ".repeat(NAME - end.length()) + " " + bar + " " + text;
    }

    private String total() {
        double perSecond = meter.perSecond(come);
        long seconds = perSecond > 0 ? Math.round(Math.max(0, toCome - come) / perSecond) : 0;
        return meter.amounts(come, toCome)
                + (perSecond > 0 ? ", %s left".formatted(TrainingProgress.clock(seconds)) : "");
    }

    /** Leaves the bar for all, also where a download has failed; no bar that was never drawn. */
    @Override
    public void close() {
        if (lines > 0) {
            files.clear();
            redraw();
            lines = 0;
        }
    }
}
