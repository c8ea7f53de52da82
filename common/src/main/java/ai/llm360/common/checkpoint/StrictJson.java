package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads JSON that decides where bytes lie, so nothing in it may be ambiguous.
 *
 * <p>Beyond Gson's strict mode it refuses invalid UTF-8, repeated names in one object, sizes that
 * are not plain decimal integers, and text after the document. Nesting is limited to {@value
 * #MAX_DEPTH}, and nothing that the caller doesn't ask for is kept in memory.
 */
final class StrictJson {

    private static final int MAX_DEPTH = 32;

    private final Path file;
    private final String what;
    private final JsonReader reader;

    /** Creates a reader of a part of a file; errors name both. */
    StrictJson(Path file, String what, byte[] utf8) {
        this.file = file;
        this.what = what;
        var decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        reader = new JsonReader(new InputStreamReader(new ByteArrayInputStream(utf8), decoder));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_DEPTH);
    }

    /** Reads the value of one member of an object. */
    interface Member {
        void read(String name) throws IOException;
    }

    /** Reads the value of one element of an array. */
    interface Element {
        void read() throws IOException;
    }

    /** Reads the whole document, which must be one object. */
    void document(Member member) throws CheckpointException {
        try {
            object(what, member);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw problem("text follows the end of the JSON object");
            }
        } catch (CheckpointException e) {
            throw e;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new CheckpointException(
                    file,
                    "the " + what + " is not valid JSON: " + PlainText.shorten(e.getMessage()),
                    e);
        }
    }

    void object(String where, Member member) throws IOException {
        expect(JsonToken.BEGIN_OBJECT, where, "an object");
        Set<String> seen = new HashSet<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (!seen.add(name)) {
                throw problem("the name " + PlainText.quote(name) + " occurs twice in " + where);
            }
            member.read(name);
        }
        reader.endObject();
    }

    void array(String where, Element element) throws IOException {
        expect(JsonToken.BEGIN_ARRAY, where, "an array");
        reader.beginArray();
        while (reader.hasNext()) {
            element.read();
        }
        reader.endArray();
    }

    String string(String where) throws IOException {
        expect(JsonToken.STRING, where, "a string");
        return reader.nextString();
    }

    /** Reads a size: a decimal integer from 0 to 2^63 - 1, without sign, fraction or exponent. */
    long size(String where) throws IOException {
        expect(JsonToken.NUMBER, where, "an integer");
        String digits = reader.nextString();
        // JsonReader.nextLong would take "12", 1.0 and -0 too.
        if (digits.length() > 19 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw problem(
                    where
                            + " is "
                            + PlainText.quote(digits)
                            + "; expected an integer from 0 to 2^63 - 1");
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw problem(
                    where + " is " + PlainText.quote(digits) + ", which is more than 2^63 - 1");
        }
    }

    /** Reads a scalar as text, or skips an object, array or null and returns null. */
    String scalarOrSkip() throws IOException {
        switch (reader.peek()) {
            case STRING, NUMBER -> {
                return reader.nextString();
            }
            case BOOLEAN -> {
                return Boolean.toString(reader.nextBoolean());
            }
            default -> {
                reader.skipValue();
                return null;
            }
        }
    }

    void skip() throws IOException {
        reader.skipValue();
    }

    void require(boolean holds, String problem, Object... values) throws CheckpointException {
        if (!holds) {
            throw problem(problem.formatted(values));
        }
    }

    CheckpointException problem(String problem) {
        return new CheckpointException(file, "bad " + what + ": " + problem);
    }

    private void expect(JsonToken token, String where, String words) throws IOException {
        JsonToken found = reader.peek();
        require(found == token, "%s is a JSON %s; expected %s", where, found, words);
    }
}
