package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeCommandTest {

    @TempDir Path temp;
    private String model;
    private String adapter;
    private String target;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.withTokenizer(temp.resolve("model"));
        adapter = TinyModel.adapter(Path.of(model), temp.resolve("adapter"));
        target = temp.resolve("out").toString();
    }

    private String generated(String reference) {
        return command.json("generate", reference, "Hello", "--max-new-tokens=8", "--json")
                .get("ids")
                .toString();
    }

    @Test
    void the_merged_model_answers_as_base_and_adapter_do() {
        JsonObject result = command.json("merge", model + "+" + adapter, "--out", target, "--json");
        assertThat(result.get("path").getAsString()).isEqualTo(target);
        assertThat(result.get("adapters")).hasToString("[\"" + adapter + "\"]");
        assertThat(result.get("tensors").getAsInt()).isEqualTo(21);
        assertThat(Path.of(target, "tokenizer.json")).exists();
        String adapted = generated(model + "+" + adapter);
        assertThat(adapted).isNotEqualTo(generated(model)).isEqualTo(generated(target));
    }

    @Test
    void another_type_and_several_files_are_for_the_asking() {
        assertThat(
                        command.run(
                                "merge",
                                model + "+" + adapter + "+" + adapter,
                                "--out=" + target,
                                "--dtype=bf16",
                                "--max-shard-size=30KB"))
                .isZero();
        assertThat(command.out()).isEqualTo(target + ": 21 tensors, 79.2 kB\n");
        assertThat(command.run("generate", target, "Hello", "--max-new-tokens=2")).isZero();
    }

    @Test
    void info_tells_what_an_adapter_is_with_its_base_and_alone() {
        assertThat(command.run("info", model + "+" + adapter)).isZero();
        assertThat(command.out())
                .contains("model type         llama")
                .contains(
                        "adapter            "
                                + adapter
                                + ": rank 2, scale 15.0, on q_proj, v_proj; 512 parameters, 2.0 kB"
                                + " (2,048 bytes)");
        JsonObject info = command.json("info", adapter, "--json");
        assertThat(info.get("layout").getAsString()).isEqualTo("safetensors");
        JsonObject alone = info.getAsJsonArray("adapters").get(0).getAsJsonObject();
        assertThat(alone.getAsJsonObject("config").get("r").getAsInt()).isEqualTo(2);
        assertThat(alone.get("tensors").getAsInt()).isEqualTo(8);
    }

    @Test
    void what_is_missing_or_unfit_is_told_in_a_line_and_nothing_is_written() {
        command.assertFails(
                1, new String[] {"merge", model, "--out", target}, "names no adapter: give one");
        command.assertFails(
                1,
                new String[] {"merge", model + "+./absent", "--out", target},
                "./absent: holds no adapter: there is no such directory");
        command.assertFails(
                1,
                new String[] {"generate", "amber-nano+" + adapter, "Hello"},
                adapter + "/adapter_model.safetensors: the checkpoint is not of this model");
        command.assertFails(
                1,
                new String[] {"generate", adapter, "Hello"},
                adapter + " holds an adapter, not a model: give its base before it");
        command.assertFails(
                1,
                new String[] {"tensor", model + "+" + adapter, "model.norm.weight"},
                "names an adapter, which can't be taken here: give '" + model + "' alone");
        command.assertFails(
                2,
                new String[] {"merge", model + "+" + adapter, "--out", target, "--dtype=int8"},
                "int8 weights are made when a model is loaded");
        command.assertFails(
                1,
                new String[] {"merge", model + "+" + adapter, "--out", model},
                "is not an empty directory");
        assertThat(Path.of(target)).doesNotExist();
    }
}
