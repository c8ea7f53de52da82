package ai.llm360.cli;

import java.util.List;
import java.util.stream.Collectors;

/** Comma-separated values, as RFC 4180 has them. */
final class Csv {

    private Csv() {}

    /** Returns a line with its end; null is an empty cell. */
    static String line(List<?> cells) {
        return cells.stream()
                .map(cell -> cell == null ? "" : quoted(cell.toString()))
                .collect(Collectors.joining(",", "", "\r\n"));
    }

    private static String quoted(String cell) {
        return cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
    }
}
