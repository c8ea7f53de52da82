package ai.llm360.common.data;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Takes the text out of the parts of a file whose parts hold other things too.
 *
 * @param pattern matches whole parts
 * @param document the text, with {@code $1} for the pattern's first group
 */
record PartFilter(Pattern pattern, String document) {

    private static final Pattern ANYTHING = Pattern.compile(".*", Pattern.DOTALL);

    /** Makes the filter that a recipe describes; it takes every part if the recipe has none. */
    static PartFilter of(Optional<String> pattern, Optional<String> document) {
        try {
            return new PartFilter(
                    pattern.map(Pattern::compile).orElse(ANYTHING), document.orElse("$0"));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern is a regular expression, not %s: %s"
                            .formatted(e.getPattern(), e.getDescription()),
                    e);
        }
    }

    PartFilter {
        Matcher none = Pattern.compile(pattern.pattern() + "|(?s:.*)").matcher("");
        try {
            none.matches();
            none.appendReplacement(new StringBuilder(), document);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "document names groups of the pattern, such as $1, not %s (%s)"
                            .formatted(document, e.getMessage()),
                    e);
        }
    }

    /** Returns the document that a part becomes, or empty if it is left out. */
    Optional<String> apply(String part) {
        Matcher matcher = pattern.matcher(part);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        StringBuilder text = new StringBuilder();
        matcher.appendReplacement(text, document);
        return Optional.of(text.toString());
    }
}
