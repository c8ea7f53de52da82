package ai.llm360.common.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds and replaces values by their path. Trees are never changed: each change makes a new one.
 */
final class TreePath {

    private TreePath() {}

    static Object get(Object tree, String path) {
        Object value = tree;
        for (String key : keys(path)) {
            if (value instanceof Map<?, ?> map) {
                value = map.get(key);
            } else if (value instanceof List<?> list) {
                int index = index(key);
                value = index >= 0 && index < list.size() ? list.get(index) : null;
            } else {
                return null;
            }
        }
        return value;
    }

    static Map<String, Object> put(Map<String, Object> root, String path, Object value) {
        return Values.asMap(path, put(root, keys(path), 0, value));
    }

    private static Object put(Object tree, List<String> keys, int depth, Object value) {
        if (depth == keys.size()) {
            return value;
        }
        String key = keys.get(depth);
        if (tree instanceof List<?> list) {
            List<Object> copy = new ArrayList<>(list);
            int index = index(key);
            if (index < 0 || index > list.size()) {
                throw new ConfigException(
                        "%s is a list of %d; expected an index from 0 to %d, not '%s'"
                                .formatted(here(keys, depth), list.size(), list.size(), key));
            }
            if (index == list.size()) {
                copy.add(null);
            }
            copy.set(index, put(copy.get(index), keys, depth + 1, value));
            return Collections.unmodifiableList(copy);
        }
        if (tree != null && !(tree instanceof Map)) {
            throw new ConfigException(
                    "%s is %s, which has no '%s'"
                            .formatted(here(keys, depth), Values.describe(tree), key));
        }
        Map<String, Object> copy = new LinkedHashMap<>();
        if (tree != null) {
            copy.putAll(Values.asMap(here(keys, depth), tree));
        }
        copy.put(key, put(copy.get(key), keys, depth + 1, value));
        return Collections.unmodifiableMap(copy);
    }

    private static List<String> keys(String path) {
        List<String> keys = List.of(path.split("\\.", -1));
        if (keys.stream().anyMatch(String::isBlank)) {
            throw new ConfigException(
                    "'%s' is no path; expected keys with dots between, such as batch.micro"
                            .formatted(path));
        }
        return keys;
    }

    private static String here(List<String> keys, int depth) {
        return String.join(".", keys.subList(0, depth));
    }

    private static int index(String key) {
        return key.matches("\\d{1,9}") ? Integer.parseInt(key) : -1;
    }
}
