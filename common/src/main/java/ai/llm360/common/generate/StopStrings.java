package ai.llm360.common.generate;

import java.util.List;

/**
 * Watches a growing text for stop strings, holding back what might be the start of one.
 *
 * <p>Of a text's stop strings, the one that starts first ends it; it and what follows are dropped.
 */
final class StopStrings {

    private final List<String> stops;
    private final int longest;
    private final StringBuilder held = new StringBuilder();
    private boolean matched;

    StopStrings(List<String> stops) {
        this.stops = stops;
        longest = stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Appends text and returns what can no longer be part of a stop string. */
    String push(String text) {
        if (matched) {
            return "";
        }
        held.append(text);
        int end = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (end < 0 || at < end)) {
                end = at;
            }
        }
        if (end >= 0) {
            matched = true;
            return take(end);
        }
        return take(held.length() - openSuffix());
    }

    /** Returns what was held back, now that no more text comes. */
    String flush() {
        return matched ? "" : take(held.length());
    }

    /** Returns whether a stop string has occurred. */
    boolean matched() {
        return matched;
    }

    /** The length of the longest suffix that some stop string starts with. */
    private int openSuffix() {
        for (int length = Math.min(longest - 1, held.length()); length > 0; length--) {
            String suffix = held.substring(held.length() - length);
            if (stops.stream().anyMatch(stop -> stop.startsWith(suffix))) {
                return length;
            }
        }
        return 0;
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}
