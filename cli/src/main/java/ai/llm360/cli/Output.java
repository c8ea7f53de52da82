package ai.llm360.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.Option;

/**
 * Standard output, for people or, with {@code --json}, for programs: then one JSON object and
 * nothing else. A verb takes it as a mixin and calls {@link #result} or {@link #text}.
 */
final class Output {

    /** What a shell reports for a process that wrote to a closed pipe: 128 + SIGPIPE. */
    static final int BROKEN_PIPE = 141;

    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    private final PrintStream out;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private Output(PrintStream out) {
        this.out = out;
    }

    boolean json() {
        return json;
    }

    /** Prints a result: the record as JSON, or else as people want to read it. */
    void result(Object asJson, Runnable forPeople) {
        if (json) {
            line(GSON.toJson(asJson));
        } else {
            forPeople.run();
        }
    }

    void line(String text) {
        text(text);
        text("\n");
    }

    /** Prints text as it comes, without a line's end. */
    void text(String text) {
        out.print(text);
        if (out.checkError()) {
            throw new BrokenPipeException();
        }
    }

    /** Prints rows below their header, in columns two spaces apart; numbers stand right. */
    void table(List<String> header, List<List<?>> rows) {
        int[] widths = header.stream().mapToInt(Output::width).toArray();
        for (List<?> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row.get(i)));
            }
        }
        StringBuilder table = new StringBuilder();
        List<?> first = rows.isEmpty() ? header : rows.get(0);
        appendRow(table, header, first, widths);
        rows.forEach(row -> appendRow(table, row, row, widths));
        text(table.toString());
    }

    private static void appendRow(
            StringBuilder table, List<?> row, List<?> alignLike, int[] widths) {
        int start = table.length();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(widths[i] - width(row.get(i)));
            boolean right = alignLike.get(i) instanceof Number;
            table.append(i == 0 ? "" : "  ");
            table.append(right ? padding : "").append(row.get(i)).append(right ? "" : padding);
        }
        String line = table.substring(start).stripTrailing();
        table.setLength(start);
        table.append(line).append('\n');
    }

    private static int width(Object cell) {
        String text = cell.toString();
        return text.codePointCount(0, text.length());
    }

    static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /** Whoever read the output has gone away; there is nothing to say and nobody to say it to. */
    static final class BrokenPipeException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Gives verbs the process' output, or a test's. */
    record Factory(PrintStream out) implements IFactory {

        @Override
        public <K> K create(Class<K> type) throws Exception {
            return type == Output.class
                    ? type.cast(new Output(out))
                    : CommandLine.defaultFactory().create(type);
        }
    }
}
