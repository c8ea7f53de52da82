package ai.llm360.common.data;

import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of Amber's {@code train_NNN.jsonl}.
 *
 * @param ids its {@code token_ids}
 * @param source its {@code source}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record AmberRow(int[] ids, Optional<String> source) {

    private static final Pattern COLUMN = Pattern.compile("column (\\d+)");

    /** Parses a line; anything else is an {@link IllegalArgumentException} that says why. */
    static AmberRow parse(String line) {
        int[] ids = null;
        Optional<String> source = Optional.empty();
        try (JsonReader reader = new JsonReader(new StringReader(line))) {
            reader.setStrictness(Strictness.STRICT);
            reader.beginObject();
            while (reader.hasNext()) {
                switch (reader.nextName()) {
                    case "token_ids" -> ids = ids(reader);
                    case "source" -> source = source(reader);
                    default -> reader.skipValue();
                }
            }
            reader.endObject();
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("not JSON: text after the object");
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("an id that is no whole number", e);
        } catch (MalformedJsonException | EOFException e) {
            throw new IllegalArgumentException("not JSON" + place(e.getMessage()), e);
        } catch (IllegalStateException e) {
            throw new IllegalArgumentException(
                    "not an object of token_ids and source" + place(e.getMessage()), e);
        } catch (IOException | JsonParseException e) {
            throw new IllegalArgumentException("not JSON" + place(e.getMessage()), e);
        }
        if (ids == null) {
            throw new IllegalArgumentException("no token_ids");
        }
        return new AmberRow(ids, source);
    }

    /** Gson's messages speak to programmers, but tell the place. */
    private static String place(String message) {
        Matcher column = COLUMN.matcher(message == null ? "" : message);
        return column.find() ? " from character " + column.group(1) + " on" : "";
    }

    private static Optional<String> source(JsonReader reader) throws IOException {
        if (reader.peek() == JsonToken.NULL) {
            reader.nextNull();
            return Optional.empty();
        }
        return Optional.of(reader.nextString());
    }

    private static int[] ids(JsonReader reader) throws IOException {
        int[] ids = new int[2049];
        int size = 0;
        reader.beginArray();
        while (reader.hasNext()) {
            if (size == ids.length) {
                ids = Arrays.copyOf(ids, 2 * size);
            }
            ids[size++] = reader.nextInt();
        }
        reader.endArray();
        return Arrays.copyOf(ids, size);
    }

    /** Writes a line as Python's {@code json.dumps} does, without its end. */
    static String toJson(long[] ids, String source) {
        StringBuilder line = new StringBuilder(ids.length * 7 + 64).append("{\"token_ids\": [");
        for (int i = 0; i < ids.length; i++) {
            line.append(i == 0 ? "" : ", ").append(ids[i]);
        }
        return line.append("], \"source\": ")
                .append(new JsonPrimitive(source))
                .append('}')
                .toString();
    }
}
