package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {

    @TempDir Path temp;
    private String model;
    private String target;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.withTokenizer(temp.resolve("model"));
        target = temp.resolve("out").toString();
    }

    @Test
    void writes_another_type_in_shards_that_load_again() {
        JsonObject result =
                command.json(
                        "convert",
                        model,
                        target,
                        "--dtype=bf16",
                        "--max-shard-size=30KB",
                        "--json");
        assertThat(result.get("path").getAsString()).isEqualTo(target);
        assertThat(result.get("tensors").getAsInt()).isEqualTo(21);
        assertThat(result.get("bytes").getAsLong()).isEqualTo(2 * 39_584);
        assertThat(result.getAsJsonArray("shards")).hasSizeGreaterThan(2);
        assertThat(result.getAsJsonArray("dropped")).isEmpty();
        assertThat(Path.of(target, "tokenizer.json")).exists();
        assertThat(command.run("generate", target, "Hello", "--max-new-tokens=2")).isZero();
    }

    @Test
    void says_in_one_line_what_it_wrote() {
        assertThat(command.run("convert", model, target)).isZero();
        assertThat(command.out()).isEqualTo(target + ": 21 tensors, 158.3 kB, in 1 file\n");
        assertThat(command.err()).isEmpty();
    }

    @Test
    void draws_a_bar_on_a_terminal_and_ends_its_line() {
        assertThat(command.onTerminal().run("convert", model, target)).isZero();
        assertThat(command.err())
                .startsWith("\rWriting out [")
                .contains("100%  158.3 kB of 158.3 kB")
                .endsWith("\n");
    }

    @Test
    void leaves_out_the_buffers_of_old_checkpoints() {
        Path old = Fixtures.shared("fixtures/amber-tiny/bin-sharded");
        JsonObject result = command.json("convert", old.toString(), target, "--json");
        assertThat(result.getAsJsonArray("dropped").get(0).getAsString()).endsWith("inv_freq");
        JsonObject info = command.json("info", target, "--json");
        assertThat(info.get("tensor_count")).isEqualTo(result.get("tensors"));
    }

    @Test
    void keeps_a_head_that_the_configuration_wrongly_takes_for_a_copy() throws IOException {
        String claimed = TinyModel.wronglyTied(temp.resolve("claimed"));
        JsonObject result = command.json("convert", claimed, target, "--json");
        assertThat(result.getAsJsonArray("dropped")).isEmpty();
        assertThat(result.get("tensors").getAsInt()).isEqualTo(21);
        assertThat(Files.readString(Path.of(target, "config.json")))
                .contains("\"tie_word_embeddings\": false");
        String[] prompt = {"Hello", "--max-new-tokens=8", "--json"};
        assertThat(generated(target, prompt)).isEqualTo(generated(model, prompt));
        assertThat(generated(claimed, prompt)).isEqualTo(generated(model, prompt));
    }

    private JsonObject generated(String from, String... prompt) {
        return command.json(
                Stream.concat(Stream.of("generate", from), Stream.of(prompt))
                        .toArray(String[]::new));
    }

    @Test
    void takes_a_model_that_the_zoo_does_not_know_as_it_is() throws IOException {
        Files.writeString(Path.of(model, "config.json"), "{\"model_type\": \"mamba\"}");
        assertThat(command.json("convert", model, target, "--json").get("tensors").getAsInt())
                .isEqualTo(21);
    }

    @Test
    void never_overwrites() {
        command.assertFails(
                1, new String[] {"convert", model, model, "--json"}, "is not an empty directory");
    }

    @Test
    void wrong_use_is_one_line_and_status_2() {
        command.assertFails(
                2,
                new String[] {"convert", model, target, "--dtype=int8"},
                "int8 weights are made when a model is loaded",
                "fp32, bf16, fp16");
        command.assertFails(
                2, new String[] {"convert", model, target, "--dtype=foo"}, "no dtype 'foo'");
        command.assertFails(
                2,
                new String[] {"convert", model, target, "--max-shard-size=big"},
                "'big' is no size: give one such as 5GB, 500MB or 2GiB");
        command.assertFails(
                2, new String[] {"convert", model}, "Missing required parameter: 'OUT'");
        assertThat(Path.of(target)).doesNotExist();
    }
}
