package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerCommandTest {

    @TempDir Path temp;
    private String text;
    private String out;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        text =
                Files.writeString(temp.resolve("tales.txt"), "once upon a time ".repeat(20))
                        .toString();
        out = temp.resolve("made").toString();
    }

    @Test
    void makes_a_tokenizer_that_the_other_verbs_read() {
        assertThat(command.run("tokenizer", "train", text, "--vocabulary", "282", "--out", out))
                .isZero();
        assertThat(command.out())
                .isEqualTo(
                        out
                                + ": 282 tokens, of which 12 are merges; of 1 text with 5"
                                + " different words\n");
        assertThat(command.err()).isEmpty();
        JsonObject tokens = command.json("tokenize", out, "once upon a time", "--bos", "--json");
        assertThat(tokens.getAsJsonArray("tokens"))
                .hasToString("[\"<s>\",\"▁once\",\"▁upon\",\"▁a\",\"▁time\"]");
        JsonObject made =
                command.json(
                        "tokenizer",
                        "train",
                        text,
                        "--vocabulary=270",
                        "--kind=byte-level",
                        "--nfkc",
                        "--json",
                        "--out=" + out + "2");
        assertThat(made)
                .hasToString(
                        "{\"path\":\""
                                + out
                                + "2\",\"vocabulary_size\":270,\"merges\":11,\"characters\":0,"
                                + "\"texts\":1,\"words\":6}");
    }

    @Test
    void what_makes_no_tokenizer_is_told_in_a_line_and_leaves_nothing() throws IOException {
        String[] verb = {"tokenizer", "train", text, "--vocabulary=8000", "--out=" + out};
        command.assertFails(1, verb, "at most 282 tokens, not 8000: ask for that many");
        verb[3] = "--vocabulary=260";
        command.assertFails(1, verb, "a vocabulary of 260 is too small", "11 characters");
        verb[2] = temp.resolve("absent").toString();
        command.assertFails(1, verb, "absent: no such file or directory");
        Files.write(temp.resolve("tales.txt"), new byte[] {'a', (byte) 0xFF});
        verb[2] = text;
        command.assertFails(1, verb, "tales.txt: not UTF-8 text; convert it, or leave it out by");
        Files.writeString(temp.resolve("tales.txt"), " \n ");
        command.assertFails(1, verb, "no text to learn from");
        command.assertFails(2, new String[] {"tokenizer"}, "Missing command: train");
        command.assertFails(2, new String[] {"tokenizer", "train", text}, "--vocabulary");
        assertThat(temp).isDirectoryNotContaining("glob:**made*");
    }
}
