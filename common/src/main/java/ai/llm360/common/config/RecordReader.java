package ai.llm360.common.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns a record into the values of a tree. */
final class RecordReader {

    private RecordReader() {}

    static Map<String, Object> read(Record config) {
        Object tree = Values.normal("", value(config));
        return Values.asMap("", tree);
    }

    private static Object value(Object value) {
        if (value instanceof Record config) {
            return parts(config);
        }
        if (value instanceof Optional<?> optional) {
            return value(optional.orElse(null));
        }
        if (value instanceof Enum<?> constant) {
            return Values.constant(constant);
        }
        if (value instanceof List<?> list) {
            return list.stream().map(RecordReader::value).toList();
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> parts = new LinkedHashMap<>();
            map.forEach((key, part) -> parts.put(key, value(part)));
            return parts;
        }
        return value;
    }

    private static Map<String, Object> parts(Record config) {
        Map<String, Object> parts = new LinkedHashMap<>();
        for (RecordComponent component : config.getClass().getRecordComponents()) {
            Object part = get(config, component);
            if (part != null && !part.equals(Optional.empty())) {
                parts.put(Values.key(component.getName()), value(part));
            }
        }
        return parts;
    }

    static Object get(Record config, RecordComponent component) {
        Method accessor = component.getAccessor();
        accessor.setAccessible(true); // the record may be of another package, and not public
        try {
            return accessor.invoke(config);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(component + " can't be read", e);
        }
    }
}
