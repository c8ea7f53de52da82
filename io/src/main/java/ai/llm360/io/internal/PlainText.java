package ai.llm360.io.internal;

import java.util.Locale;

/**
 * Text of unknown origin, made fit to be shown: no control character in it reaches a terminal, and
 * an error that quotes it stays readable.
 */
public final class PlainText {

    private static final int MAX_QUOTED = 120;

    /** Gson's words for a text that breaks the grammar. */
    private static final String LENIENT =
            "Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON";

    private PlainText() {}

    /**
     * {@return at most the first 120 characters of a text in single quotes, as {@link #inLine}
     * shows them}
     */
    public static String quote(String text) {
        return "'" + shorten(text) + "'";
    }

    /**
     * {@return at most the first 120 characters of a text, or of {@code null}, as {@link #inLine}
     * shows them}
     */
    public static String shorten(String text) {
        if (text == null) {
            return "no detail";
        }
        return text.length() <= MAX_QUOTED
                ? inLine(text)
                : inLine(text.substring(0, MAX_QUOTED)) + "…";
    }

    /**
     * {@return the problem of a JSON text, in at most 120 characters of one line, with its place
     * where the parser tells it} Gson's messages name Java's classes, advise a programmer, and go
     * on with an address.
     */
    public static String jsonProblem(Throwable problem) {
        String message = String.valueOf(problem.getMessage());
        int end = message.indexOf('\n');
        return shorten(
                message.substring(0, end < 0 ? message.length() : end)
                        .replaceFirst("^([\\w.$]+(Exception|Error): )+", "")
                        .replace(LENIENT, "not JSON")
                        .replaceFirst("^null$", "not JSON"));
    }

    /**
     * {@return a text within one line: with an escape such as {@code \n} or {@code \}{@code u001b}
     * for each control character, line's end, mark that turns the direction of writing, and half of
     * a surrogate pair}
     */
    public static String inLine(String text) {
        return escape(text, "");
    }

    /**
     * {@return a text that is safe to show, as {@link #inLine} makes it, but with its tabs and line
     * feeds}
     */
    public static String inLines(String text) {
        return escape(text, "\t\n");
    }

    private static String escape(String text, String kept) {
        StringBuilder shown = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            boolean hidden = isHidden(c) && kept.indexOf(c) < 0;
            if (hidden && shown == null) {
                shown = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (hidden) {
                shown.append(escape(c));
            } else if (shown != null) {
                shown.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        return shown == null ? text : shown.toString();
    }

    /** Format characters beyond the marks of direction join and part letters, and stay. */
    private static boolean isHidden(int c) {
        return Character.isISOControl(c)
                || c == 0x061c // the Arabic letter mark
                || c == 0x200e // the marks from left to right, and back
                || c == 0x200f
                || (c >= 0x2028 && c <= 0x202e) // line and paragraph separator, embeddings
                || (c >= 0x2066 && c <= 0x2069) // isolates
                || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    private static String escape(int c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format(Locale.ROOT, "\\u%04x", c);
        };
    }
}
