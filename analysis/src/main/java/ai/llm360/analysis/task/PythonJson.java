package ai.llm360.analysis.task;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Iterator;
import java.util.TreeSet;

/** Writes JSON byte for byte as Python's {@code json.dumps} does, since hashes are taken of it. */
public final class PythonJson {

    private PythonJson() {}

    /**
     * Writes in one line with everything beyond ASCII escaped and keys sorted: {@code
     * json.dumps(value, sort_keys=True)}.
     */
    public static String sorted(JsonElement value) {
        StringBuilder out = new StringBuilder();
        write(out, value, true, "");
        return out.toString();
    }

    /**
     * Writes over several lines, with keys as they come: {@code json.dumps(value, indent=2,
     * ensure_ascii=False)}.
     */
    public static String indented(JsonElement value) {
        StringBuilder out = new StringBuilder();
        write(out, value, false, "\n");
        return out.toString();
    }

    /** Writes a text in quotes, with everything beyond ASCII escaped. */
    static void quote(StringBuilder out, String text) {
        quote(out, text, true);
    }

    /** {@code lineEnd} is empty for one line, else the end of line with the indent so far. */
    private static void write(StringBuilder out, JsonElement value, boolean ascii, String lineEnd) {
        if (value.isJsonNull()) {
            out.append("null");
        } else if (value instanceof JsonPrimitive scalar) {
            if (scalar.isString()) {
                quote(out, scalar.getAsString(), ascii);
            } else {
                out.append(scalar.getAsString());
            }
        } else if (value instanceof JsonArray array) {
            String inner = inner(lineEnd);
            out.append('[');
            for (int i = 0; i < array.size(); i++) {
                between(out, i, inner);
                write(out, array.get(i), ascii, inner);
            }
            out.append(array.isEmpty() ? "" : lineEnd).append(']');
        } else {
            JsonObject object = value.getAsJsonObject();
            String inner = inner(lineEnd);
            Iterator<String> keys =
                    (ascii ? new TreeSet<>(object.keySet()) : object.keySet()).iterator();
            out.append('{');
            for (int i = 0; keys.hasNext(); i++) {
                String key = keys.next();
                between(out, i, inner);
                quote(out, key, ascii);
                out.append(": ");
                write(out, object.get(key), ascii, inner);
            }
            out.append(object.isEmpty() ? "" : lineEnd).append('}');
        }
    }

    private static String inner(String lineEnd) {
        return lineEnd.isEmpty() ? "" : lineEnd + "  ";
    }

    private static void between(StringBuilder out, int index, String lineEnd) {
        out.append(index == 0 ? "" : lineEnd.isEmpty() ? ", " : ",").append(lineEnd);
    }

    private static void quote(StringBuilder out, String text, boolean ascii) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || (ascii && c > '~')) {
                        escape(out, c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void escape(StringBuilder out, char c) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
    }
}
