package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.Conversation;
import ai.llm360.common.chat.ConversationFormat;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Preference;
import ai.llm360.common.chat.PreferenceFormat;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The forms that conversations and preferences come in, and what is said of wrong ones. */
class ConversationFilesTest {

    @TempDir Path directory;

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("file"), text);
    }

    private static List<Conversation> conversations(Path file) throws IOException {
        List<Conversation> read = new ArrayList<>();
        ConversationFiles.conversations(file, Optional.empty(), read::add);
        return read;
    }

    private static List<Preference> preferences(Path file) throws IOException {
        List<Preference> read = new ArrayList<>();
        ConversationFiles.preferences(file, Optional.empty(), read::add);
        return read;
    }

    private static String shown(Conversation conversation) {
        return conversation.id()
                + conversation.messages().stream()
                        .map(ConversationFilesTest::shown)
                        .collect(Collectors.joining());
    }

    private static String shown(Message message) {
        return " " + message.role().name().charAt(0) + "=" + message.text();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '$',
            textBlock =
                    """
                    {"id": "a", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]} | a U=q A=a
                    {"idx": 7, "conversations": [{"from": "system", "value": "s"}]}                                 | 7 S=s
                    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}         | 1 U=q A=a
                    {"instruction": "do", "input": "", "output": "done"}                                            | 1 U=do A=done
                    {"instruction": "do", "input": "it", "output": "done", "system": "s"}                           | 1 S=s U=do\\nit A=done
                    {"prompt": "q", "response": "a"}                                                                | 1 U=q A=a
                    {"prompt": "q", "completion": "a", "other": [1]}                                                | 1 U=q A=a
                    {"text": "t"}                                                                                   | 1 A=t
                    """)
    void fields_say_the_format(String json, String conversation) throws IOException {
        String expected = conversation.replace("\\n", "\n");
        assertThat(conversations(write(json + "\n")).stream().map(ConversationFilesTest::shown))
                .containsExactly(expected);
        assertThat(
                        conversations(write("[" + json + "]")).stream()
                                .map(ConversationFilesTest::shown))
                .containsExactly(expected);
    }

    @Test
    void a_list_and_lines_may_be_packed_by_gzip_and_begin_with_a_byte_order_mark()
            throws IOException {
        for (String text :
                List.of(
                        "\ufeff{\"text\": \"a\"}\n\n{\"text\": \"b\"}",
                        "\ufeff [\n{\"text\": \"a\"},\n {\"text\": \"b\"}]\n")) {
            Path file = directory.resolve("file.gz");
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            }
            assertThat(conversations(file)).hasSize(2);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '$',
            textBlock =
                    """
                    {"text": 1}                                                      | file:1: the field 'text' is 1; expected a text in quotes
                    {"question": "q"}                                                | file:1: the fields [question] are of no known format
                    {"text": "t", "messages": []}                                    | of more than one, [messages, text], format
                    {"messages": [{"role": "tool", "content": "x"}]}                 | messages[0]: the field 'role' is 'tool'; expected one of [assistant
                    {"messages": [{"role": "user", "content": [1]}]}                 | messages[0]: the field 'content' is a list; expected a text
                    {"messages": [{"role": "user"}]}                                 | messages[0]: the field 'content' is missing; there are [role]
                    {"messages": ["x"]}                                              | the field 'messages[0]' is "x"; expected an object
                    {"conversations": {"from": "human"}}                             | the field 'conversations' is an object; expected a list
                    {"text": "t"                                                     | file:1: not JSON
                    {'text': 't'}                                                    | file:1: not JSON
                    {"text": "t"} x                                                  | file:1
                    "text"                                                           | file:1: not an object; a file has one object a line
                    [{"text": "t"}, 3]                                               | file:2: not an object
                    [{"text": "t"}, {"text":                                         | file: cut off after record 1
                    [{"text": "t"}] 3                                                | file
                    """)
    void what_is_wrong_is_said_by_line_and_field(String text, String problem) throws IOException {
        Path file = write(text + "\n");
        assertThatThrownBy(() -> conversations(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void a_damaged_file_is_told_from_a_wrong_one() throws IOException {
        Path latin = Files.write(directory.resolve("latin"), new byte[] {'[', '"', (byte) 0xe4});
        assertThatThrownBy(() -> conversations(latin))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("latin: not UTF-8 text");
        Path whole = directory.resolve("whole.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(whole))) {
            out.write("[{\"text\": \"aaaaa\"}]".getBytes(StandardCharsets.UTF_8));
        }
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = Files.write(directory.resolve("cut.gz"), Arrays.copyOf(bytes, 20));
        assertThatThrownBy(() -> conversations(cut))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cut off");
    }

    @Test
    void a_format_by_name_is_told_from_others() {
        assertThat(ConversationFormat.named("prompt-response"))
                .isEqualTo(ConversationFormat.PROMPT_RESPONSE);
        assertThatThrownBy(() -> ConversationFormat.named("sharegtp"))
                .hasMessageContaining(
                        "no format of conversations 'sharegtp': there are [sharegpt,");
        assertThat(PreferenceFormat.named("safe-rlhf")).isEqualTo(PreferenceFormat.SAFE_RLHF);
    }

    @Test
    void preferences_are_pairs_or_dialogues_or_answers_of_which_one_is_safe() throws IOException {
        assertThat(
                        preferences(
                                write(
                                        "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\":"
                                                + " \"r\"}")))
                .containsExactly(new Preference("p", "c", "r"));
        String dialogue = "\\n\\nHuman: a\\n\\nAssistant: b\\n\\nHuman: c\\n\\nAssistant: ";
        assertThat(
                        preferences(
                                write(
                                        "{\"chosen\": \"%sd\", \"rejected\": \"%se\"}"
                                                .formatted(dialogue, dialogue))))
                .containsExactly(
                        new Preference(
                                "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:",
                                " d",
                                " e"));
        String row =
                "{\"prompt\": \"p\", \"response_0\": \"x\", \"response_1\": \"y\","
                        + " \"is_response_0_safe\": %s, \"is_response_1_safe\": %s}\n";
        assertThat(
                        preferences(
                                write(
                                        row.formatted(true, false)
                                                + row.formatted(true, true)
                                                + row.formatted(false, false)
                                                + row.formatted(false, true))))
                .containsExactly(new Preference("p", "x", "y"), new Preference("p", "y", "x"));
    }

    @Test
    void dialogues_that_part_before_the_last_answer_share_what_comes_before() throws IOException {
        String chosen = "\\n\\nHuman: a\\n\\nAssistant: b\\n\\nHuman: c\\n\\nAssistant: d";
        String rejected = "\\n\\nHuman: a\\n\\nAssistant: no\\n\\nHuman: e\\n\\nAssistant: f";
        assertThat(
                        preferences(
                                write(
                                        "{\"chosen\": \"%s\", \"rejected\": \"%s\"}"
                                                .formatted(chosen, rejected))))
                .containsExactly(
                        new Preference(
                                "\n\nHuman: a\n\nAssistant:",
                                " b\n\nHuman: c\n\nAssistant: d",
                                " no\n\nHuman: e\n\nAssistant: f"));
        Path none = write("{\"chosen\": \"a\", \"rejected\": \"b\"}");
        assertThatThrownBy(() -> preferences(none))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("file:1: chosen and rejected share no prompt");
    }

    @Test
    void published_files_are_read() throws IOException {
        assertThat(conversations(Fixtures.shared("data/evals/dolly_hhrlhf_train_small.jsonl")))
                .isNotEmpty()
                .allMatch(conversation -> conversation.messages().size() == 2);
        List<Preference> pairs =
                preferences(Fixtures.shared("data/evals/hh-rlhf-harmless-base-test.jsonl.gz"));
        assertThat(pairs).hasSize(2312);
        assertThat(pairs).allMatch(pair -> pair.prompt().endsWith("\n\nAssistant:"));
    }
}
