package ai.llm360.common.finetune;

import ai.llm360.io.internal.PlainText;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern of an adapter's configuration, which PEFT gives to Python's {@code re}.
 *
 * <p>It may come from anywhere. So it is short, matching ends after a bounded number of steps in
 * all, and what Python and Java read differently (escapes of letters, sets within sets, named
 * groups) is refused.
 */
final class PythonPattern {

    private static final int MAX_LENGTH = 2000;

    /** For all names together. One without nested repetitions needs some hundred a name. */
    private static final int MAX_STEPS = 1_000_000;

    private final String text;
    private final Pattern pattern;
    private int steps;

    /**
     * Compiles a pattern.
     *
     * @param text as Python's {@code re} reads it
     * @throws IllegalArgumentException if it can't be used
     */
    PythonPattern(String text) {
        this("", text, "");
    }

    /**
     * Compiles a pattern that stands between two of ours.
     *
     * @param before what Java reads before it
     * @param text as Python's {@code re} reads it
     * @param after what Java reads after it
     * @throws IllegalArgumentException if it can't be used
     */
    PythonPattern(String before, String text, String after) {
        this.text = text;
        if (text.length() > MAX_LENGTH) {
            throw unusable("has %d characters; at most %d".formatted(text.length(), MAX_LENGTH));
        }
        requireSameMeaning();
        try {
            pattern = Pattern.compile(before + text + after);
        } catch (PatternSyntaxException | StackOverflowError e) {
            throw unusable("is no pattern");
        }
    }

    private void requireSameMeaning() {
        boolean inSet = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                char escaped = text.charAt(++i);
                if (Character.isLetter(escaped) && "dDwWsSbB".indexOf(escaped) < 0) {
                    throw unusable("has the escape \\" + escaped);
                }
            } else if (inSet && (c == '[' || text.startsWith("&&", i))) {
                throw unusable("has '%s' within a set".formatted(c == '[' ? "[" : "&&"));
            } else if (c == '[') {
                inSet = true;
            } else if (c == ']') {
                inSet = false;
            } else if (!inSet && text.startsWith("(?P", i)) {
                throw unusable("has a named group");
            }
        }
    }

    /**
     * {@return whether it matches a name whole}
     *
     * @throws IllegalArgumentException if that takes too many steps to tell
     */
    boolean matches(String name) {
        return match(name, Matcher::matches);
    }

    /**
     * Matches the beginning of a name.
     *
     * @param group the name of a group of ours
     * @return what the group has; empty if the beginning doesn't match
     * @throws IllegalArgumentException if that takes too many steps to tell
     */
    Optional<String> begins(String name, String group) {
        return match(name, m -> m.lookingAt() ? Optional.of(m.group(group)) : Optional.empty());
    }

    private <T> T match(String name, Function<Matcher, T> question) {
        try {
            return question.apply(pattern.matcher(new Counted(name)));
        } catch (TooManySteps | StackOverflowError e) {
            throw unusable("takes more than %d steps".formatted(MAX_STEPS));
        }
    }

    private IllegalArgumentException unusable(String why) {
        return new IllegalArgumentException(
                "the pattern %s %s; write it with plain groups and sets, or list the modules' names"
                        .formatted(PlainText.quote(text), why));
    }

    private static final class TooManySteps extends RuntimeException {

        private static final long serialVersionUID = 1L;

        TooManySteps() {
            super(null, null, false, false);
        }
    }

    /** A text that lets itself be looked at so often. */
    private final class Counted implements CharSequence {

        private final String text;

        Counted(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (++steps > MAX_STEPS) {
                throw new TooManySteps();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
