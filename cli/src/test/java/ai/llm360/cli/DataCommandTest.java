package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TinyTokenizer;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCommandTest {

    @TempDir Path temp;
    private String recipe;
    private String data;
    private String out;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(temp);
        Files.writeString(temp.resolve("tales.txt"), "once upon a time ".repeat(20));
        Files.writeString(temp.resolve("notes.txt"), "a time upon ".repeat(20));
        recipe =
                Files.writeString(
                                temp.resolve("recipe.yaml"),
                                """
                                tokenizer: tokenizer.json
                                row_length: 5
                                chunks: 2
                                validation_rows: 1
                                sources:
                                  - name: tales
                                    path: tales.txt
                                    split: blank_lines
                                  - name: notes
                                    path: notes.*
                                    format: text
                                """)
                        .toString();
        data = temp.resolve("data").toString();
        out = "--out=" + data;
    }

    @Test
    void prepares_a_data_set_and_says_what_it_holds() {
        assertThat(command.run("data", "prepare", recipe, out)).isZero();
        assertThat(command.out())
                .startsWith(data + ": 2 chunks, 24 rows of 5 ids\n")
                .contains("source  documents  tokens  rows  held back  epochs\n")
                .contains("tales           1      82    15          1   0.933\n");
        assertThat(command.err()).isEmpty();
        assertThat(command.run("data", "validate", data)).isZero();
        assertThat(command.out()).isEqualTo("6 files, 52 rows: nothing is wrong\n");
    }

    @Test
    void changes_a_recipes_values_and_writes_ambers_files_too() {
        String jsonl = temp.resolve("amber").toString();
        JsonObject result =
                command.json(
                        "data",
                        "prepare",
                        recipe,
                        out,
                        "--set=chunks=3",
                        "--jsonl=" + jsonl,
                        "--threads=1",
                        "--json");
        assertThat(result.get("chunks").getAsInt()).isEqualTo(3);
        assertThat(result.get("digest").getAsString()).hasSize(64);
        assertThat(temp.resolve("amber/train/train_002.jsonl")).exists();
        assertThat(temp.resolve("amber/valid/notes.jsonl")).exists();
        assertThat(command.run("data", "validate", jsonl, "--row-length=5")).isZero();
        assertThat(command.run("data", "validate", jsonl)).isEqualTo(1);
        assertThat(command.out()).contains("train_000.jsonl:1: 5 ids, expected 2049\n");
    }

    @Test
    void mixes_anew_from_a_chunk_on() {
        assertThat(command.run("data", "prepare", recipe, out)).isZero();
        String mixed = temp.resolve("mixed").toString();
        assertThat(
                        command.run(
                                "data",
                                "mix",
                                data,
                                "--out=" + mixed,
                                "--weights=tales=1,notes=3",
                                "--from-chunk=1"))
                .isZero();
        assertThat(command.out())
                .startsWith(mixed + ": 2 chunks, 24 rows of 5 ids\n")
                .contains("from chunk 0: 7 rows of tales, 5 rows of notes\n")
                .contains("from chunk 1: 3 rows of tales, 9 rows of notes\n");
        assertThat(command.run("data", "validate", mixed)).isZero();
        command.assertFails(
                1,
                new String[] {"data", "mix", data, "--out=" + temp.resolve("x"), "--weights=b=1"},
                "weights name 'b', which is no source; there are [tales, notes]");
    }

    @Test
    void shows_the_rows_sources_and_text_of_a_step() {
        assertThat(command.run("data", "prepare", recipe, out)).isZero();
        String tokenizer = "--tokenizer=" + temp.resolve("tokenizer.json");
        // NumPy: seed(11112), permutation(12): the second chunk's order.
        JsonObject shown =
                command.json("data", "show", data, "--step=5", "--batch=4", tokenizer, "--json");
        assertThat(shown.get("chunk").getAsInt()).isEqualTo(1);
        assertThat(shown.get("step_in_chunk").getAsInt()).isEqualTo(1);
        assertThat(shown.getAsJsonArray("rows"))
                .extracting(row -> row.getAsJsonObject().get("row").getAsInt())
                .containsExactly(11, 2, 3, 1);
        JsonObject first = shown.getAsJsonArray("rows").get(0).getAsJsonObject();
        assertThat(first.get("text").getAsString()).contains("time").contains("upon");
        assertThat(first.getAsJsonArray("ids")).hasSize(5);
        assertThat(
                        command.run(
                                "data",
                                "show",
                                data,
                                "--step=5",
                                "--batch=4",
                                "--rank=1",
                                "--world=2",
                                tokenizer))
                .isZero();
        assertThat(command.out())
                .startsWith("step 5: step 1 of chunk 1\n")
                .hasLineCount(4)
                .contains("tales");
    }

    @Test
    void says_how_many_targets_of_masked_rows_count() throws IOException {
        String masked =
                new TokenDatasetBuilder(4, 300)
                        .source("a", new long[][] {{5, 6, 7, 8}}, new float[][] {{1, 0, 1}})
                        .write(temp.resolve("masked"))
                        .toString();
        JsonObject shown = command.json("data", "show", masked, "--step=1", "--batch=1", "--json");
        assertThat(shown.getAsJsonArray("rows").get(0).getAsJsonObject().get("loss_mask"))
                .hasToString("[1,0,1]");
        assertThat(command.run("data", "show", masked, "--step=1", "--batch=1")).isZero();
        assertThat(command.out()).contains("targets counted").contains("2 of 3");
    }

    @Test
    void takes_batch_seed_order_and_data_from_a_runs_directory() throws IOException {
        assertThat(command.run("data", "prepare", recipe, out)).isZero();
        Path run = Files.createDirectory(temp.resolve("run"));
        Files.writeString(
                run.resolve("config.yaml"),
                """
                name: small
                model: {}
                seed: 3
                data: {path: %s, order: continuous}
                batch: {global: 4, micro: 2}
                """
                        .formatted(data));
        assertThat(command.json("data", "show", run.toString(), "--step=3", "--json"))
                .isEqualTo(
                        command.json(
                                "data",
                                "show",
                                data,
                                "--step=3",
                                "--batch=4",
                                "--seed=3",
                                "--order=continuous",
                                "--json"));
    }

    @Test
    void names_the_wrong_lines_of_ambers_bad_sample() {
        Path bad = Fixtures.shared("fixtures/llm360/amber-data-prep/bad_sample.jsonl");
        assertThat(command.run("data", "validate", bad.toString())).isEqualTo(1);
        assertThat(command.out())
                .hasLineCount(4)
                .contains("bad_sample.jsonl:4: not JSON")
                .contains("bad_sample.jsonl:9: 2050 ids, expected 2049")
                .contains("bad_sample.jsonl:10: not JSON")
                .contains("1 file, 10 rows: 3 wrong");
    }

    @Test
    void wrong_use_and_failures_are_one_line() {
        command.assertFails(2, new String[] {"data"}, "Missing command: prepare, mix, validate");
        command.assertFails(
                1,
                new String[] {"data", "prepare", recipe, out, "--set=chunk=3"},
                "unknown key 'chunk'; did you mean chunks");
        command.assertFails(
                1,
                new String[] {"data", "prepare", recipe, out, "--set=sources.0.path=nope"},
                "nope: no such file or directory");
        command.assertFails(
                1, new String[] {"data", "validate", data}, "no such file or directory");
        assertThat(command.run("data", "prepare", recipe, out)).isZero();
        command.assertFails(
                2, new String[] {"data", "show", data, "--step=1"}, "Missing --batch=G");
        command.assertFails(
                1,
                new String[] {"data", "show", data, "--step=7", "--batch=4"},
                "no step 7: 2 chunks in steps of 4 sequences have 6, from 1");
    }
}
