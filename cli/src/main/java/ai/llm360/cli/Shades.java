package ai.llm360.cli;

import java.util.List;
import java.util.stream.Collectors;

/** Numbers as characters: bars along a series, and shades of a heat map. */
final class Shades {

    private static final String BARS = "▁▂▃▄▅▆▇█";
    private static final String SHADES = " ░▒▓█";

    private Shades() {}

    /** Draws a bar for each value, from the lowest to the highest of the scale. */
    static String bars(List<Double> values, double low, double high) {
        return draw(BARS, values, low, high);
    }

    /** Draws a shade for each value, two characters wide. */
    static String shades(List<Double> values, double low, double high) {
        return draw(SHADES, values, low, high)
                .codePoints()
                .mapToObj(c -> Character.toString(c).repeat(2))
                .collect(Collectors.joining());
    }

    private static String draw(String levels, List<Double> values, double low, double high) {
        StringBuilder drawn = new StringBuilder();
        for (double value : values) {
            double share = high > low ? (value - low) / (high - low) : 0;
            int level = (int) Math.min(levels.length() - 1, Math.max(0, share * levels.length()));
            drawn.append(levels.charAt(level));
        }
        return drawn.toString();
    }
}
