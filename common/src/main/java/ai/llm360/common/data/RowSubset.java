package ai.llm360.common.data;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a source's ready rows that is taken, by ranges of fractions such as {@code 0.0-0.1}
 * or {@code 0.1-0.3,0.7-1.0}.
 *
 * <p>Of n rows, a range from a to b takes those from ⌊a·n⌋ up to but not ⌊b·n⌋: the rule of {@code
 * data_subset} in Cerebras' {@code h5_map_dataset/readers.py}, by which CrystalCoder was trained.
 *
 * @param ranges in ascending order, not overlapping
 */
record RowSubset(List<Range> ranges) {

    private static final Pattern RANGE =
            Pattern.compile("\\s*(\\d+(?:\\.\\d+)?)\\s*-\\s*(\\d+(?:\\.\\d+)?)\\s*");

    /** A range of fractions. */
    record Range(double from, double to) {}

    /** Reads ascending ranges within 0 and 1, or refuses what a recipe says. */
    static RowSubset parse(String text) {
        List<Range> ranges = new ArrayList<>();
        double end = 0;
        for (String part : text.split(",", -1)) {
            Matcher matcher = RANGE.matcher(part);
            if (!matcher.matches()) {
                throw wrong(text);
            }
            Range range =
                    new Range(
                            Double.parseDouble(matcher.group(1)),
                            Double.parseDouble(matcher.group(2)));
            if (range.from < end || range.to <= range.from || range.to > 1) {
                throw wrong(text);
            }
            end = range.to;
            ranges.add(range);
        }
        return new RowSubset(List.copyOf(ranges));
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException(
                "subset is of ascending ranges within 0 and 1, such as 0.0-0.1 or 0.1-0.3,0.7-1.0,"
                        + " not "
                        + text);
    }

    /** Tells whether a row is taken, of a number of rows. */
    boolean takes(long row, long rows) {
        return takesAny(row, row + 1, rows);
    }

    /** Tells whether any of the rows from {@code first} up to but not {@code end} is taken. */
    boolean takesAny(long first, long end, long rows) {
        return ranges.stream()
                .anyMatch(
                        range ->
                                Math.max(first, (long) (rows * range.from))
                                        < Math.min(end, (long) (rows * range.to)));
    }
}
