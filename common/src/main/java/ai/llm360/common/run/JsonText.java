package ai.llm360.common.run;

import ai.llm360.io.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;

/** Reads the JSON objects of a run. */
final class JsonText {

    private JsonText() {}

    /**
     * Parses an object.
     *
     * @throws JsonParseException if the text is anything else
     */
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
}
