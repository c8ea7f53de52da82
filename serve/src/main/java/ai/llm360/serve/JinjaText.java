package ai.llm360.serve;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** Python's words about text, where Java's own differ. */
final class JinjaText {

    private static final Map<Character, String> DIRECTIVES =
            Map.of(
                    'Y', "uuuu", 'y', "uu", 'm', "MM", 'B', "MMMM", 'b', "MMM", 'd', "dd", 'A',
                    "EEEE", 'H', "HH", 'M', "mm", 'S', "ss");

    private JinjaText() {}

    /** Tells what {@code str.isspace} calls blank, which also are the no-break spaces. */
    static boolean isSpace(int c) {
        return (c >= 9 && c <= 13)
                || (c >= 0x1c && c <= 0x20)
                || c == 0x85
                || Character.getType(c) == Character.SPACE_SEPARATOR
                || c == 0x2028
                || c == 0x2029;
    }

    static String stripEnd(String text) {
        return strip(text, JinjaText::isSpace, false, true);
    }

    static String strip(String text, IntPredicate blank, boolean start, boolean end) {
        int from = 0;
        int to = text.length();
        while (start && from < to && blank.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (end && to > from && blank.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    /**
     * Writes a time as {@code strftime} does in English.
     *
     * @throws IllegalArgumentException if the format has a directive that isn't known here
     */
    static String date(LocalDateTime time, String format) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < format.length()) {
            char c = format.charAt(at++);
            if (c != '%') {
                text.append(c);
                continue;
            }
            char directive = at < format.length() ? format.charAt(at++) : ' ';
            String pattern = DIRECTIVES.get(directive);
            if (pattern == null) {
                throw new IllegalArgumentException("strftime_now with %" + directive);
            }
            text.append(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time));
        }
        return text.toString();
    }

    /** Writes text as {@code json.dumps(text, ensure_ascii=False)} does. */
    static String json(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                default -> json.append(c < 0x20 ? "\\u%04x".formatted((int) c) : c);
            }
        }
        return json.append('"').toString();
    }
}
