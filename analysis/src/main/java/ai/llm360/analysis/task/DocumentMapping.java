package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Form;
import ai.llm360.analysis.task.TaskPage.Selection;
import ai.llm360.common.config.ConfigException;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the fields that lm-evaluation-harness knows of those that a file has. */
final class DocumentMapping {

    private final Map<String, Object> fields;

    DocumentMapping(Form form) {
        fields = form.document().map(DocumentMapping::templates).orElse(null);
    }

    /** A map of templates, lists of them, and maps. */
    private static Map<String, Object> templates(Map<?, ?> given) {
        Map<String, Object> made = new LinkedHashMap<>();
        given.forEach((key, value) -> made.put((String) key, template((String) key, value)));
        return made;
    }

    private static Object template(String key, Object value) {
        if (value instanceof Map<?, ?> map) {
            return templates(map);
        }
        if (value instanceof List<?> list) {
            List<Object> made = new ArrayList<>();
            for (Object part : list) {
                made.add(template(key, part));
            }
            return made;
        }
        if (value instanceof String text) {
            return Template.parse(text);
        }
        throw new ConfigException(
                "document.%s is %s; expected a template, a list or a map".formatted(key, value));
    }

    JsonObject map(JsonObject raw) {
        return fields == null ? raw : object(fields, raw);
    }

    private static JsonObject object(Map<?, ?> fields, JsonObject raw) {
        JsonObject made = new JsonObject();
        fields.forEach(
                (key, value) -> {
                    JsonElement found = element(value, raw);
                    if (found != null) {
                        made.add((String) key, found);
                    }
                });
        return made;
    }

    /** Returns null for an optional place that is absent. */
    private static JsonElement element(Object value, JsonObject raw) {
        if (value instanceof Map<?, ?> map) {
            return object(map, raw);
        }
        if (value instanceof List<?> list) {
            JsonArray made = new JsonArray();
            for (Object part : list) {
                JsonElement one = element(part, raw);
                if (one instanceof JsonArray several && part instanceof Template) {
                    made.addAll(several);
                } else if (one != null) {
                    made.add(one);
                }
            }
            return made;
        }
        return ((Template) value).value(raw);
    }

    /** Returns a line as a number if it is a whole one, else as text. */
    static JsonPrimitive scalar(String text) {
        return text.matches("0|-?[1-9]\\d{0,8}")
                ? new JsonPrimitive(Integer.valueOf(text))
                : new JsonPrimitive(text);
    }

    static boolean selects(Selection selection, JsonObject document) {
        if (selection == null) {
            return true;
        }
        String value = Template.parse("{" + selection.field() + "}").text(document);
        if (selection.starts().isPresent() && !value.startsWith(selection.starts().get())) {
            return false;
        }
        if (selection.from().isEmpty() && selection.to().isEmpty()) {
            return true;
        }
        double number = new BigDecimal(value).doubleValue();
        return selection.from().map(from -> number >= from).orElse(true)
                && selection.to().map(to -> number <= to).orElse(true);
    }
}
