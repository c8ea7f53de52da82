package ai.llm360.serve;

import ai.llm360.serve.JinjaValues.Failure;
import ai.llm360.serve.JinjaValues.Special;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Renders templates, and sorts what they give by what Jinja gave. */
final class JinjaCases {

    final List<String> right = new ArrayList<>();
    final List<String> refused = new ArrayList<>();
    final List<String> wrong = new ArrayList<>();
    private final Map<String, JinjaEngine> engines = new HashMap<>();

    /**
     * Renders one.
     *
     * @param expected what Jinja gave; empty if it failed
     */
    void add(String name, String template, Map<String, Object> context, Optional<String> expected) {
        try {
            JinjaEngine engine =
                    engines.computeIfAbsent(template, t -> new JinjaEngine(t, format -> "X"));
            String made = engine.render(context);
            (expected.equals(Optional.of(made)) ? right : wrong).add(name + ": " + made);
        } catch (Failure e) {
            List<String> kind = e.refusal() ? refused : expected.isEmpty() ? right : wrong;
            kind.add(name + ": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            refused.add(name + ": " + e.getMessage());
        }
    }

    @SuppressWarnings("unchecked") // an object is a map by name
    static Map<String, Object> context(JsonObject json) {
        return (Map<String, Object>) value(json);
    }

    private static Object value(JsonElement json) {
        if (json.isJsonNull()) {
            return Special.NONE;
        }
        if (json.isJsonArray()) {
            List<Object> list = new ArrayList<>();
            json.getAsJsonArray().forEach(item -> list.add(value(item)));
            return list;
        }
        if (json.isJsonObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            json.getAsJsonObject()
                    .entrySet()
                    .forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
            return map;
        }
        JsonPrimitive plain = json.getAsJsonPrimitive();
        if (plain.isBoolean()) {
            return plain.getAsBoolean();
        }
        return plain.isNumber() ? (Object) plain.getAsLong() : plain.getAsString();
    }
}
