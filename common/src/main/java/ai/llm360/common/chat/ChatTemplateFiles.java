package ai.llm360.common.chat;

import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Writes a template beside a tokenizer, so that every tool finds what a model was trained on: the
 * file {@code chat_template.jinja}, which transformers reads since version 4.44, and the entries
 * {@code chat_template} and {@code legacy} of {@code tokenizer_config.json}.
 */
public final class ChatTemplateFiles {

    private static final String CONFIG = "tokenizer_config.json";

    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

    private ChatTemplateFiles() {}

    /**
     * Writes a template's files, if it has a form in Jinja.
     *
     * @param template the template
     * @param directory a tokenizer's directory; other entries of its configuration stay
     * @throws IllegalArgumentException if its {@code tokenizer_config.json} isn't a JSON object
     * @throws IOException if reading or writing fails
     */
    public static void write(ChatTemplate template, Path directory) throws IOException {
        Optional<String> jinja = template.jinja();
        if (jinja.isEmpty()) {
            return;
        }
        Path file = directory.resolve(CONFIG);
        JsonObject config = Files.exists(file) ? read(file) : new JsonObject();
        config.addProperty("legacy", template.isLegacy());
        config.addProperty("chat_template", jinja.get());
        WholeFile.replace(file, (GSON.toJson(config) + "\n").getBytes(StandardCharsets.UTF_8));
        WholeFile.replace(
                directory.resolve("chat_template.jinja"),
                jinja.get().getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject read(Path file) throws IOException {
        try {
            return JsonParser.parseString(HubConfig.text(file)).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            throw new IllegalArgumentException("%s: is not a JSON object".formatted(file), e);
        }
    }
}
