package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.PythonText;
import ai.llm360.analysis.task.TaskPage;
import ai.llm360.common.config.ConfigException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Takes answers out of generated texts, as the harness' filter {@code regex} does. */
final class AnswerFilter {

    /** Python's {@code $} and {@code .} know one line's end, its classes all of Unicode. */
    private static final int PYTHON = Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS;

    private final String name;
    private final Pattern pattern;
    private final int match;
    private final String fallback;
    private final boolean majority;

    /** Creates the filter of a page. */
    AnswerFilter(TaskPage.Filter filter) {
        name = filter.name();
        pattern = filter.pattern().map(AnswerFilter::compile).orElse(null);
        match = filter.group().orElse(0);
        fallback = filter.fallback().orElse("[invalid]");
        majority = filter.majority().orElse(false);
    }

    /** Creates the filter that a task without any has: the text as it is. */
    AnswerFilter() {
        name = "none";
        pattern = null;
        match = 0;
        fallback = "";
        majority = false;
    }

    static Pattern compile(String pattern) {
        try {
            return Pattern.compile(pattern, PYTHON);
        } catch (PatternSyntaxException e) {
            throw new ConfigException(
                    "'%s' is no pattern: %s".formatted(pattern, e.getMessage()), e);
        }
    }

    String name() {
        return name;
    }

    /** Returns the answers of a document's texts, in their order; one of them if a vote decides. */
    List<String> apply(List<String> texts) {
        List<String> answers = texts.stream().map(this::answer).toList();
        return majority ? List.of(mostFrequent(answers)) : answers;
    }

    private String answer(String text) {
        if (pattern == null) {
            return text;
        }
        List<String> found = new ArrayList<>();
        for (Matcher matcher = pattern.matcher(text); matcher.find(); ) {
            found.add(group(matcher));
        }
        int index = match < 0 ? found.size() + match : match;
        return index < 0 || index >= found.size() ? fallback : PythonText.strip(found.get(index));
    }

    /** Of a pattern's several groups the first one that isn't empty counts. */
    private String group(Matcher matcher) {
        if (matcher.groupCount() == 0) {
            return matcher.group();
        }
        for (int i = 1; i <= matcher.groupCount(); i++) {
            String group = matcher.group(i);
            if (group != null && (!group.isEmpty() || matcher.groupCount() == 1)) {
                return group;
            }
        }
        return matcher.groupCount() == 1 ? "" : fallback;
    }

    /** Returns the first of the most frequent answers. */
    private static String mostFrequent(List<String> answers) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        answers.forEach(answer -> counts.merge(answer, 1, Integer::sum));
        int most = counts.values().stream().mapToInt(count -> count).max().orElseThrow();
        return answers.stream()
                .filter(answer -> counts.get(answer) == most)
                .findFirst()
                .orElseThrow();
    }
}
