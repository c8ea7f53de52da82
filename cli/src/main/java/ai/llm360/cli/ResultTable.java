package ai.llm360.cli;

import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedResults;
import ai.llm360.zoo.catalogue.PublishedResults.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Published results as a table: a line for each checkpoint, a column for each metric. */
final class ResultTable {

    private ResultTable() {}

    /** Writes it as RFC 4180 has it, numbers as the files have them. */
    static String csv(PublishedResults results) {
        StringBuilder csv = new StringBuilder();
        csv.append(Csv.line(header(results, "tokens", "missing")));
        for (Row row : results.rows()) {
            csv.append(Csv.line(cells(results, row, count -> count, value -> value)));
        }
        return csv.toString();
    }

    private static Double value(Row row, String metric) {
        return row.scores().map(scores -> scores.metrics().get(metric)).orElse(null);
    }

    private static List<String> header(PublishedResults results, String tokens, String missing) {
        List<String> header = new ArrayList<>(List.of("checkpoint", "step", tokens));
        header.addAll(results.metrics());
        header.add(missing);
        return header;
    }

    /** Returns a row's cells, empty where there is nothing; the last says what is missing. */
    private static List<Object> cells(
            PublishedResults results,
            Row row,
            Function<Long, Object> tokens,
            Function<Double, Object> values) {
        PublishedCheckpoint checkpoint = row.checkpoint();
        List<Object> cells = new ArrayList<>();
        cells.add(checkpoint.name());
        cells.add(cell(EntryRow.boxed(checkpoint.step()), step -> step));
        cells.add(cell(EntryRow.boxed(checkpoint.tokens()), tokens));
        for (String metric : results.metrics()) {
            cells.add(cell(value(row, metric), values));
        }
        cells.add(row.missing().orElse(""));
        return cells;
    }

    private static <T> Object cell(T value, Function<T, Object> shown) {
        return value == null ? "" : shown.apply(value);
    }

    /** Prints it for people. */
    static void print(PublishedResults results, Output output) {
        output.table(
                header(results, "tokens (B)", ""),
                results.rows(),
                row ->
                        cells(
                                results,
                                row,
                                count -> Output.decimal(count / 1e9, 2),
                                value -> Output.decimal(value, 4)));
    }
}
