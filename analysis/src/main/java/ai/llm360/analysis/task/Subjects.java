package ai.llm360.analysis.task;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes pages of one that has subjects by category: in each of its texts {@code <subject>} becomes
 * the subject, {@code <Subject>} the same with a capital letter, {@code <subject words>} with
 * blanks for underscores, and {@code <category>} the category.
 */
final class Subjects {

    private static final String KEY = "subjects";

    private Subjects() {}

    static List<ConfigTree> expand(String origin, ConfigTree page) {
        Object given = page.get(KEY).orElse(null);
        if (given == null) {
            return List.of(page);
        }
        if (!(given instanceof Map<?, ?> categories)) {
            throw problem(origin);
        }
        ConfigTree rest = page.without(KEY);
        List<ConfigTree> pages = new ArrayList<>();
        categories.forEach(
                (category, subjects) -> {
                    if (!(subjects instanceof List<?> list)) {
                        throw problem(origin);
                    }
                    for (Object subject : list) {
                        if (!(subject instanceof String name)) {
                            throw problem(origin);
                        }
                        pages.add(
                                ConfigTree.of(fill(rest.asMap(), name, String.valueOf(category))));
                    }
                });
        if (pages.isEmpty()) {
            throw problem(origin);
        }
        return pages;
    }

    private static ConfigException problem(String origin) {
        return new ConfigException(
                "%s: subjects: expected a map of categories, each with a list of names"
                        .formatted(origin));
    }

    private static Map<String, Object> fill(Map<?, ?> map, String subject, String category) {
        Map<String, Object> filled = new LinkedHashMap<>();
        map.forEach((key, value) -> filled.put((String) key, filled(value, subject, category)));
        return filled;
    }

    private static Object filled(Object value, String subject, String category) {
        if (value instanceof Map<?, ?> map) {
            return fill(map, subject, category);
        }
        if (value instanceof List<?> list) {
            List<Object> filled = new ArrayList<>();
            list.forEach(part -> filled.add(filled(part, subject, category)));
            return filled;
        }
        return value instanceof String text
                ? text.replace("<subject>", subject)
                        .replace("<subject words>", subject.replace('_', ' '))
                        .replace("<Subject>", PythonText.capitalize(subject))
                        .replace("<category>", category)
                : value;
    }
}
