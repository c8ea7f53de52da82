package ai.llm360.common.chat;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;

/** Reads the fields of a record of a file; what is wrong with one is said by its name. */
final class Fields {

    private Fields() {}

    static boolean has(JsonObject record, String name) {
        return record.has(name) && !record.get(name).isJsonNull();
    }

    static String text(JsonObject record, String name) {
        JsonElement value = record.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "the field '%s' is missing; there are %s"
                            .formatted(name, PlainText.shorten(record.keySet().toString())));
        }
        return text(value, name);
    }

    private static String text(JsonElement value, String name) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw new IllegalArgumentException(
                    "the field '%s' is %s; expected a text in quotes".formatted(name, kind(value)));
        }
        return value.getAsString();
    }

    static Optional<String> optText(JsonObject record, String name) {
        return has(record, name) ? Optional.of(text(record, name)) : Optional.empty();
    }

    static boolean flag(JsonObject record, String name) {
        JsonElement value = record.get(name);
        if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
            throw new IllegalArgumentException(
                    "the field '%s' is %s; expected true or false".formatted(name, kind(value)));
        }
        return value.getAsBoolean();
    }

    /** Returns the objects of a list. */
    static List<JsonObject> objects(JsonObject record, String name) {
        JsonElement value = record.get(name);
        if (value == null || !value.isJsonArray()) {
            throw new IllegalArgumentException(
                    "the field '%s' is %s; expected a list of messages"
                            .formatted(name, kind(value)));
        }
        List<JsonElement> elements = value.getAsJsonArray().asList();
        for (int i = 0; i < elements.size(); i++) {
            if (!elements.get(i).isJsonObject()) {
                throw new IllegalArgumentException(
                        "the field '%s[%d]' is %s; expected an object"
                                .formatted(name, i, kind(elements.get(i))));
            }
        }
        return elements.stream().map(JsonElement::getAsJsonObject).toList();
    }

    private static String kind(JsonElement value) {
        if (value == null) {
            return "missing";
        }
        if (value.isJsonArray()) {
            return "a list";
        }
        return value.isJsonObject() ? "an object" : PlainText.shorten(value.toString());
    }
}
