package ai.llm360.common.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * One object of a tokenizer.json. Its fields are read by name and type, and {@link #end} refuses
 * one that nobody has read: it might change the ids.
 */
final class JsonPart {

    private final String where;
    private final JsonObject object;
    private final Set<String> read = new HashSet<>(Set.of("type"));

    JsonPart(String where, JsonElement element) {
        this.where = where;
        if (!element.isJsonObject()) {
            throw new IllegalArgumentException(where + " is no object");
        }
        object = element.getAsJsonObject();
    }

    /** Returns whether a value is absent: JSON files spell that in two ways. */
    static boolean isNull(JsonElement element) {
        return element == null || element.isJsonNull();
    }

    String type() {
        return text("type");
    }

    private Optional<JsonElement> primitive(String name, String expected) {
        read.add(name);
        JsonElement element = object.get(name);
        if (isNull(element)) {
            return Optional.empty();
        }
        if (!element.isJsonPrimitive()) {
            throw wrong(name, expected);
        }
        return Optional.of(element);
    }

    Optional<String> optText(String name) {
        Optional<JsonElement> element = primitive(name, "a string");
        if (element.isPresent() && !element.get().getAsJsonPrimitive().isString()) {
            throw wrong(name, "a string");
        }
        return element.map(JsonElement::getAsString).map(text -> wellFormed(where, text));
    }

    String text(String name) {
        return optText(name).orElseThrow(() -> wrong(name, "a string"));
    }

    /** Checks that a text from a file is Unicode: JSON can spell half a surrogate pair. */
    static String wellFormed(String where, String text) {
        if (!Surrogates.replaceUnpaired(text).equals(text)) {
            throw new IllegalArgumentException(where + " holds half a surrogate pair");
        }
        return text;
    }

    boolean flag(String name, boolean otherwise) {
        Optional<JsonElement> element = primitive(name, "true or false");
        if (element.isPresent() && !element.get().getAsJsonPrimitive().isBoolean()) {
            throw wrong(name, "true or false");
        }
        return element.map(JsonElement::getAsBoolean).orElse(otherwise);
    }

    /** Returns a number from 0 to 2^31 - 1. */
    int number(String name) {
        String text = primitive(name, "a number").map(JsonElement::toString).orElse("");
        if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) > Integer.MAX_VALUE) {
            throw wrong(name, "a number from 0 to " + Integer.MAX_VALUE);
        }
        return Integer.parseInt(text);
    }

    /** Returns the element of a name, which the caller checks; absent is null. */
    JsonElement element(String name) {
        read.add(name);
        return object.get(name);
    }

    List<JsonElement> list(String name) {
        JsonElement element = element(name);
        if (isNull(element) || !element.isJsonArray()) {
            throw wrong(name, "a list");
        }
        return element.getAsJsonArray().asList();
    }

    List<JsonPart> parts(String name) {
        List<JsonPart> parts = new ArrayList<>();
        for (JsonElement element : list(name)) {
            parts.add(new JsonPart(where + "." + name + "[" + parts.size() + "]", element));
        }
        return parts;
    }

    /** Requires a field to have one value; another would need code that isn't here. */
    void only(String name, String expected) {
        read.add(name);
        JsonElement actual = object.get(name);
        if (actual == null || !actual.isJsonPrimitive() || !actual.getAsString().equals(expected)) {
            throw unsupported(name + " = " + shown(actual), name + " = '" + expected + "'");
        }
    }

    /** Refuses a field that nobody has read. */
    void end() {
        for (String name : object.keySet()) {
            if (!read.contains(name)) {
                throw unsupported("the field '" + name + "'", String.join(", ", read));
            }
        }
    }

    UnsupportedOperationException unsupported(String given, String supported) {
        return unsupported(where, given, supported);
    }

    static UnsupportedOperationException unsupported(String where, String given, String supported) {
        return new UnsupportedOperationException(
                "%s: %s is not supported (supported: %s)".formatted(where, given, supported));
    }

    private IllegalArgumentException wrong(String name, String expected) {
        return new IllegalArgumentException(
                String.format(
                        Locale.ROOT,
                        "%s.%s is %s; expected %s",
                        where,
                        name,
                        shown(object.get(name)),
                        expected));
    }

    private static String shown(JsonElement element) {
        String text = element == null ? "absent" : element.toString();
        return text.length() <= 80 ? text : text.substring(0, 80) + "\u2026";
    }

    JsonObject object() {
        return object;
    }
}
