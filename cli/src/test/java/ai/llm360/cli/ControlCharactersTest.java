package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text of a file or the Hub never moves a terminal's cursor, nor turns its writing round. */
class ControlCharactersTest {

    private static final String EVIL = "\u001b]0;x\u0007\r\b\u009b31m\u202e\u2066\u007f";

    /** Also how JSON spells it. */
    private static final String SHOWN =
            "\\u001b]0;x\\u0007\\r\\u0008\\u009b31m\\u202e\\u2066\\u007f";

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();
    private Path model;

    @BeforeEach
    void write() throws IOException {
        model = Files.createDirectory(temp.resolve("model"));
        new SafetensorsBuilder()
                .metadata("format", SHOWN)
                .floats("w" + SHOWN + "\\n", new long[] {1, 2}, 1, 2)
                .write(model.resolve("model.safetensors"));
        Files.writeString(
                model.resolve("config.json"),
                "{\"model_type\": \"\\u001b[31m\\u202e\", \"vocab_size\": \"\\u0007\"}");
    }

    private void assertPlain() {
        for (String printed : new String[] {command.out(), command.err()}) {
            assertThat(printed.chars().filter(c -> c != '\n' && c != '\t'))
                    .as(printed)
                    .noneMatch(c -> Character.isISOControl(c) || c == 0x202e || c == 0x2066);
        }
    }

    @Test
    void a_checkpoint_is_shown_with_escapes() {
        assertThat(command.run("info", model.toString(), "--tensors")).isZero();
        assertThat(command.out()).contains("w" + SHOWN + "\\n", "\\u001b[31m\\u202e");
        assertPlain();
        assertThat(command.run("tensor", model.toString(), "w" + EVIL + "\n")).isZero();
        assertPlain();
    }

    @Test
    void json_keeps_the_values_and_escapes_them() {
        String name =
                command.json("info", model.toString(), "--tensors", "--json")
                        .getAsJsonArray("tensors")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString();
        assertThat(name).isEqualTo("w" + EVIL + "\n");
        assertPlain();
    }

    @Test
    void an_error_that_quotes_a_file_or_an_argument_is_plain_also_with_its_trace() {
        for (String[] arguments :
                new String[][] {
                    {"generate", model.toString(), "x"},
                    {"generate", model.toString(), "x", "--verbose"},
                    {"tensor", model.toString(), EVIL},
                    {"info", "amber@" + EVIL},
                    {"list", EVIL},
                    {"pull", EVIL},
                    {"info", temp.resolve(EVIL).toString()},
                    {EVIL},
                    {"info", model.toString(), "--" + EVIL},
                    {"data", "show", temp.resolve(EVIL).toString()},
                    {"data", "validate", model.toString()}
                }) {
            assertThat(command.run(arguments)).isNotZero();
            assertThat(command.err()).isNotEmpty();
            assertPlain();
        }
    }

    @Test
    void pieces_of_a_vocabulary_and_problems_of_data_are_plain() throws IOException {
        TinyTokenizer.llama().words("a\u001b[31m", "b").writeJson(model);
        command.run("tokenize", model.toString(), "a\u001b[31m b");
        assertPlain();
        Path rows = temp.resolve("a.jsonl");
        Files.writeString(rows, "{\"token_ids\": [1], \"source\": \"\\u001b[31m\"}\n\u001b[31m\n");
        command.run("data", "validate", rows.toString());
        assertPlain();
    }
}
