package ai.llm360.common.run;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * One JSON object on one line. Doubles are printed so that they read back exactly; those that are
 * no JSON number as text: {@code "NaN"}, {@code "Infinity"}, {@code "-Infinity"}.
 */
final class JsonLine {

    private JsonLine() {}

    static String of(Map<String, Object> members) {
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
