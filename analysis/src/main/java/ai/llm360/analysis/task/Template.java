package ai.llm360.analysis.task;

import ai.llm360.common.config.ConfigException;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Text with places for a document's fields: {@code Question: {question}}.
 *
 * <p>A place is a path of keys and list indices, in braces, perhaps with functions behind it:
 * {@code {question.choices.0.text|strip}}. In a path {@code *} stands for each element of a list or
 * value of an object, {@code #} for each key of an object, and a {@code ?} at its end lets it be
 * absent. Functions are those of {@link TextFunctions}, with arguments in quotes: {@code
 * {sentence|before("_")}}. A brace itself is written twice.
 */
final class Template {

    /** A place, or literal text if it has no path. */
    private record Part(String literal, List<String> path, boolean optional, List<Call> calls) {}

    private record Call(TextFunctions.Function function, List<String> arguments) {}

    private final String source;
    private final List<Part> parts = new ArrayList<>();

    private Template(String source) {
        this.source = source;
    }

    /**
     * Parses a template.
     *
     * @throws ConfigException if a brace isn't closed, or a function is unknown
     */
    static Template parse(String source) {
        Template template = new Template(source);
        new Parser(source, template.parts).parse();
        return template;
    }

    /**
     * {@return the text for a document}
     *
     * @throws IllegalArgumentException if the document hasn't a field, or a place is no scalar
     */
    String text(JsonObject document) {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            if (part.path == null) {
                text.append(part.literal);
                continue;
            }
            List<JsonElement> values = values(part, document);
            if (values.size() > 1) {
                throw new IllegalArgumentException(
                        "%s has several values where one is expected".formatted(name(part)));
            }
            values.forEach(value -> text.append(scalar(part, value)));
        }
        return text.toString();
    }

    /**
     * {@return the text for a document; of a template that is one place, whose value is a list, one
     * text for each element, and none where an optional place is absent}
     */
    List<String> texts(JsonObject document) {
        if (!isPlace()) {
            return List.of(text(document));
        }
        Part part = parts.get(0);
        return values(part, document).stream().map(value -> scalar(part, value)).toList();
    }

    /**
     * {@return the value for a document: of a template that is one place, what stands there, or
     * null if that is optional and absent}
     */
    JsonElement value(JsonObject document) {
        if (!isPlace()) {
            return new JsonPrimitive(text(document));
        }
        Part part = parts.get(0);
        List<JsonElement> found = resolve(part, document);
        boolean many = part.path.contains("*") || part.path.contains("#");
        if (part.calls.isEmpty() && !many && found.size() == 1) {
            return found.get(0);
        }
        if (found.isEmpty() && part.optional) {
            return null;
        }
        List<JsonElement> values = values(part, document);
        if (!many && values.size() == 1) {
            return values.get(0);
        }
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }

    private boolean isPlace() {
        return parts.size() == 1 && parts.get(0).path != null;
    }

    private List<JsonElement> values(Part part, JsonObject document) {
        List<JsonElement> values =
                resolve(part, document).stream()
                        .flatMap(
                                found ->
                                        found.isJsonArray()
                                                ? found.getAsJsonArray().asList().stream()
                                                : Stream.of(found))
                        .toList();
        for (Call call : part.calls) {
            values =
                    values.stream()
                            .flatMap(
                                    value ->
                                            call
                                                    .function
                                                    .apply(scalar(part, value), call.arguments)
                                                    .stream())
                            .<JsonElement>map(JsonPrimitive::new)
                            .toList();
        }
        return values;
    }

    private List<JsonElement> resolve(Part part, JsonObject document) {
        List<JsonElement> found = List.of(document);
        for (String step : part.path) {
            List<JsonElement> next = new ArrayList<>();
            for (JsonElement element : found) {
                if (!step(element, step, next) && !part.optional) {
                    throw new IllegalArgumentException(
                            "the document has no %s; it has %s"
                                    .formatted(
                                            name(part),
                                            PlainText.shorten(
                                                    String.join(", ", document.keySet()))));
                }
            }
            found = next;
        }
        return found;
    }

    private static boolean step(JsonElement element, String step, List<JsonElement> next) {
        if (element instanceof JsonObject object) {
            switch (step) {
                case "*" -> next.addAll(object.asMap().values());
                case "#" -> object.keySet().forEach(key -> next.add(new JsonPrimitive(key)));
                default -> {
                    JsonElement value = object.get(step);
                    if (value == null || value.isJsonNull()) {
                        return false;
                    }
                    next.add(value);
                }
            }
            return true;
        }
        if (element instanceof JsonArray array) {
            if (step.equals("*")) {
                next.addAll(array.asList());
                return true;
            }
            if (step.matches("\\d{1,6}") && Integer.parseInt(step) < array.size()) {
                next.add(array.get(Integer.parseInt(step)));
                return true;
            }
        }
        return false;
    }

    /** Words a scalar as Python's str does. */
    private static String scalar(Part part, JsonElement value) {
        if (!(value instanceof JsonPrimitive scalar)) {
            throw new IllegalArgumentException(
                    "%s is no text, number or true and false".formatted(name(part)));
        }
        return scalar.isBoolean() ? scalar.getAsBoolean() ? "True" : "False" : scalar.getAsString();
    }

    private static String name(Part part) {
        return "'" + String.join(".", part.path) + "'";
    }

    /** Returns the template as it was written. */
    @Override
    public String toString() {
        return source;
    }

    /** Reads a template from left to right. */
    private static final class Parser {

        private final String source;
        private final List<Part> parts;
        private final StringBuilder literal = new StringBuilder();
        private int at;

        Parser(String source, List<Part> parts) {
            this.source = source;
            this.parts = parts;
        }

        void parse() {
            while (at < source.length()) {
                char c = source.charAt(at);
                boolean twice = at + 1 < source.length() && source.charAt(at + 1) == c;
                if ((c == '{' || c == '}') && twice) {
                    literal.append(c);
                    at += 2;
                } else if (c == '{') {
                    at++;
                    endLiteral();
                    parts.add(place());
                } else if (c == '}') {
                    throw problem("has a '}' without its '{'; write '}}' for a brace");
                } else {
                    literal.append(c);
                    at++;
                }
            }
            if (literal.length() > 0 || parts.isEmpty()) {
                endLiteral();
            }
        }

        private void endLiteral() {
            if (literal.length() > 0 || at == source.length()) {
                parts.add(new Part(literal.toString(), null, false, List.of()));
                literal.setLength(0);
            }
        }

        private Part place() {
            String path = until("|}");
            boolean optional = path.endsWith("?");
            path = optional ? path.substring(0, path.length() - 1) : path;
            List<Call> calls = new ArrayList<>();
            while (source.charAt(at) == '|') {
                at++;
                calls.add(call());
            }
            at++;
            if (path.isBlank()) {
                throw problem("has a place without a field's name");
            }
            return new Part(null, List.of(path.split("\\.", -1)), optional, List.copyOf(calls));
        }

        private Call call() {
            String name = until("(|}");
            List<String> arguments = new ArrayList<>();
            if (source.charAt(at) == '(') {
                do {
                    at++;
                    arguments.add(quoted());
                } while (peek() == ',');
                if (peek() != ')') {
                    throw problem("has an argument without a ')' behind it");
                }
                at++;
                until("|}");
            }
            return new Call(TextFunctions.named(name, arguments.size()), List.copyOf(arguments));
        }

        private String quoted() {
            while (peek() == ' ') {
                at++;
            }
            if (peek() != '"') {
                throw problem("has an argument that isn't in quotes");
            }
            StringBuilder argument = new StringBuilder();
            for (at++; peek() != '"'; at++) {
                char c = source.charAt(at);
                if (c == '\\') {
                    at++;
                    c = peek() == 'n' ? '\n' : peek();
                }
                argument.append(c);
            }
            at++;
            return argument.toString();
        }

        private String until(String ends) {
            int start = at;
            while (ends.indexOf(peek()) < 0) {
                at++;
            }
            return source.substring(start, at).strip();
        }

        private char peek() {
            if (at >= source.length()) {
                throw problem("has a '{' without its '}'; write '{{' for a brace");
            }
            return source.charAt(at);
        }

        private ConfigException problem(String what) {
            return new ConfigException(
                    "the template %s %s".formatted(PlainText.quote(source), what));
        }
    }
}
