package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.amber.testing.ScriptedAmber;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code infill}, with a model that fills every gap with {@code or not}. */
class InfillCommandTest {

    @TempDir Path temp;
    private String model;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        Path directory = temp.resolve("model");
        Path file =
                TinyTokenizer.llama()
                        .withoutBos()
                        .words("to", "be", "or", "not")
                        .specialTokens("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")
                        .writeJson(temp);
        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            long or = tokenizer.id("▁or").orElseThrow();
            long not = tokenizer.id("▁not").orElseThrow();
            long[][] script = {
                {tokenizer.id("<|fim_middle|>").orElseThrow(), or},
                {tokenizer.id("▁be").orElseThrow(), or},
                {or, not},
                {not, 2}
            };
            ScriptedAmber.of(tokenizer.vocabularySize(), script).writeTo(directory);
            Tokenizer.copy(file, directory);
        }
        model = directory.toString();
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(temp.resolve(name), text).toString();
    }

    @Test
    void prints_the_middle_alone_or_the_whole_exactly() throws IOException {
        String gap = file("gap.txt", "to be <FILL>\nto be\n");
        assertThat(command.run("infill", model, gap)).isZero();
        assertThat(command.out()).isEqualTo("or not\n");
        assertThat(command.run("infill", model, gap, "--whole")).isZero();
        assertThat(command.out()).isEqualTo("to be or not\nto be\n");
        assertThat(command.err()).isEmpty();
    }

    @Test
    void takes_texts_files_a_marked_file_or_standard_input_for_the_same_gap() throws IOException {
        JsonObject expected =
                command.json("infill", model, "--prefix=to ", "--suffix=\nbe", "--json");
        assertThat(expected.get("text").getAsString()).isEqualTo("or not");
        assertThat(expected.get("finish_reason").getAsString()).isEqualTo("eos");
        String before = file("before", "to ");
        String after = file("after", "\nbe");
        assertThat(
                        command.json(
                                "infill",
                                model,
                                "--prefix-file",
                                before,
                                "--suffix-file",
                                after,
                                "--json"))
                .isEqualTo(expected);
        String marked = file("marked", "to ___\nbe");
        assertThat(command.json("infill", model, marked, "--mark=___", "--json"))
                .isEqualTo(expected);
        command.withInput("to <FILL>\nbe");
        assertThat(command.json("infill", model, "-", "--json")).isEqualTo(expected);
    }

    @Test
    void order_and_start_token_change_the_prompt_and_whole_the_text() {
        String[] args = {"infill", model, "--prefix=to be", "--suffix=be", "--json", "--whole"};
        JsonObject plain = command.json(args);
        assertThat(plain.get("text").getAsString()).isEqualTo("to beor notbe");
        assertThat(plain.getAsJsonArray("prompt_ids").get(1).getAsLong()).isEqualTo(1);
        JsonObject turned =
                command.json(
                        "infill",
                        model,
                        "--prefix=to be",
                        "--suffix=be",
                        "--order=spm",
                        "--no-bos",
                        "--json");
        assertThat(turned.get("text").getAsString()).isEqualTo("or not");
        assertThat(turned.getAsJsonArray("prompt_ids"))
                .hasSize(plain.getAsJsonArray("prompt_ids").size() - 1)
                .doesNotContain(plain.getAsJsonArray("prompt_ids").get(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --json                   | Missing text: give --prefix and --suffix, or a FILE with <FILL>
                    --prefix=a;FILE          | FILE takes the place of --prefix and --suffix
                    --prefix=a;--prefix-file=FILE | --prefix and --prefix-file: give one of them
                    FILE                     | has no <FILL>: it is to have one, where the gap is
                    FILE;--mark=b            | has more than one b
                    FILE;--mark=             | --mark can't be empty
                    --suffix=a;--order=msp   | --order
                    --suffix=a;--top-k=-1    | top-k must be 0 (off) or more
                    """)
    void wrong_use_is_one_line_and_status_2(String options, String message) throws IOException {
        String file = file("text", "to be\nbe");
        String[] args = ("infill;" + model + ";" + options.replace("FILE", file)).split(";");
        command.assertFails(2, args, "llm360 infill: ", message);
    }

    @Test
    void a_model_that_was_not_trained_to_fill_gaps_is_refused() throws IOException {
        String plain = TinyModel.withTokenizer(temp.resolve("plain"));
        command.assertFails(
                1,
                new String[] {"infill", plain, "--prefix=a"},
                "the tokenizer has no <|fim_prefix|>");
    }

    @Test
    void a_file_that_is_no_text_or_is_not_there_is_named() throws IOException {
        Path binary = Files.write(temp.resolve("binary"), new byte[] {(byte) 0xff, 0});
        command.assertFails(
                1, new String[] {"infill", model, binary.toString()}, binary + ": not UTF-8 text");
        command.assertFails(
                1,
                new String[] {"infill", model, "--suffix-file", temp + "/absent"},
                temp + "/absent: no such file or directory");
    }
}
