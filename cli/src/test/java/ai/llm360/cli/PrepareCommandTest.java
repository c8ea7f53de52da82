package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareCommandTest {

    @TempDir Path temp;
    private String model;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.withTokenizer(temp.resolve("model"));
    }

    private JsonObject score() {
        return command.json("score", model, "--text=Hello world", "--dtype=int8", "--json");
    }

    @Test
    void int8_weights_are_written_beside_the_checkpoint_and_give_the_same_scores() {
        JsonObject before = score();
        JsonObject result = command.json("prepare", model, "--dtype=int8", "--json");
        Path file = Path.of(model, "prepared-int8.safetensors");
        assertThat(result.get("path").getAsString()).isEqualTo(file.toString());
        assertThat(file).hasSize(result.get("bytes").getAsLong());
        assertThat(score()).isEqualTo(before);
        assertThat(command.run("prepare", model, "--dtype=int8")).isZero();
        assertThat(command.out()).startsWith(file + ": ").endsWith(" kB\n");
    }

    @Test
    void what_cannot_be_prepared_is_refused_and_leaves_nothing() throws IOException {
        for (String dtype : List.of("bf16", "fp32")) {
            assertThat(command.run("prepare", model, "--dtype=" + dtype)).isEqualTo(2);
            assertThat(command.err())
                    .contains(
                            "int8 alone: %s is computed as the checkpoint has it".formatted(dtype));
        }
        assertThat(command.run("prepare", model)).isEqualTo(2);
        try (var files = Files.list(Path.of(model))) {
            assertThat(files).noneMatch(file -> file.toString().contains("prepared"));
        }
    }
}
