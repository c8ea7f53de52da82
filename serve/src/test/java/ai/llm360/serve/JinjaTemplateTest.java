package ai.llm360.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {

    private static final String CHATML =
            "{% for m in messages %}<|im_start|>{{ m.role + '\\n"
                    + "' + m.content }}<|im_end|>\n"
                    + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
                    + "{% endif %}";

    private static final List<Message> HELLO = List.of(new Message(Role.USER, "Hello"));

    @TempDir Path directory;

    private JinjaTemplate template(String text) throws Exception {
        return JinjaTemplate.of("mine", text, directory);
    }

    private String render(String text) throws Exception {
        return template(text).render(HELLO, true);
    }

    @Test
    void a_directorys_templates_are_found_by_name() throws Exception {
        assertThat(JinjaTemplate.read(directory, "default")).isEmpty();
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                """
                {"bos_token": {"content": "<s>"}, "eos_token": "</s>",
                 "chat_template": [{"name": "default", "template": "old {{ bos_token }}"},
                                   {"name": "rag", "template": "rag{{ eos_token }}"}]}
                """);
        assertThat(JinjaTemplate.names(directory)).containsExactly("default", "rag");
        assertThat(read("default")).isEqualTo("old <s>");
        assertThat(read("rag")).isEqualTo("rag</s>");
        Files.writeString(directory.resolve("chat_template.jinja"), "new {{ bos_token }}\n");
        Files.createDirectory(directory.resolve("chat_templates"));
        Files.writeString(directory.resolve("chat_templates/tool.jinja"), "tool");
        assertThat(JinjaTemplate.names(directory)).containsExactly("default", "rag", "tool");
        assertThat(read("default")).isEqualTo("new <s>");
        assertThat(read("tool")).isEqualTo("tool");
    }

    private String read(String name) throws Exception {
        return JinjaTemplate.read(directory, name).orElseThrow().render(HELLO, true);
    }

    @Test
    void a_template_in_tokenizer_config_of_another_kind_is_refused() throws Exception {
        Path file = directory.resolve("tokenizer_config.json");
        Files.writeString(file, "{\"chat_template\": [{\"name\": \"x\"}]}");
        assertThatThrownBy(() -> JinjaTemplate.read(directory, "default"))
                .hasMessageContaining("tokenizer_config.json")
                .hasMessageContaining("neither a text nor a list of {name, template}");
    }

    @Test
    void an_answer_ends_with_what_the_template_writes_behind_it() throws Exception {
        assertThat(template(CHATML).stops()).containsExactly("<|im_end|>\n<|im_start|>user");
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                """
                {"eos_token": "</s>",
                 "added_tokens_decoder": {"2": {"content": "<|im_end|>", "special": true},
                                          "3": {"content": "<|im", "special": true}}}
                """);
        assertThat(template(CHATML).stops()).containsExactly("<|im_end|>");
        assertThat(template("{{ messages[0].content }}").stops()).isEmpty();
        String plain = "{% for m in messages %}### {{ m.role }}: {{ m.content }}\n{% endfor %}";
        assertThat(template(plain).stops()).containsExactly("### user:");
    }

    @Test
    void words_of_a_message_are_never_rendered() throws Exception {
        String words = "{{ 7*7 }}{% if x %}{# c #} ${x} #{x} {{ bos_token }} \\n";
        List<Message> messages = List.of(new Message(Role.USER, words));
        assertThat(template("<{{ messages[0]['content'] }}>").render(messages, true))
                .isEqualTo("<" + words + ">");
        assertThat(
                        template("{% set x = messages[0].content %}{{ x ~ '{{ 1 }}' }}")
                                .render(messages, true))
                .isEqualTo(words + "{{ 1 }}");
    }

    @Test
    void what_a_template_raises_is_told() {
        assertThatThrownBy(() -> render("{{ raise_exception('only ' + messages[0].role) }}"))
                .hasMessage("the chat template mine has no form for these messages: only user");
    }

    @Test
    void what_is_refused_is_named() throws Exception {
        JinjaTemplate template =
                template("{% if messages[0].role == 'tool' %}{{ 'a'|title }}{% endif %}ok");
        assertThat(template.render(HELLO, true)).isEqualTo("ok");
        assertThatThrownBy(() -> render("{{ 'a'|title }}"))
                .hasMessage(
                        "the chat template mine has the filter 'title', which isn't known to give"
                                + " here what Jinja gives; name another one, such as vicuna");
        assertThatThrownBy(() -> render("a\nb {% if x"))
                .hasMessage(
                        "the chat template mine can't be used here: line 2: a tag without its %};"
                                + " name another one, such as vicuna");
        assertThatThrownBy(() -> render("\n{% if x %}\n{% else %}"))
                .hasMessageContaining("line 3: no {% endif %}");
        assertThatThrownBy(() -> render("\n\n{{ a b }}")).hasMessageContaining("line 3: 'b'");
        assertThatThrownBy(() -> render("{% frob %}")).hasMessageContaining("{% frob %}");
    }

    @Test
    void a_date_is_written_as_strftime_does() {
        LocalDateTime time = LocalDateTime.of(2026, 7, 4, 9, 5, 6);
        assertThat(JinjaText.date(time, "%d %b %Y, %B %m %y %A %H:%M:%S"))
                .isEqualTo("04 Jul 2026, July 07 26 Saturday 09:05:06");
        assertThatThrownBy(() -> JinjaText.date(time, "%j")).hasMessage("strftime_now with %j");
    }

    /** Java's objects, Python's inside and Jinjava's own names are out of reach. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.getClass() }}",
                "{{ ''.__class__ }}",
                "{{ messages.getClass().forName('java.lang.Runtime') }}",
                "{{ messages[0].__class__.__mro__ }}",
                "{{ loop.getClass() }}",
                "{% for m in messages %}{{ loop.class }}{% endfor %}",
                "{{ ____int3rpr3t3r____.config }}",
                "{{ s.fail('x', true) }}",
                "{{ py_list() }}",
                "{{ c0.x }}",
                "{{ messages.add(1) }}",
                "{{ namespace.__init__.__globals__ }}",
                "{% include '/etc/passwd' %}",
                "{{ raise_exception.__self__ }}",
                "{{ self.__dict__ }}"
            })
    void nothing_but_the_messages_is_reached(String text) {
        assertThatThrownBy(() -> render(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the chat template mine ");
    }

    @Test
    void a_class_is_no_more_than_an_undefined_name() throws Exception {
        assertThat(render("[{{ ''.class }}{{ ''['class'] }}{{ messages[0].class }}]"))
                .isEqualTo("[]"); // as in Jinja
    }

    @Test
    void loops_in_loops_end() throws Exception {
        JinjaTemplate template =
                template("{% for m in messages %}".repeat(5) + "{% endfor %}".repeat(5));
        assertThatThrownBy(() -> template.render(Collections.nCopies(100, HELLO.get(0)), true))
                .hasMessageContaining("it does more work than a conversation can need");
    }

    @Test
    void what_a_template_may_cost_is_bounded() {
        String each = "{% for a in messages[0].content.split('e') %}";
        List<String> costly =
                List.of(
                        "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
                        "{{ " + "not ".repeat(50_000) + "1 }}",
                        "{{ " + "-".repeat(50_000) + "1 }}",
                        "{{ 1" + " + 1".repeat(50_000) + " }}",
                        "{{ x" + ".a".repeat(50_000) + " }}",
                        "{{ x" + "|trim".repeat(40_000) + " }}",
                        "{{ a" + " or a".repeat(40_000) + " }}",
                        "{{ " + "[".repeat(100_000) + " }}",
                        "{% if 1 %}".repeat(20_000) + "{% endif %}".repeat(10_000),
                        "{{ '" + "\\\\".repeat(120_000) + " }}",
                        "x".repeat(300_000),
                        "{% set n = namespace(x='ab') %}"
                                + each.repeat(8)
                                + "{% set n.x = n.x + n.x %}"
                                + "{% endfor %}".repeat(8),
                        "{% set n = namespace(x=[1]) %}"
                                + each.repeat(8)
                                + "{% set n.x = n.x + n.x %}"
                                + "{% endfor %}".repeat(8),
                        "{% set n = namespace(x=[1]) %}"
                                + each.repeat(8)
                                + "{% set n.x = [n.x, n.x] %}"
                                + "{% endfor %}".repeat(8)
                                + "{{ {}[n.x] }}{{ n.x|tojson }}",
                        "{% set n = namespace(x='ee') %}"
                                + each.repeat(8)
                                + "{% set n.x = n.x.replace('e', 'eeeeeeee') %}"
                                + "{% endfor %}".repeat(8),
                        "{% for i in range(1000000000) %}{% endfor %}",
                        "{{ 'a' * 1000000000 }}",
                        "{{ 999999999999999 * 999999999999999 }}",
                        "{{ 99999999999999999999 }}");
        for (String text : costly) {
            assertThatThrownBy(() -> render(text))
                    .as(text.substring(0, Math.min(60, text.length())))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("the chat template mine ");
        }
    }
}
