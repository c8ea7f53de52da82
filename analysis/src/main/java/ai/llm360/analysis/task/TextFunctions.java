package ai.llm360.analysis.task;

import ai.llm360.common.config.ConfigException;
import ai.llm360.io.internal.NearNames;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The functions that a {@link Template} may pass a text through. */
final class TextFunctions {

    /** Makes one text, or with {@code split} several, of a text and the function's arguments. */
    interface Function {
        List<String> apply(String text, List<String> arguments);
    }

    private record Entry(int arguments, Function function) {}

    private interface Plain {
        String apply(String text, List<String> arguments);
    }

    /** Only a line feed ends a line, as in Python. */
    private static final Pattern BRACKETS = Pattern.compile("(?d)\\[.*?\\]");

    private static final Map<String, Entry> ALL = new TreeMap<>();

    static {
        add("strip", 0, (text, none) -> PythonText.strip(text));
        add("lstrip", 0, (text, none) -> PythonText.lstrip(text));
        add("rstrip", 0, (text, none) -> PythonText.rstrip(text));
        add("capitalize", 0, (text, none) -> PythonText.capitalize(text));
        add("lower_first", 0, (text, none) -> lowerFirst(text));
        add("drop_last", 0, (text, none) -> dropLast(text));
        add("last_word", 0, (text, none) -> text.substring(text.lastIndexOf(' ') + 1));
        add("but_last_word", 0, (text, none) -> butLastWord(text));
        add("before", 1, (text, given) -> before(text, given.get(0)));
        add("after", 1, (text, given) -> after(text, given.get(0)));
        add("replace", 2, (text, given) -> text.replace(given.get(0), given.get(1)));
        add("constant", 1, (text, given) -> given.get(0));
        add("flag", 0, (text, none) -> text.equalsIgnoreCase("true") ? "1" : "0");
        add("from_one", 0, (text, none) -> String.valueOf(Integer.parseInt(text) + 1));
        add("letter", 0, (text, none) -> letter(text));
        add("position", 1, (text, given) -> String.valueOf(position(text, given.get(0))));
        add("hellaswag", 0, (text, none) -> hellaswag(text));
        add("wikitext", 0, (text, none) -> WikitextDetokenizer.apply(text));
        ALL.put(
                "split",
                new Entry(
                        1,
                        (text, given) ->
                                List.of(text.split(Pattern.quote(given.get(0)), -1)))); // as Python
    }

    private TextFunctions() {}

    private static void add(String name, int arguments, Plain function) {
        ALL.put(name, new Entry(arguments, (text, given) -> List.of(function.apply(text, given))));
    }

    /**
     * {@return the function of a name}
     *
     * @throws ConfigException if there is none, or it takes another number of arguments
     */
    static Function named(String name, int arguments) {
        Entry found = ALL.get(name);
        if (found == null) {
            throw new ConfigException(
                    "no text function is named '%s'; did you mean %s?"
                            .formatted(name, String.join(", ", NearNames.of(name, ALL.keySet()))));
        }
        if (found.arguments() != arguments) {
            throw new ConfigException(
                    "the text function '%s' takes %d arguments, not %d"
                            .formatted(name, found.arguments(), arguments));
        }
        return found.function();
    }

    private static String lowerFirst(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = text.offsetByCodePoints(0, 1);
        return text.substring(0, end).toLowerCase(Locale.ROOT) + text.substring(end);
    }

    private static String dropLast(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, text.offsetByCodePoints(text.length(), -1));
    }

    private static String butLastWord(String text) {
        return text.substring(0, Math.max(0, text.lastIndexOf(' ')));
    }

    private static String before(String text, String mark) {
        int at = text.indexOf(mark);
        return at < 0 ? text : text.substring(0, at);
    }

    private static String after(String text, String mark) {
        int at = text.indexOf(mark);
        return at < 0 ? text : text.substring(at + mark.length());
    }

    private static String letter(String index) {
        if (!index.matches("\\d|1\\d|2[0-5]")) {
            throw new IllegalArgumentException(
                    "'%s' is no index from 0 to 25 that a letter stands for".formatted(index));
        }
        return Character.toString('A' + Integer.parseInt(index));
    }

    private static int position(String text, String letters) {
        if (text.matches("\\d") && text.charAt(0) - '0' < letters.length()) {
            return text.charAt(0) - '0'; // it is the position already
        }
        int at = text.length() == 1 ? letters.indexOf(text) : -1;
        if (at < 0) {
            throw new IllegalArgumentException(
                    "'%s' is none of the letters %s".formatted(text, letters));
        }
        return at;
    }

    /**
     * Cleans a text of HellaSwag of the marks of WikiHow. Of two blanks one stays, of three two: a
     * single pass, as the harness does.
     */
    private static String hellaswag(String text) {
        String titled = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
    }
}
