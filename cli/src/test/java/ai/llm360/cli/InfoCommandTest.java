package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {

    @TempDir Path temp;
    private String model;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.withoutTokenizer(temp.resolve("model"));
    }

    @Test
    void shows_model_sizes_types_and_files() {
        assertThat(command.run("info", model)).isZero();
        assertThat(command.out())
                .isEqualTo(
                        """
                        %s
                          model type         llama
                          layers             2
                          hidden size        32
                          intermediate size  56
                          heads              4
                          key-value heads    4
                          context length     64
                          vocabulary         320
                          parameters         39,584
                          tensors            21, 158.3 kB (158,336 bytes)
                          float32            21 tensors, 158.3 kB (158,336 bytes)
                          layout             safetensors
                          file               model.safetensors, 160.5 kB (160,464 bytes)
                        """
                                .formatted(model));
    }

    @Test
    void a_head_of_its_own_beside_a_claim_that_it_is_tied_is_said() throws IOException {
        String claimed = TinyModel.wronglyTied(temp.resolve("claimed"));
        assertThat(command.run("info", claimed)).isZero();
        assertThat(command.out())
                .contains("not tied")
                .contains("lm_head.weight is used, though config.json says that it is a copy");
        assertThat(command.json("info", claimed, "--json").getAsJsonArray("untied").toString())
                .isEqualTo("[\"lm_head.weight\"]");
        assertThat(command.json("info", model, "--json").getAsJsonArray("untied")).isEmpty();
    }

    @Test
    void json_says_the_same_for_programs_and_lists_tensors_on_demand() {
        JsonObject info = command.json("info", model, "--json");
        assertThat(info.get("parameters").getAsLong()).isEqualTo(39_584);
        assertThat(info.getAsJsonObject("config").get("num_hidden_layers").getAsInt()).isEqualTo(2);
        assertThat(info.get("layout").getAsString()).isEqualTo("safetensors");
        assertThat(info.get("tensors").isJsonNull()).isTrue();
        JsonObject first =
                command.json("info", model, "--tensors", "--json")
                        .getAsJsonArray("tensors")
                        .get(0)
                        .getAsJsonObject();
        assertThat(first.get("name").getAsString()).isEqualTo("model.embed_tokens.weight");
        assertThat(first.getAsJsonArray("shape")).hasToString("[320,32]");
        assertThat(first.get("bytes").getAsLong()).isEqualTo(320 * 32 * 4);
        assertThat(first.get("shard").getAsString()).isEqualTo("model.safetensors");
    }

    @Test
    void takes_a_single_file_and_one_without_a_configuration() throws IOException {
        assertThat(command.run("info", model + "/model.safetensors")).isZero();
        assertThat(command.out()).contains("llama", "39,584");
        Files.delete(Path.of(model, "config.json"));
        assertThat(command.run("info", model, "--tensors")).isZero();
        assertThat(command.out())
                .contains("unknown (no config.json)", "39,584", "\ntensor  ")
                .containsPattern(
                        "lm_head\\.weight +float32 +\\[320, 32] +model\\.safetensors +40960");
    }

    @Test
    void a_broken_file_is_one_line() throws IOException {
        Files.writeString(Path.of(model, "config.json"), "{\n nonsense");
        command.assertFails(1, new String[] {"info", model, "--json"}, "config.json: not valid");
        command.assertFails(
                1,
                new String[] {"info", temp.toString()},
                "holds no checkpoint",
                "model.safetensors");
    }
}
