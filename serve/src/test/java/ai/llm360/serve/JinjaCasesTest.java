package ai.llm360.serve;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What Jinja 3.1.6 gave, in the environment of transformers. */
class JinjaCasesTest {

    private static JsonObject resource(String name) throws IOException {
        try (Reader json =
                new InputStreamReader(
                        JinjaCasesTest.class.getResourceAsStream(name), StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(json).getAsJsonObject();
        }
    }

    private static Optional<String> text(JsonObject of, String name) {
        JsonElement text = of.get(name);
        return text == null || text.isJsonNull()
                ? Optional.empty()
                : Optional.of(text.getAsString());
    }

    /**
     * 65 templates of published models, each for a conversation with and without system or tools.
     */
    @Test
    void a_published_template_gives_the_bytes_of_jinja_or_is_refused_by_name() throws IOException {
        JinjaCases cases = new JinjaCases();
        String json = Files.readString(Fixtures.shared("fixtures/jinja/cases.json"));
        for (JsonElement element : JsonParser.parseString(json).getAsJsonArray()) {
            JsonObject one = element.getAsJsonObject();
            cases.add(
                    one.get("name").getAsString() + " " + one.get("case").getAsString(),
                    one.get("template").getAsString(),
                    JinjaCases.context(one.getAsJsonObject("context")),
                    text(one, "expected"));
        }
        assertThat(cases.wrong).isEmpty();
        assertThat(cases.right).hasSize(120);
        assertThat(cases.refused)
                .hasSize(75)
                .noneMatch(name -> name.matches("(own_|llama3|phi3|qwen2_5[._]|cohere).*"));
    }

    /** Each of Jinja's constructs in a line or two, also those that few templates have. */
    @Test
    void a_construct_gives_the_bytes_of_jinja_or_is_refused_by_name() throws IOException {
        JsonObject snippets = resource("snippets.json");
        JinjaCases cases = new JinjaCases();
        for (JsonElement element : snippets.getAsJsonArray("cases")) {
            JsonObject one = element.getAsJsonObject();
            String template = one.get("template").getAsString();
            cases.add(
                    template,
                    template,
                    JinjaCases.context(snippets.getAsJsonObject("context")),
                    text(one, "expected"));
        }
        assertThat(cases.wrong).isEmpty();
        assertThat(cases.right).hasSize(292);
    }

    @Test
    void templates_of_models_like_llama_give_the_bytes_of_jinja() throws IOException {
        JsonObject models = resource("templates.json");
        JsonObject conversations = models.getAsJsonObject("conversations");
        JinjaCases cases = new JinjaCases();
        for (JsonElement element : models.getAsJsonArray("templates")) {
            JsonObject one = element.getAsJsonObject();
            for (JsonElement rendering : one.getAsJsonArray("renderings")) {
                JsonObject asked = rendering.getAsJsonObject();
                JsonObject context = new JsonObject();
                context.add("messages", conversations.get(asked.get("conversation").getAsString()));
                context.add("add_generation_prompt", asked.get("answering"));
                context.add("tools", null);
                context.add("documents", null);
                context.addProperty("bos_token", "<s>");
                context.addProperty("eos_token", "</s>");
                cases.add(
                        one.get("name").getAsString(),
                        one.get("template").getAsString(),
                        JinjaCases.context(context),
                        text(asked, "expected"));
            }
        }
        assertThat(cases.wrong).isEmpty();
        assertThat(cases.refused).isEmpty();
    }
}
