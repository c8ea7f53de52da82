package ai.llm360.serve;

import ai.llm360.common.checkpoint.HubConfig;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The special tokens that a template may name, as the small files beside a tokenizer say them.
 *
 * @param names the special tokens by the names that templates know, such as {@code bos_token}
 * @param all all special tokens, as they are spelled
 * @param legacy whether each text behind a special token begins with SentencePiece's space
 * @param templates the templates of {@code tokenizer_config.json}; one without a name is {@code
 *     default}
 */
record TokenizerMarks(
        Map<String, Object> names, Set<String> all, boolean legacy, Map<String, String> templates) {

    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template";
    private static final String MORE = "additional_special_tokens";

    /**
     * Reads them.
     *
     * @throws IOException if a file can't be read
     * @throws IllegalArgumentException if one isn't what it should be, naming it
     */
    static TokenizerMarks in(Path directory) throws IOException {
        TokenizerMarks marks =
                new TokenizerMarks(
                        new LinkedHashMap<>(), new LinkedHashSet<>(), true, new LinkedHashMap<>());
        boolean legacy = true;
        for (String name : List.of("special_tokens_map.json", CONFIG)) {
            Path file = directory.resolve(name);
            if (Files.isRegularFile(file)) {
                legacy = HubConfig.read(file, entries -> marks.read(entries));
            }
        }
        return new TokenizerMarks(marks.names, marks.all, legacy, marks.templates);
    }

    /** Takes over a file's entries, and returns whether it says {@code legacy}. */
    private boolean read(HubConfig entries) {
        for (String role : List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask")) {
            String name = role + "_token";
            entries.get(name).flatMap(TokenizerMarks::spelling).ifPresent(t -> add(name, t));
        }
        List<Object> more = new ArrayList<>();
        entries.get(MORE)
                .filter(JsonElement::isJsonArray)
                .ifPresent(
                        list ->
                                list.getAsJsonArray()
                                        .forEach(t -> spelling(t).ifPresent(more::add)));
        if (!more.isEmpty()) {
            names.put(MORE, more);
            more.forEach(token -> all.add((String) token));
        }
        entries.get("added_tokens_decoder")
                .filter(JsonElement::isJsonObject)
                .ifPresent(map -> map.getAsJsonObject().asMap().values().forEach(this::addSpecial));
        entries.get(TEMPLATE).ifPresent(this::addTemplates);
        return entries.flag("legacy", true);
    }

    private void add(String name, String token) {
        names.put(name, token);
        all.add(token);
    }

    private void addSpecial(JsonElement token) {
        if (token instanceof JsonObject object
                && new JsonPrimitive(true).equals(object.get("special"))) {
            spelling(token).ifPresent(all::add);
        }
    }

    /** A token is a text, or an object that has it as its content. */
    private static Optional<String> spelling(JsonElement token) {
        JsonElement text = token instanceof JsonObject object ? object.get("content") : token;
        return text != null && text.isJsonPrimitive() && !text.getAsString().isEmpty()
                ? Optional.of(text.getAsString())
                : Optional.empty();
    }

    private void addTemplates(JsonElement value) {
        if (value.isJsonPrimitive()) {
            templates.put(JinjaTemplate.DEFAULT, value.getAsString());
            return;
        }
        List<JsonElement> list = value.isJsonArray() ? value.getAsJsonArray().asList() : List.of();
        for (JsonElement item : list) {
            if (item instanceof JsonObject named
                    && named.get("name") instanceof JsonPrimitive name
                    && named.get("template") instanceof JsonPrimitive template) {
                templates.put(name.getAsString(), template.getAsString());
            }
        }
        if (list.isEmpty() || templates.size() < list.size()) {
            throw new IllegalArgumentException(
                    TEMPLATE + " is neither a text nor a list of {name, template}");
        }
    }
}
