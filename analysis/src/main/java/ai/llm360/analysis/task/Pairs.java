package ai.llm360.analysis.task;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads pairs of texts of a user's own to be scored: a JSON object a line. */
public final class Pairs {

    private Pairs() {}

    /**
     * Reads all pairs.
     *
     * @param file lines of {@code {"context": "…", "continuation": "…"}}; empty lines are skipped,
     *     and other fields ignored
     * @return a request for each, in the file's order
     * @throws DocumentException if a line is another, naming it, or there is none
     * @throws IOException if the file can't be read
     */
    public static List<Request> read(Path file) throws IOException {
        String name = file.toString();
        List<Request> pairs = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            int number = 0;
            for (String line : DocumentReader.lines(name, in)) {
                number++;
                if (!line.isBlank()) {
                    pairs.add(pair(name + ":" + number, line));
                }
            }
        }
        if (pairs.isEmpty()) {
            throw new DocumentException(name, "no pairs");
        }
        return pairs;
    }

    private static Request pair(String place, String line) throws DocumentException {
        try {
            JsonElement read = JsonParser.parseString(line);
            if (read instanceof JsonObject object
                    && isText(object.get("context"))
                    && isText(object.get("continuation"))) {
                String continuation = object.get("continuation").getAsString();
                if (!continuation.isEmpty()) {
                    return new Request.LogLikelihood(
                            object.get("context").getAsString(), continuation);
                }
            }
        } catch (JsonParseException | StackOverflowError e) {
            throw new DocumentException(place, "no JSON object", e);
        }
        throw new DocumentException(
                place,
                "expected {\"context\": \"…\", \"continuation\": \"…\"}, the continuation not"
                        + " empty");
    }

    private static boolean isText(JsonElement value) {
        return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    }
}
