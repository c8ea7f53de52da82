package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One recipe says how the data is made and how the model is trained. */
class PreparedTrainingTest {

    private static final String RECIPE =
            """
            name: tales
            model:
              model_type: llama
              vocab_size: 300
              hidden_size: 16
              intermediate_size: 24
              num_hidden_layers: 1
              num_attention_heads: 2
              max_position_embeddings: 64
            data: {path: %s}
            prepare:
              tokenizer: %s
              row_length: 17
              chunks: 2
              sources:
                - name: tales
                  path: tales.txt
            batch: {global: 4, micro: 2}
            schedule: {peak: 1e-2, end: 1e-3, warmup: 2}
            """;

    @TempDir Path temp;
    private String data;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(temp);
        Files.writeString(temp.resolve("tales.txt"), "once upon a time ".repeat(200));
        data = temp.resolve("data").toString();
    }

    private String recipe(String tokenizer) throws IOException {
        Path file = temp.resolve("recipe.yaml");
        return Files.writeString(file, RECIPE.formatted(data, tokenizer)).toString();
    }

    @Test
    void from_text_to_checkpoints_that_continue_text() throws IOException {
        String recipe = recipe("tokenizer.json");
        String out = "--out=" + data;
        assertThat(command.run("data", "prepare", recipe, out, "--set=chunks=3")).isZero();
        assertThat(command.out()).startsWith(data + ": 3 chunks, ");
        Path run = temp.resolve("run");
        assertThat(command.run("pretrain", recipe, "--out=" + run)).isZero();
        String checkpoint = run.resolve("ckpt-002").toString();
        assertThat(command.run("generate", checkpoint, "a time once", "--max-new-tokens=6"))
                .isZero();
        assertThat(command.out()).contains("upon a time");
        JsonObject shown = command.json("data", "show", run.toString(), "--step=1", "--json");
        JsonObject row = shown.getAsJsonArray("rows").get(0).getAsJsonObject();
        assertThat(row.get("text").getAsString()).contains("upon a time");
    }

    @Test
    void the_tokenizer_may_be_that_of_a_model_that_comes_with_the_library() throws IOException {
        String home = System.getProperty("llm360.home", "");
        System.setProperty("llm360.home", temp.resolve("home").toString());
        try {
            String recipe = recipe("amber-nano");
            assertThat(command.run("data", "prepare", recipe, "--out=" + data)).isZero();
            assertThat(command.run("tokenize", data, "once upon")).isZero();
        } finally {
            System.setProperty("llm360.home", home); // an empty one is as none
        }
    }

    @Test
    void training_without_the_data_says_how_to_make_it() throws IOException {
        String recipe = recipe("tokenizer.json");
        command.assertFails(
                1,
                new String[] {"pretrain", recipe, "--out=" + temp.resolve("run")},
                "no data at " + data,
                "llm360 data prepare " + recipe + " --out=" + data);
        assertThat(temp.resolve("run")).doesNotExist();
    }

    @Test
    void a_recipe_that_only_trains_prepares_nothing() {
        command.assertFails(
                1,
                new String[] {"data", "prepare", "amber-7b", "--out=" + data},
                "amber-7b says how a model is trained, but has no part 'prepare'");
    }
}
