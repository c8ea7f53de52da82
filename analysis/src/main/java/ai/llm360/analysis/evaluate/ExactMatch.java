package ai.llm360.analysis.evaluate;

import ai.llm360.common.config.ConfigTree;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A comparison of an answer with the right one, after what doesn't count is taken out of both.
 *
 * @param regexesToIgnore patterns whose matches are removed, one after another
 * @param ignoreCase whether capitals count
 * @param ignorePunctuation whether ASCII's punctuation counts
 * @param ignoreNumbers whether the digits 0 to 9 count
 */
record ExactMatch(
        List<String> regexesToIgnore,
        boolean ignoreCase,
        boolean ignorePunctuation,
        boolean ignoreNumbers) {

    private static final ExactMatch NOTHING = new ExactMatch(List.of(), false, false, false);

    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
    private static final Pattern NUMBERS = Pattern.compile("[0-9]");

    /** Reads the options of a page, other than those that {@code others} names. */
    static ExactMatch of(Map<String, Object> options) {
        ExactMatch match = ConfigTree.of(options).without("rule").bind(ExactMatch.class, NOTHING);
        match.regexesToIgnore().forEach(AnswerFilter::compile);
        return match;
    }

    boolean matches(String answer, String right) {
        return rest(answer).equals(rest(right));
    }

    private String rest(String text) {
        String rest = text;
        for (String ignored : regexesToIgnore) {
            rest = AnswerFilter.compile(ignored).matcher(rest).replaceAll("");
        }
        rest = ignoreCase ? rest.toLowerCase(Locale.ROOT) : rest;
        rest = ignorePunctuation ? PUNCTUATION.matcher(rest).replaceAll("") : rest;
        return ignoreNumbers ? NUMBERS.matcher(rest).replaceAll("") : rest;
    }
}
