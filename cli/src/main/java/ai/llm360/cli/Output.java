package ai.llm360.cli;

import ai.llm360.io.internal.PlainText;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Option;

/**
 * Standard output, for people or, with {@code --json}, for programs: then one JSON object and
 * nothing else. A verb takes it as a mixin and calls {@link #result} or {@link #text}.
 *
 * <p>What verbs print was read in files and on the Hub. No control character of it reaches a
 * terminal: lines, tables and JSON show escapes in its place wherever they go, and {@link #text},
 * which programs may want as it is, where a terminal shows it.
 */
final class Output {

    /** A shell's status of a process that wrote to a closed pipe: 128 + SIGPIPE. */
    static final int BROKEN_PIPE = 141;

    private static final JsonSerializer<Path> PATHS =
            (path, type, context) -> new JsonPrimitive(path.toString());

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .registerTypeAdapter(Double.class, new FiniteNumbers())
                    .registerTypeAdapter(double.class, new FiniteNumbers())
                    .registerTypeHierarchyAdapter(Path.class, PATHS)
                    .create();

    private final Terminal terminal;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    Output(Terminal terminal) {
        this.terminal = terminal;
    }

    Terminal terminal() {
        return terminal;
    }

    boolean json() {
        return json;
    }

    /** Prints a result: the record as JSON, or else as people want to read it. */
    void result(Object asJson, Runnable forPeople) {
        if (json) {
            json(asJson);
        } else {
            forPeople.run();
        }
    }

    /** Prints a record as one JSON object, its components' names in snake case. */
    void json(Object result) {
        print(PlainText.inLine(toJson(result)) + "\n"); // the same JSON, by its own escapes
    }

    /** Returns a record as one JSON object. */
    static String toJson(Object result) {
        return GSON.toJson(result);
    }

    void line(String text) {
        print(PlainText.inLines(text) + "\n");
    }

    /** Prints text as it comes, without a line's end; on a terminal, its control characters not. */
    void text(String text) {
        print(terminal.shown() ? PlainText.inLines(text) : text);
    }

    private void print(String text) {
        terminal.out().print(text);
        if (terminal.out().checkError()) {
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
        // The first row's cell may be empty where the others are numbers.
        List<?> last = rows.isEmpty() ? header : rows.get(rows.size() - 1);
        appendRow(table, header, last, widths);
        rows.forEach(row -> appendRow(table, row, last, widths));
        print(table.toString());
    }

    /** Prints a row for each of some things, as {@link #table(List, List)} does. */
    <T> void table(List<String> header, List<T> things, Function<T, List<?>> row) {
        table(header, things.stream().<List<?>>map(row).toList());
    }

    /** Prints labels and values, the values in one column. */
    void rows(List<List<?>> labelled) {
        int width = labelled.stream().mapToInt(row -> width(row.get(0))).max().orElse(0);
        for (List<?> row : labelled) {
            String gap = " ".repeat(width - width(row.get(0)) + 2);
            line("  " + cell(row.get(0)) + gap + cell(row.get(1)));
        }
    }

    private static void appendRow(
            StringBuilder table, List<?> row, List<?> alignLike, int[] widths) {
        int start = table.length();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(widths[i] - width(row.get(i)));
            boolean right = alignLike.get(i) instanceof Number;
            table.append(i == 0 ? "" : "  ");
            table.append(right ? padding : "")
                    .append(cell(row.get(i)))
                    .append(right ? "" : padding);
        }
        String line = table.substring(start).stripTrailing();
        table.setLength(start);
        table.append(line).append('\n');
    }

    /** Returns a number for a table's cell. */
    static Object decimal(double value, int digits) {
        return Double.isFinite(value)
                ? BigDecimal.valueOf(value).setScale(digits, RoundingMode.HALF_EVEN)
                : Double.valueOf(value);
    }

    /** Returns a number with its noun, such as {@code 1 file} and {@code 2 files}. */
    static String count(long number, String noun) {
        return number == 1 ? "1 " + noun : number + " " + noun + "s";
    }

    private static String cell(Object cell) {
        return PlainText.inLine(cell.toString());
    }

    private static int width(Object cell) {
        String text = cell(cell);
        return text.codePointCount(0, text.length());
    }

    static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /** Thrown when the reader of the output has gone away; there is nobody to say it to. */
    static final class BrokenPipeException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** JSON has no word for an infinity or NaN. */
    private static final class FiniteNumbers extends TypeAdapter<Double> {

        @Override
        public void write(JsonWriter json, Double value) throws IOException {
            json.value(value == null || !Double.isFinite(value) ? null : value);
        }

        @Override
        public Double read(JsonReader json) {
            throw new UnsupportedOperationException("output is written only");
        }
    }
}
