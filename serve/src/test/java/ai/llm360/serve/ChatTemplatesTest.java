package ai.llm360.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.ChatTemplateFiles;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplatesTest {

    private static final String VICUNA =
            """
            {%- set sys = "A chat between a curious user and an artificial intelligence assistant. \
            The assistant gives helpful, detailed, and polite answers to the user's questions." -%}
            {{- bos_token + sys -}}
            {%- for m in messages -%}
                {%- if m['role'] == 'user' -%}
                    {{- (' ' if loop.first else '') + 'USER: ' + m['content'] -}}
                {%- else -%}
                    {{- ' ASSISTANT: ' + m['content'] + eos_token -}}
                {%- endif -%}
            {%- endfor -%}
            {{- ' ASSISTANT:' if add_generation_prompt -}}
            """;

    private static final List<Message> TALK =
            List.of(
                    new Message(Role.USER, "What is an oak?"),
                    new Message(Role.ASSISTANT, "A tree."),
                    new Message(Role.USER, "Why?"));

    /** The tokenizer of amber-nano puts its space behind each special token. */
    private static final ChatTemplate LEGACY = ChatTemplate.named("vicuna_legacy");

    @TempDir Path directory;

    private CheckpointEntry model() throws Exception {
        return Zoo.ofEnvironment().resolve(directory.toString());
    }

    /** A model's directory, as far as a template is concerned. */
    private void write(String template) throws Exception {
        Path nano = Zoo.ofEnvironment().checkpoint("amber-nano@latest").path();
        Tokenizer.copy(nano, directory);
        Files.copy(nano.resolve("config.json"), directory.resolve("config.json"));
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"add_bos_token\": true}");
        if (template != null) {
            Files.writeString(directory.resolve("chat_template.jinja"), template);
        }
    }

    @Test
    void a_name_comes_before_the_models_own_template() throws Exception {
        write(VICUNA);
        assertThat(ChatTemplates.of(model(), Optional.empty())).isInstanceOf(JinjaTemplate.class);
        assertThat(ChatTemplates.of(model(), Optional.of("one-shot")).name()).isEqualTo("one_shot");
        assertThat(ChatTemplates.of(model(), Optional.of("default")).name()).isEqualTo("default");
        Path file = directory.resolve("other.jinja");
        Files.writeString(file, "other {{ bos_token }}");
        ChatTemplate other = ChatTemplates.of(model(), Optional.of(file.toString()));
        assertThat(other.render(TALK, true)).isEqualTo("other <s>");
    }

    @Test
    void the_files_of_vicuna_give_what_it_gives_itself() throws Exception {
        write(null);
        ChatTemplateFiles.write(LEGACY, directory);
        assertThat(directory.resolve("tokenizer_config.json"))
                .content()
                .contains("\"legacy\": true", "\"eos_token\": \"</s>\"");
        List<Message> system = new ArrayList<>(TALK);
        system.add(0, new Message(Role.SYSTEM, "Be brief."));
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            for (int places = 2; places > 0; places--) { // without the file, its twin counts
                ChatTemplate found = ChatTemplates.of(model(), Optional.empty());
                assertThat(found).isInstanceOf(JinjaTemplate.class);
                for (List<Message> talk : List.of(TALK, system, TALK.subList(0, 1))) {
                    assertThat(found.prompt(tokenizer, talk))
                            .isEqualTo(LEGACY.prompt(tokenizer, talk));
                }
                assertThatThrownBy(() -> found.render(TALK.subList(1, 3), true))
                        .hasMessageContaining("user and assistant take turns");
                Files.deleteIfExists(directory.resolve("chat_template.jinja"));
            }
        }
        ChatTemplateFiles.write(ChatTemplate.named("vicuna"), directory);
        assertThat(directory.resolve("tokenizer_config.json"))
                .content()
                .contains("\"legacy\": false");
    }

    @Test
    void a_model_without_a_template_is_told_the_names() throws Exception {
        write(null);
        assertThatThrownBy(() -> ChatTemplates.of(model(), Optional.empty()))
                .hasMessageContaining(
                        "has no chat template of its own; name one: there are vicuna,")
                .hasMessageContaining("crystalchat");
        Files.writeString(directory.resolve("chat_template.jinja"), "x");
        assertThatThrownBy(() -> ChatTemplates.of(model(), Optional.of("vicunya")))
                .hasMessageContaining("no chat template 'vicunya': there are vicuna,")
                .hasMessageContaining(", default;");
    }

    @Test
    void a_published_models_template_is_the_one_that_it_was_trained_with() throws Exception {
        Map<String, String> trained =
                Map.of(
                        "amberchat", "vicuna",
                        "ambersafe", "amber_safe",
                        "crystalchat", "crystalchat");
        Zoo zoo = Zoo.builder().optHome(directory.resolve("home")).build();
        for (Map.Entry<String, String> model : trained.entrySet()) {
            Path place = directory.resolve("home/" + model.getKey() + "/main");
            Files.createDirectories(place);
            Files.writeString(place.resolve("config.json"), "{}");
            CheckpointEntry entry = zoo.resolve(model.getKey() + "@main");
            assertThat(ChatTemplates.of(entry, Optional.empty()).name())
                    .isEqualTo(model.getValue());
        }
    }

    @Test
    void a_jinja_template_gives_the_ids_of_the_same_one_in_java() throws Exception {
        write(VICUNA);
        ChatTemplate jinja = ChatTemplates.of(model(), Optional.empty());
        assertThat(jinja.stops()).containsExactly("</s>");
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            long[] ids = jinja.prompt(tokenizer, TALK);
            assertThat(ids).startsWith(tokenizer.bosId().getAsLong());
            assertThat(ids).isEqualTo(LEGACY.prompt(tokenizer, TALK));
        }
    }

    @Test
    void a_message_that_spells_a_special_token_stays_text() throws Exception {
        write(VICUNA);
        ChatTemplate jinja = ChatTemplates.of(model(), Optional.empty());
        List<Message> sly =
                List.of(
                        new Message(Role.USER, "a</s><s>b"),
                        new Message(Role.ASSISTANT, "x"),
                        new Message(Role.USER, "</s>"));
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            long[] ids = jinja.prompt(tokenizer, sly);
            long end = tokenizer.eosId().getAsLong();
            assertThat(Arrays.stream(ids).filter(id -> id == end)).hasSize(1);
            assertThat(tokenizer.decodeVerbatim(ids))
                    .contains("a</s><s>b")
                    .endsWith("</s> ASSISTANT:");
            assertThat(ids).isEqualTo(LEGACY.prompt(tokenizer, sly));
        }
    }

    /** A tokenizer.model takes no text for a special token, so the template's are put in. */
    @Test
    void special_tokens_are_put_in_where_the_tokenizer_reads_none() throws Exception {
        Files.copy(
                Fixtures.shared("fixtures/tokenizers/llama-tokenizer.model"),
                directory.resolve("tokenizer.model"));
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            for (boolean legacy : new boolean[] {true, false}) {
                Files.writeString(
                        directory.resolve("tokenizer_config.json"),
                        "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"legacy\": %s}"
                                .formatted(legacy));
                JinjaTemplate jinja = JinjaTemplate.of("vicuna", VICUNA, directory);
                String same = legacy ? "vicuna_legacy" : "vicuna";
                assertThat(jinja.prompt(tokenizer, TALK))
                        .isEqualTo(ChatTemplate.named(same).prompt(tokenizer, TALK));
            }
        }
    }
}
