package ai.llm360.common.run;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Reads and writes the JSON objects of a run. */
final class JsonText {

    private JsonText() {}

    /** Parses an object; anything else is a {@link JsonParseException}. */
    static JsonObject object(String text) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        try {
            JsonElement element = JsonParser.parseReader(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT || !element.isJsonObject()) {
                throw new JsonParseException("expected one JSON object");
            }
            return element.getAsJsonObject();
        } catch (IOException | JsonParseException e) {
            throw new JsonParseException(PlainText.jsonProblem(e), e);
        }
    }

    /** Returns an integer; Gson's own accessor would round 1.5 and wrap 2^63. */
    static long integer(JsonObject object, String name) {
        return integer(name, object.get(name));
    }

    static long integer(String name, JsonElement value) {
        try {
            return new BigDecimal(scalar(name, value)).longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw new JsonParseException(name + " is " + value + "; expected an integer", e);
        }
    }

    /** Returns a number, which may be written as {@code "NaN"} or {@code "-Infinity"}. */
    static double number(JsonObject object, String name) {
        try {
            return Double.parseDouble(scalar(object, name));
        } catch (NumberFormatException e) {
            throw new JsonParseException(
                    name + " is " + object.get(name) + "; expected a number", e);
        }
    }

    static String scalar(JsonObject object, String name) {
        return scalar(name, object.get(name));
    }

    private static String scalar(String name, JsonElement value) {
        if (value == null || !value.isJsonPrimitive()) {
            throw new JsonParseException(name + (value == null ? " is missing" : " is " + value));
        }
        return value.getAsString();
    }

    static JsonObject object(JsonObject object, String name) {
        JsonElement value = object.get(name);
        if (value == null || !value.isJsonObject()) {
            throw new JsonParseException(name + " is no JSON object");
        }
        return value.getAsJsonObject();
    }

    /**
     * Writes an object on one line. Doubles read back exactly; those that JSON has no number for
     * are texts: {@code "NaN"}, {@code "Infinity"}, {@code "-Infinity"}.
     */
    static String line(Map<String, Object> members) {
        StringWriter text = new StringWriter();
        try {
            JsonWriter json = new JsonWriter(text);
            write(json, members);
            json.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter raises none
        }
        return text.append('\n').toString();
    }

    private static void write(JsonWriter json, Object value) throws IOException {
        if (value == null) {
            json.nullValue();
        } else if (value instanceof Map<?, ?> map) {
            json.beginObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.name(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.endObject();
        } else if (value instanceof List<?> list) {
            json.beginArray();
            for (Object element : list) {
                write(json, element);
            }
            json.endArray();
        } else if (value instanceof Number number) {
            if (Double.isFinite(number.doubleValue())) {
                json.value(number);
            } else {
                json.value(number.toString());
            }
        } else if (value instanceof Boolean bool) {
            json.value(bool);
        } else if (value instanceof String text) {
            json.value(text);
        } else {
            throw new IllegalArgumentException(
                    "a log line can't hold a " + value.getClass().getName() + ": " + value);
        }
    }
}
