package ai.llm360.analysis.task;

import java.util.Locale;

/** Python's {@code str} where it differs from Java's, as lm-evaluation-harness calls it. */
public final class PythonText {

    private PythonText() {}

    /** {@return whether {@code str.isspace} and {@code \s} take a character for white space} */
    public static boolean isSpace(int c) {
        return (c >= '\t' && c <= '\r')
                || (c >= 0x1c && c <= ' ')
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200a)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    /** {@return a text without white space at its ends} */
    public static String strip(String text) {
        return lstrip(rstrip(text));
    }

    /** {@return a text without white space at its start} */
    public static String lstrip(String text) {
        int start = 0;
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start);
    }

    /** {@return a text without white space at its end} */
    public static String rstrip(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** {@return the length that {@code len} tells: the number of code points} */
    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /**
     * {@return a text whose first character is in title case and whose others are in lower case}
     */
    public static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        String first = text.substring(0, text.offsetByCodePoints(0, 1));
        String lower =
                text.toLowerCase(Locale.ROOT); // whole: a sigma depends on what stands before
        return title(first) + lower.substring(first.toLowerCase(Locale.ROOT).length());
    }

    private static String title(String one) {
        int c = one.codePointAt(0);
        String upper = one.toUpperCase(Locale.ROOT);
        if (length(upper) == 1) {
            return Character.toString(Character.toTitleCase(c));
        }
        int end = upper.offsetByCodePoints(0, 1); // a ligature such as fi, or sharp s
        return upper.substring(0, end) + upper.substring(end).toLowerCase(Locale.ROOT);
    }

    /** {@return the number of parts that {@code re.split(r"\s+", text)} makes} */
    public static long words(String text) {
        long runs = 0;
        boolean inRun = false;
        for (int i = 0; i < text.length(); i++) {
            boolean space = isSpace(text.charAt(i));
            if (space && !inRun) {
                runs++;
            }
            inRun = space;
        }
        return runs + 1;
    }
}
