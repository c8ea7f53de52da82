package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The entries of a model's {@code config.json}, as Hugging Face's transformers writes it. An entry
 * that is null counts as absent; one of another kind than was expected, such as a number in quotes,
 * is refused by an {@link IllegalArgumentException} that names it.
 */
public final class HubConfig {

    /** The largest file; those with a label for each of many classes reach a megabyte. */
    private static final long MAX_BYTES = 16 << 20;

    private static final int MAX_DEPTH = 32;

    /** Of widths, positions and vocabularies. The largest of 2025 have 10,485,760 positions. */
    private static final int MAX_SIZE = 1 << 24;

    /** The deepest models have some 200. */
    private static final int MAX_LAYERS = 10_000;

    private final String path;
    private final JsonObject json;
    private final Set<String> asked = new TreeSet<>();

    private HubConfig(String path, JsonObject json) {
        this.path = path;
        this.json = json;
    }

    /** As {@link #parse} of a file's text, naming the file in errors. */
    public static <C> C read(Path file, Function<HubConfig, C> record) throws IOException {
        try {
            return parse(text(file), record);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Reads a file's text.
     *
     * @throws CheckpointException if it has more than 16 MiB, or isn't UTF-8
     */
    public static String text(Path file) throws IOException {
        long bytes = Files.size(file);
        if (bytes > MAX_BYTES) {
            throw new CheckpointException(
                    file, "has " + bytes + " bytes; a file of settings has at most " + MAX_BYTES);
        }
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file, "is not UTF-8 text", e);
        }
    }

    /**
     * Makes an architecture's configuration of the entries of a text.
     *
     * @throws IllegalArgumentException if it isn't a JSON object, or an entry isn't what it should
     *     be
     */
    public static <C> C parse(String text, Function<HubConfig, C> record) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_DEPTH);
        JsonObject entries = new JsonObject();
        try {
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw new IllegalArgumentException("is not a JSON object");
            }
            reader.beginObject();
            while (reader.hasNext()) {
                String name = reader.nextName();
                require(!entries.has(name), "%s occurs twice", PlainText.quote(name));
                entries.add(name, JsonParser.parseReader(reader));
            }
            reader.endObject();
            require(reader.peek() == JsonToken.END_DOCUMENT, "text follows the JSON object");
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new IllegalArgumentException("is not valid JSON: " + PlainText.jsonProblem(e), e);
        }
        return record.apply(new HubConfig("", entries));
    }

    /**
     * {@return the names of the entries that an architecture reads of its config.json, whether they
     * are there or not, in alphabetical order}
     */
    public static Set<String> namesRead(String text, Function<HubConfig, ?> record) {
        Set<String> names = new TreeSet<>();
        parse(
                text,
                entries -> {
                    Object made = record.apply(entries);
                    names.addAll(entries.asked);
                    return made;
                });
        return names;
    }

    /** {@return whether an entry isn't there, or is null} */
    public boolean isAbsent(String name) {
        return get(name).isEmpty();
    }

    /** {@return an entry's value of whatever kind, if it is there and isn't null} */
    public Optional<JsonElement> get(String name) {
        asked.add(name);
        JsonElement value = json.get(name);
        return value == null || value.isJsonNull() ? Optional.empty() : Optional.of(value);
    }

    private Optional<JsonElement> get(
            String name, Predicate<JsonElement> expected, String description) {
        Optional<JsonElement> value = get(name);
        if (value.isPresent() && !expected.test(value.get())) {
            throw mistyped(name, value.get(), description);
        }
        return value;
    }

    private IllegalArgumentException mistyped(String name, JsonElement value, String expected) {
        String given =
                value.isJsonArray()
                        ? "a list"
                        : value.isJsonObject() ? "an object" : PlainText.shorten(value.toString());
        return new IllegalArgumentException(
                "%s%s is %s; expected %s".formatted(path, name, given, expected));
    }

    private static boolean isA(JsonElement value, Predicate<JsonPrimitive> kind) {
        return value instanceof JsonPrimitive primitive && kind.test(primitive);
    }

    /** {@return the number of something, that must be there; it may be written 32000.0 too} */
    public int count(String name) {
        require(!isAbsent(name), "%s%s is missing", path, PlainText.quote(name));
        return count(name, 0);
    }

    /** {@return the number of something, or another where it isn't there} */
    public int count(String name, int otherwise) {
        return get(name).map(value -> whole(name, value)).orElse(otherwise);
    }

    private int whole(String name, JsonElement value) {
        double number = isA(value, JsonPrimitive::isNumber) ? value.getAsDouble() : Double.NaN;
        if (number != (int) number) {
            throw mistyped(name, value, "a whole number within 32 bits");
        }
        return (int) number;
    }

    /** {@return a number, or another where it isn't there} */
    public double number(String name, double otherwise) {
        return get(name, value -> isA(value, JsonPrimitive::isNumber), "a number")
                .map(JsonElement::getAsDouble)
                .orElse(otherwise);
    }

    /** {@return a condition, or another where it isn't there} */
    public boolean flag(String name, boolean otherwise) {
        String expected = "true or false, without quotes";
        return get(name, value -> isA(value, JsonPrimitive::isBoolean), expected)
                .map(JsonElement::getAsBoolean)
                .orElse(otherwise);
    }

    /** {@return a text} */
    public Optional<String> text(String name) {
        return get(name, value -> isA(value, JsonPrimitive::isString), "text in quotes")
                .map(JsonElement::getAsString);
    }

    /** {@return an entry that has entries of its own, such as {@code rope_parameters}} */
    public Optional<HubConfig> part(String name) {
        return get(name, JsonElement::isJsonObject, "an object")
                .map(part -> new HubConfig(path + name + ".", part.getAsJsonObject()));
    }

    /**
     * {@return a token id, if the entry is there; some files have -1 for a token that there isn't}
     */
    public Optional<Long> id(String name) {
        return get(name).map(value -> (long) whole(name, value));
    }

    /** {@return the token ids of an entry of one or a list; none if the entry isn't there} */
    public List<Long> ids(String name) {
        List<Long> ids = new ArrayList<>();
        JsonElement value = get(name).orElse(new JsonArray());
        Iterable<JsonElement> all = value.isJsonArray() ? value.getAsJsonArray() : List.of(value);
        all.forEach(id -> ids.add((long) whole(name, id)));
        return ids;
    }

    /**
     * {@return the type that the weights are published in, if an entry says it: {@code dtype} of
     * transformers 5, {@code torch_dtype} of those before}
     */
    public Optional<TensorType> dtype() {
        Optional<String> name = text("dtype").or(() -> text("torch_dtype"));
        Optional<TensorType> type =
                name.flatMap(TensorType::fromTorch).filter(TensorType::isFloatingPoint);
        require(
                name.isEmpty() || type.isPresent(),
                "unknown dtype %s",
                PlainText.quote(name.orElse("")));
        return type;
    }

    /** Refuses another architecture than the {@code model_type} given. */
    public void requireModelType(String expected) {
        String found = text("model_type").orElse("(absent)");
        require(
                found.equals(expected),
                "model_type is %s, but this architecture is '%s'",
                PlainText.quote(found),
                expected);
    }

    /**
     * Refuses a variant of the architecture that a block doesn't have. An absent entry means the
     * one that it has.
     */
    public void refuseUnless(String name, String expected) {
        refuseUnless(name, expected, text(name).orElse(expected));
    }

    /** As {@link #refuseUnless(String, String)}, of a condition. */
    public void refuseUnless(String name, boolean expected) {
        refuseUnless(name, expected, flag(name, expected));
    }

    private static void refuseUnless(String name, Object expected, Object found) {
        require(
                found.equals(expected),
                "%s is %s, but this block has only '%s'",
                name,
                PlainText.quote(found.toString()),
                expected);
    }

    /**
     * Checks a condition between entries: a rule, for {@link String#format}, with the values found.
     */
    public static void require(boolean holds, String rule, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(rule.formatted(values));
        }
    }

    /**
     * Checks a width, or a number of heads, positions or tokens: positive, and at most 16,777,216.
     */
    public static void requireSize(String name, long value) {
        require(value > 0, "%s (%s) must be positive", name, value);
        require(value <= MAX_SIZE, "%s (%s) must be at most %s", name, value, MAX_SIZE);
    }

    /** Checks a number of layers: positive, and at most 10,000. */
    public static void requireLayers(String name, int value) {
        require(value > 0, "%s (%s) must be positive", name, value);
        require(value <= MAX_LAYERS, "%s (%s) must be at most %s", name, value, MAX_LAYERS);
    }

    /** Checks a constant, which is positive, against the smallest and largest that make sense. */
    public static void requireWithin(String name, double value, double least, double most) {
        require(value > 0, "%s (%s) must be positive", name, value);
        require(
                value >= least && value <= most,
                "%s (%s) must be %s to %s",
                name,
                value,
                least,
                most);
    }
}
