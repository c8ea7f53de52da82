package ai.llm360.cli;

import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedResults;
import ai.llm360.zoo.catalogue.PublishedResults.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Published results as a table: a line for each checkpoint, a column for each metric. */
final class ResultTable {

    private ResultTable() {}

    /** Writes it as RFC 4180 has it, numbers as the files have them. */
    static String csv(PublishedResults results) {
        StringBuilder csv = new StringBuilder();
        List<String> header = new ArrayList<>(List.of("checkpoint", "step", "tokens"));
        header.addAll(results.metrics());
        header.add("missing");
        append(csv, header);
        for (Row row : results.rows()) {
            PublishedCheckpoint checkpoint = row.checkpoint();
            List<String> cells = new ArrayList<>();
            cells.add(checkpoint.name());
            cells.add(checkpoint.step().isPresent() ? "" + checkpoint.step().getAsLong() : "");
            cells.add(checkpoint.tokens().isPresent() ? "" + checkpoint.tokens().getAsLong() : "");
            for (String metric : results.metrics()) {
                Double value = value(row, metric);
                cells.add(value == null ? "" : value.toString());
            }
            cells.add(row.missing().orElse(""));
            append(csv, cells);
        }
        return csv.toString();
    }

    private static void append(StringBuilder csv, List<String> cells) {
        csv.append(cells.stream().map(ResultTable::quoted).collect(Collectors.joining(",")));
        csv.append("\r\n");
    }

    private static String quoted(String cell) {
        return cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
    }

    private static Double value(Row row, String metric) {
        return row.scores().map(scores -> scores.metrics().get(metric)).orElse(null);
    }

    /** Prints it for people. */
    static void print(PublishedResults results, Output output) {
        List<String> header = new ArrayList<>(List.of("checkpoint", "step", "tokens (B)"));
        header.addAll(results.metrics());
        boolean gaps = results.rows().stream().anyMatch(row -> row.missing().isPresent());
        if (gaps) {
            header.add("");
        }
        List<List<?>> rows = new ArrayList<>();
        for (Row row : results.rows()) {
            PublishedCheckpoint checkpoint = row.checkpoint();
            List<Object> cells = new ArrayList<>();
            cells.add(checkpoint.name());
            cells.add(checkpoint.step().isPresent() ? checkpoint.step().getAsLong() : "");
            cells.add(
                    checkpoint.tokens().isPresent()
                            ? Output.decimal(checkpoint.tokens().getAsLong() / 1e9, 2)
                            : "");
            for (String metric : results.metrics()) {
                Double value = value(row, metric);
                cells.add(value == null ? "" : Output.decimal(value, 4));
            }
            if (gaps) {
                cells.add(row.missing().orElse(""));
            }
            rows.add(cells);
        }
        output.table(header, rows);
    }
}
