package ai.llm360.common.data;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipException;

/**
 * Reads the JSON objects of a file one by one: a line each, or the elements of one list; plain or
 * gzip.
 */
final class JsonRecords {

    private static final int MAX_DEPTH = 32;
    private static final String FORM =
            "not JSON (%s); a file has one object a line, or is one list of objects";

    private JsonRecords() {}

    /** Takes records. */
    interface Sink {

        /**
         * Takes a record.
         *
         * @param at the file with the record's line, or its number in the list, for errors
         * @param number the same, from 1
         */
        void accept(Path at, long number, JsonObject record) throws IOException;
    }

    static void read(Path file, Sink sink) throws IOException {
        try {
            if (isList(file)) {
                readList(file, sink);
            } else {
                readLines(file, sink);
            }
        } catch (ZipException | EOFException e) {
            throw new DataException(
                    file, "damaged or cut off (%s); copy it again".formatted(e.getMessage()), e);
        } catch (CharacterCodingException e) {
            throw new DataException(file, "not UTF-8 text; convert it", e);
        }
    }

    private static boolean isList(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(DocumentReader.open(file))) {
            int first = in.read();
            while (first == ' '
                    || first == '\t'
                    || first == '\r'
                    || first == '\n'
                    || first >= 0x80) {
                first = in.read(); // 0x80 and above: a byte order mark
            }
            return first == '[';
        }
    }

    private static void readLines(Path file, Sink sink) throws IOException {
        try (TextLines lines = new TextLines(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (line.isBlank()) {
                    continue;
                }
                Path at = at(file, lines.number());
                try {
                    JsonReader reader = reader(new StringReader(line));
                    JsonObject record = object(at, JsonParser.parseReader(reader));
                    if (reader.peek() != JsonToken.END_DOCUMENT) {
                        throw new DataException(at, "text follows the object");
                    }
                    sink.accept(at, lines.number(), record);
                } catch (JsonParseException | MalformedJsonException e) {
                    throw new DataException(at, FORM.formatted(PlainText.jsonProblem(e)), e);
                }
            }
        }
    }

    private static void readList(Path file, Sink sink) throws IOException {
        long number = 0;
        try (BoundedReader bounded =
                        new BoundedReader(
                                file,
                                new InputStreamReader(
                                        DocumentReader.open(file),
                                        StandardCharsets.UTF_8.newDecoder()),
                                "a record of more than %d characters; divide it");
                JsonReader reader = reader(bounded)) {
            reader.beginArray();
            while (reader.hasNext()) {
                number++;
                JsonObject record = object(at(file, number), JsonParser.parseReader(reader));
                sink.accept(at(file, number), number, record);
                bounded.next();
            }
            reader.endArray();
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new DataException(file, "text follows the list");
            }
        } catch (JsonParseException | MalformedJsonException e) {
            if (e.getCause() instanceof EOFException) {
                throw new DataException(
                        file, "cut off after record %d; copy it again".formatted(number - 1), e);
            }
            if (e.getCause() instanceof IOException failure
                    && !(failure instanceof MalformedJsonException)) {
                throw failure; // of reading
            }
            throw new DataException(
                    at(file, Math.max(1, number)), FORM.formatted(PlainText.jsonProblem(e)), e);
        }
    }

    private static JsonReader reader(Reader text) {
        JsonReader reader = new JsonReader(text);
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_DEPTH);
        return reader;
    }

    private static JsonObject object(Path at, JsonElement element) throws DataException {
        if (!element.isJsonObject()) {
            throw new DataException(at, "not an object; " + FORM.substring(FORM.indexOf("a file")));
        }
        return element.getAsJsonObject();
    }

    private static Path at(Path file, long number) {
        return file.resolveSibling(file.getFileName() + ":" + number);
    }
}
