package ai.llm360.common.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The entries of a model's {@code config.json}, as Hugging Face's transformers writes it. An entry
 * that is null counts as absent.
 */
public final class HubConfig {

    private final JsonObject json;
    private final Set<String> asked = new TreeSet<>();

    private HubConfig(JsonObject json) {
        this.json = json;
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @param record makes an architecture's configuration of the entries
     * @param <C> the configuration's type
     * @return the configuration
     * @throws IOException if the file can't be read
     * @throws IllegalArgumentException as {@link #parse} does, naming the file
     */
    public static <C> C read(Path file, Function<HubConfig, C> record) throws IOException {
        try {
            return parse(Files.readString(file), record);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Parses a file's text.
     *
     * @param text the text
     * @param record makes an architecture's configuration of the entries
     * @param <C> the configuration's type
     * @return the configuration
     * @throws IllegalArgumentException if it isn't a JSON object, or an entry isn't what it should
     *     be
     */
    public static <C> C parse(String text, Function<HubConfig, C> record) {
        try {
            JsonElement root = JsonParser.parseString(text);
            if (!root.isJsonObject()) {
                throw new IllegalArgumentException("a config.json is a JSON object");
            }
            return record.apply(new HubConfig(root.getAsJsonObject()));
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Returns the names of the entries that an architecture reads, whether they are there or not.
     *
     * @param text the text of a config.json of that architecture
     * @param record makes the architecture's configuration of the entries
     * @return the names, in alphabetical order
     * @throws IllegalArgumentException as {@link #parse} does
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

    /**
     * Returns an entry.
     *
     * @param name its name
     * @return its value, if it is there
     */
    public Optional<JsonElement> get(String name) {
        asked.add(name);
        JsonElement value = json.get(name);
        return value == null || value.isJsonNull() ? Optional.empty() : Optional.of(value);
    }

    /**
     * Returns an entry that must be there.
     *
     * @param name its name
     * @return its value
     * @throws IllegalArgumentException if it is missing
     */
    public JsonElement required(String name) {
        return get(name)
                .orElseThrow(() -> new IllegalArgumentException("'%s' is missing".formatted(name)));
    }

    /**
     * Returns a token id.
     *
     * @param name the entry's name, such as {@code bos_token_id}
     * @return the id, if the entry is there
     */
    public Optional<Long> id(String name) {
        return get(name).map(JsonElement::getAsLong);
    }

    /**
     * Returns token ids.
     *
     * @param name the name of an entry of one id or a list, such as {@code eos_token_id}
     * @return the ids; none if the entry isn't there
     */
    public List<Long> ids(String name) {
        List<Long> ids = new ArrayList<>();
        get(name)
                .ifPresent(
                        value -> {
                            if (value.isJsonArray()) {
                                value.getAsJsonArray().forEach(id -> ids.add(id.getAsLong()));
                            } else {
                                ids.add(value.getAsLong());
                            }
                        });
        return ids;
    }

    /**
     * Returns the type that the weights are published in: {@code dtype} of transformers 5, {@code
     * torch_dtype} of those before.
     *
     * @return the type, if an entry says it
     * @throws IllegalArgumentException if it is none
     */
    public Optional<TensorType> dtype() {
        return get("dtype")
                .or(() -> get("torch_dtype"))
                .map(JsonElement::getAsString)
                .map(
                        name ->
                                TensorType.fromTorch(name)
                                        .filter(TensorType::isFloatingPoint)
                                        .orElseThrow(
                                                () ->
                                                        new IllegalArgumentException(
                                                                "unknown dtype '%s'"
                                                                        .formatted(name))));
    }

    /**
     * Refuses another architecture.
     *
     * @param expected the {@code model_type}
     * @throws IllegalArgumentException if it is another, or none
     */
    public void requireModelType(String expected) {
        String found = get("model_type").map(JsonElement::getAsString).orElse("(absent)");
        if (!found.equals(expected)) {
            throw new IllegalArgumentException(
                    "model_type is '%s', but this architecture is '%s'".formatted(found, expected));
        }
    }

    /**
     * Refuses a variant of the architecture that a block doesn't have. An absent entry means the
     * one that it has.
     *
     * @param name the entry's name
     * @param expected the value that the block has
     * @throws IllegalArgumentException if there is another
     */
    public void refuseUnless(String name, String expected) {
        get(name)
                .map(JsonElement::getAsString)
                .filter(value -> !value.equals(expected))
                .ifPresent(
                        value -> {
                            throw new IllegalArgumentException(
                                    "%s is '%s', but this block has only '%s'"
                                            .formatted(name, value, expected));
                        });
    }

    /**
     * Checks a condition between entries.
     *
     * @param holds whether it holds
     * @param rule what must hold, with the values found, for {@link String#format}
     * @param values the values
     * @throws IllegalArgumentException if it doesn't
     */
    public static void require(boolean holds, String rule, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(rule.formatted(values));
        }
    }

    /**
     * Checks that a size is positive.
     *
     * @param name the entry's name
     * @param value its value
     * @throws IllegalArgumentException if it isn't
     */
    public static void requirePositive(String name, Number value) {
        double number = value.doubleValue();
        require(number > 0 && Double.isFinite(number), "%s (%s) must be positive", name, value);
    }
}
