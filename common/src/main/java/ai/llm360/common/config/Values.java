package ai.llm360.common.config;

import ai.llm360.common.config.ConfigTree.Difference;
import ai.llm360.io.internal.PlainText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The values that a tree may hold: what they are made from, how they compare, what to call them.
 */
final class Values {

    static final int MAX_DEPTH = 64;

    private Values() {}

    /** Returns an unchangeable copy in which every number is a Long or a Double. */
    static Object normal(String path, Object value) {
        return normal(path, value, 0);
    }

    private static Object normal(String path, Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new ConfigException(
                    "%s is nested deeper than %d levels"
                            .formatted(PlainText.shorten(path), MAX_DEPTH));
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach(
                    (key, part) -> {
                        if (!(key instanceof String name)) {
                            throw new ConfigException(
                                    "%s has the key %s; expected text (put it in quotes)"
                                            .formatted(where(path), describe(key)));
                        }
                        copy.put(name, normal(join(path, name), part, depth + 1));
                    });
            return Collections.unmodifiableMap(copy); // with nulls, which Map.copyOf refuses
        }
        if (value instanceof List<?> list) {
            List<Object> copy = new ArrayList<>();
            for (Object part : list) {
                copy.add(normal(join(path, copy.size()), part, depth + 1));
            }
            return Collections.unmodifiableList(copy);
        }
        if (value instanceof Integer number) {
            return number.longValue();
        }
        if (value instanceof String text && !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new ConfigException(
                    "%s is %s, which holds half of a surrogate pair; expected Unicode"
                            .formatted(where(path), PlainText.quote(text)));
        }
        if (value == null
                || value instanceof String
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof Double) {
            return value;
        }
        throw new ConfigException(
                "%s is %s; expected text, true or false, a number within 64 bits, a list or a map"
                        .formatted(where(path), value));
    }

    static Map<String, Object> asMap(String path, Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> typed = new LinkedHashMap<>();
            map.forEach((key, part) -> typed.put((String) key, part));
            return Collections.unmodifiableMap(typed);
        }
        throw mistyped(path, value, "a map of keys and values");
    }

    static Object merge(Object under, Object over) {
        if (!(under instanceof Map<?, ?> before && over instanceof Map<?, ?> after)) {
            return over;
        }
        Map<Object, Object> merged = new LinkedHashMap<>(before);
        after.forEach((key, value) -> merged.put(key, merge(before.get(key), value)));
        return Collections.unmodifiableMap(merged);
    }

    static String join(String path, Object key) {
        return path.isEmpty() ? key.toString() : path + "." + key;
    }

    static ConfigException mistyped(String path, Object value, String expected) {
        return new ConfigException(
                "%s is %s; expected %s"
                        .formatted(PlainText.shorten(path), describe(value), expected));
    }

    /** Names a value in an error. */
    static String describe(Object value) {
        if (value instanceof Map) {
            return "a map";
        }
        if (value instanceof List) {
            return "a list";
        }
        return value instanceof String text ? PlainText.quote(text) : String.valueOf(value);
    }

    private static String where(String path) {
        return path.isEmpty() ? "the configuration" : PlainText.shorten(path);
    }

    static void compare(String path, Object from, Object to, List<Difference> found) {
        if (from instanceof Map<?, ?> before && to instanceof Map<?, ?> after) {
            Set<Object> keys = new LinkedHashSet<>(before.keySet());
            keys.addAll(after.keySet());
            for (Object key : keys) {
                compare(join(path, key), before.get(key), after.get(key), found);
            }
        } else if (!same(from, to)) {
            found.add(new Difference(path, from, to));
        }
    }

    private static boolean same(Object a, Object b) {
        if (a instanceof Long x && b instanceof Double y) {
            return x.doubleValue() == y;
        }
        if (a instanceof Double && b instanceof Long) {
            return same(b, a);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            List<Difference> found = new ArrayList<>();
            for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
                compare("", x.get(i), y.get(i), found);
            }
            return found.isEmpty() && x.size() == y.size();
        }
        return Objects.equals(a, b);
    }

    /** Returns {@code rows_per_chunk} for {@code rowsPerChunk}. */
    static String key(String component) {
        return component.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    /** Returns {@code skip-batch} for {@code SKIP_BATCH}. */
    static String constant(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static boolean means(String text, Enum<?> constant) {
        return text.toLowerCase(Locale.ROOT).replace('_', '-').equals(constant(constant));
    }
}
