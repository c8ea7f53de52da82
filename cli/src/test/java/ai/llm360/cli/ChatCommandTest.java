package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations from a pipe with a model that knows no answers: what is said doesn't matter. */
class ChatCommandTest {

    private static final String MODEL = "amber-nano";

    private final CommandRun command = new CommandRun();

    @TempDir Path directory;

    private int chat(String lines, String... options) {
        List<String> words =
                new ArrayList<>(
                        List.of("chat", MODEL, "--template", "vicuna", "--max-new-tokens", "6"));
        words.addAll(List.of(options));
        return command.withInput(lines).run(words.toArray(String[]::new));
    }

    @Test
    void each_line_of_a_pipe_is_a_turn() {
        assertThat(chat("oak:\n\n/system Be brief.\nfox:\n/exit\nnever\n")).isZero();
        assertThat(command.err()).isEmpty();
        assertThat(command.out()).hasLineCount(2);
        String first = command.out().lines().findFirst().orElseThrow();
        assertThat(chat("oak:")).isZero();
        assertThat(command.out()).isEqualTo(first + "\n");
    }

    @Test
    void the_chat_model_that_comes_along_answers_at_once_by_its_own_template() {
        String questions = "Hello\nWhat is an oak?\n/reset\nWhat is a teacher?\n";
        assertThat(command.withInput(questions).run("chat", "amber-nano-chat")).isZero();
        assertThat(command.out())
                .isEqualTo(
                        """
                        Hello. Ask me what a word means.
                        a deciduous tree of the genus Quercus.
                        a person whose occupation is teaching.
                        """);
    }

    @Test
    void a_conversation_is_saved_and_gone_on_with() throws Exception {
        Path file = directory.resolve("talk.json");
        assertThat(chat("oak:\n/save %s\nfox:\n/save %s\n".formatted(file, file))).isZero();
        List<String> said = command.out().lines().toList();
        assertThat(Files.readString(file))
                .startsWith("{\"messages\":[{\"role\":\"user\",\"content\":\"oak:\"},{\"role\":")
                .endsWith("}\n");
        JsonObject all =
                command.withInput("/load " + file + "\n/regenerate\n").json(words("--json"));
        assertThat(all.getAsJsonArray("messages")).hasSize(4);
        assertThat(all.getAsJsonArray("messages").get(3).getAsJsonObject().get("content"))
                .hasToString("\"" + said.get(1) + "\"");
        assertThat(chat("/save " + file)).isOne();
        assertThat(command.err()).contains("exists already; take another name");
        Files.writeString(file, "[1]");
        assertThat(chat("/load " + file)).isOne();
        assertThat(command.err()).contains("talk.json is no conversation {\"messages\":");
    }

    private static String[] words(String... more) {
        List<String> words =
                new ArrayList<>(
                        List.of("chat", MODEL, "--template", "vicuna", "--max-new-tokens", "6"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    @Test
    void asking_again_draws_anew_and_a_seed_decides() {
        String[] drawn = {"--temperature", "1", "--seed", "5"};
        assertThat(chat("oak:\n/regenerate\n/reset\noak:\n", drawn)).isZero();
        List<String> said = command.out().lines().toList();
        assertThat(said).hasSize(3);
        assertThat(said.get(1)).isNotEqualTo(said.get(0));
        assertThat(said.get(2)).isEqualTo(said.get(0));
    }

    @Test
    void what_is_wrong_is_told() {
        assertThat(chat("oak:\n/sav x\nfox:\n")).isOne();
        assertThat(command.out()).hasLineCount(1);
        assertThat(command.err()).contains("no command '/sav'; did you mean /save?");
        assertThat(chat("/regenerate\n")).isOne();
        assertThat(command.err()).contains("nothing was asked yet");
        assertThat(chat("/load\n")).isOne();
        assertThat(command.err()).contains("/load needs a file's name");
        assertThat(command.withInput("").run("chat", MODEL)).isOne();
        assertThat(command.err())
                .contains(
                        "amber-nano@ckpt-009 has no chat template of its own; name one: there are"
                                + " vicuna,");
        assertThat(chat("", "--template", "x")).isNotZero();
    }

    @Test
    void someone_at_a_terminal_is_told_and_goes_on() {
        command.onTerminal();
        assertThat(chat("/help\n/sav x\noak:\n/exit\n")).isZero();
        assertThat(command.out()).hasLineCount(1);
        assertThat(command.err())
                .contains("amber-nano@ckpt-009, template vicuna; /help shows the commands")
                .contains("/regenerate  asks the last question again")
                .contains("no command '/sav'; did you mean /save?")
                .contains("the answer was cut; --max-new-tokens N allows longer ones");
    }

    @Test
    void lines_are_edited_and_an_interrupt_stops_an_answer_alone() throws Exception {
        byte[] typed = "oaks\b\r\4".getBytes(StandardCharsets.UTF_8);
        try (ExternalTerminal screen =
                        new ExternalTerminal(
                                "test",
                                "ansi",
                                new ByteArrayInputStream(typed),
                                new ByteArrayOutputStream(),
                                StandardCharsets.UTF_8);
                ChatLines lines = new EditedLines(CommandRun.silent(), screen, List.of("/exit"))) {
            assertThat(lines.next()).isEqualTo("oak");
            List<String> stopped = new ArrayList<>();
            lines.during(() -> screen.raise(Signal.INT), () -> stopped.add("answer"));
            assertThat(stopped).containsExactly("answer");
            assertThat(lines.next()).isNull();
            assertThatThrownBy(
                            () ->
                                    lines.during(
                                            () -> {
                                                throw new InterruptedException();
                                            },
                                            null))
                    .isInstanceOf(InterruptedException.class);
        }
    }
}
