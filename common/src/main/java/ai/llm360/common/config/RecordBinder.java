package ai.llm360.common.config;

import ai.llm360.io.internal.NearNames;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Makes records from the values of a tree. */
final class RecordBinder {

    /** The doubles up to here that are whole numbers are exact. */
    private static final double MAX_WHOLE = 1L << 53;

    private RecordBinder() {}

    static Record bind(String path, Map<String, Object> given, Class<?> type, Object defaults) {
        RecordComponent[] components = type.getRecordComponents();
        List<String> keys =
                Arrays.stream(components).map(part -> Values.key(part.getName())).toList();
        for (String key : given.keySet()) {
            if (!keys.contains(key)) {
                throw new ConfigException(
                        "unknown key '%s'; did you mean %s?"
                                .formatted(Values.join(path, key), near(path, key, keys)));
            }
        }
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            arguments[i] =
                    value(
                            Values.join(path, keys.get(i)),
                            given.get(keys.get(i)),
                            components[i].getGenericType(),
                            defaults == null
                                    ? null
                                    : RecordReader.get((Record) defaults, components[i]));
        }
        return construct(path, keys, type, components, arguments);
    }

    private static String near(String path, String key, List<String> keys) {
        return NearNames.of(key, keys).stream()
                .map(name -> Values.join(path, name))
                .collect(Collectors.joining(", "));
    }

    private static Record construct(
            String path,
            List<String> keys,
            Class<?> type,
            RecordComponent[] components,
            Object[] arguments) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true); // the record may be of another package, and not public
            return (Record) constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                throw new ConfigException(refusal(path, keys, refusal.getMessage()), refusal);
            }
            throw new IllegalStateException(type + " can't be made", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " can't be made", e);
        }
    }

    /** Puts the path before a constructor's message, which mostly starts with a component's key. */
    private static String refusal(String path, List<String> keys, String message) {
        if (path.isEmpty()) {
            return message;
        }
        boolean startsWithKey = keys.contains(message.split("[ .]", 2)[0]);
        return path + (startsWithKey ? "." : ": ") + message;
    }

    /** Makes one component, list element or map value; null is as if nothing had been given. */
    private static Object value(String path, Object given, Type type, Object fallback) {
        if (type instanceof ParameterizedType generic) {
            return generic(path, given, generic, fallback);
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord()) {
            Object parts = given == null ? Map.of() : given;
            return bind(path, Values.asMap(path, parts), plain, fallback);
        }
        if (given != null) {
            return scalar(path, given, plain);
        }
        return present(path, fallback, expected(plain));
    }

    private static Object present(String path, Object value, String expected) {
        if (value == null) {
            throw new ConfigException("missing %s: expected %s".formatted(path, expected));
        }
        return value;
    }

    private static Object generic(
            String path, Object given, ParameterizedType type, Object fallback) {
        Type[] parts = type.getActualTypeArguments();
        Type last = parts[parts.length - 1];
        if (type.getRawType() == Optional.class) {
            return given == null
                    ? present(path, fallback == null ? Optional.empty() : fallback, "")
                    : Optional.of(value(path, given, last, null));
        }
        if (type.getRawType() == List.class) {
            if (given == null) {
                return present(path, fallback, "a list");
            }
            if (!(given instanceof List<?> list)) {
                throw Values.mistyped(path, given, "a list");
            }
            List<Object> made = new ArrayList<>();
            for (Object part : list) {
                made.add(value(Values.join(path, made.size()), part, last, null));
            }
            return List.copyOf(made);
        }
        if (type.getRawType() == Map.class && parts[0] == String.class) {
            if (given == null) {
                return present(path, fallback, "a map of keys and values");
            }
            if (last == Object.class) {
                return Values.asMap(path, given);
            }
            Map<String, Object> made = new LinkedHashMap<>();
            Values.asMap(path, given)
                    .forEach(
                            (key, part) ->
                                    made.put(key, value(Values.join(path, key), part, last, null)));
            return Collections.unmodifiableMap(made); // in the given order
        }
        throw new IllegalStateException(path + ": no configuration can give a " + type);
    }

    private static Object scalar(String path, Object given, Class<?> type) {
        Object made = null;
        if (type.isInstance(given)) {
            made = given;
        } else if (type == boolean.class) {
            made = given instanceof Boolean ? given : null;
        } else if (type == double.class || type == Double.class) {
            made = decimal(given);
        } else if (type == long.class || type == Long.class) {
            made = whole(given);
        } else if (type == int.class || type == Integer.class) {
            made = small(whole(given));
        } else if (type.isEnum() && given instanceof String text) {
            made =
                    Arrays.stream(type.getEnumConstants())
                            .filter(constant -> Values.means(text, (Enum<?>) constant))
                            .findFirst()
                            .orElse(null);
        }
        if (made == null) {
            throw Values.mistyped(path, given, expected(type));
        }
        return made;
    }

    private static Double decimal(Object given) {
        return given instanceof Number number ? number.doubleValue() : null;
    }

    private static Integer small(Long whole) {
        return whole != null && whole == whole.intValue() ? whole.intValue() : null;
    }

    /** Returns a whole number, also one written 1e6; null for anything else. */
    private static Long whole(Object given) {
        if (given instanceof Double number
                && Math.rint(number) == number
                && Math.abs(number) <= MAX_WHOLE) {
            return number.longValue();
        }
        return given instanceof Long number ? number : null;
    }

    private static String expected(Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant -> Values.constant((Enum<?>) constant))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        return switch (type.getSimpleName()) {
            case "String" -> "text (in quotes where it looks like something else)";
            case "boolean" -> "true or false";
            case "int", "Integer" -> "a whole number within 32 bits";
            case "long", "Long" -> "a whole number";
            case "double", "Double" -> "a number";
            default -> throw new IllegalStateException("no configuration can give a " + type);
        };
    }
}
