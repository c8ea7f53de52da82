package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListCommandTest {

    private static final String HOME = "llm360.home";

    @TempDir Path temp;
    private final String before = System.getProperty(HOME, "");
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void open() {
        System.setProperty(HOME, temp.toString());
    }

    @AfterEach
    void close() {
        System.setProperty(HOME, before); // an empty one is as none
    }

    @Test
    void lists_the_models() throws IOException {
        Files.createDirectories(temp.resolve("amber/ckpt_007"));
        Files.createDirectories(temp.resolve("my-run/ckpt-000"));
        assertThat(command.run("list")).isZero();
        assertThat(command.out())
                .isEqualTo(
                        """
                        model              repository       published  listed  at hand
                        amber              IFM/Amber        360           360        1
                        crystalcoder       IFM/Crystal      143            56        0
                        amberchat          IFM/AmberChat    1               1        0
                        ambersafe          IFM/AmberSafe    1               1        0
                        crystalchat        IFM/CrystalChat  1               1        0
                        amber-nano                                         10       10
                        amber-nano-chat                                     1        1
                        crystalcoder-nano                                   9        9
                        my-run                                              1        1
                        """);
        JsonArray models = command.json("list", "--json").getAsJsonArray("models");
        assertThat(models.get(5))
                .hasToString(
                        "{\"model\":\"amber-nano\",\"repository\":null,\"published\":null,"
                                + "\"listed\":10,\"at_hand\":10}");
    }

    @Test
    void lists_a_models_checkpoints_with_what_is_known_of_each() throws IOException {
        Path here = Files.createDirectories(temp.resolve("amber/main"));
        assertThat(command.run("list", "amber")).isZero();
        assertThat(command.out().lines())
                .hasSize(361)
                .startsWith(
                        "checkpoint  repository  revision    step  tokens (B)  at hand",
                        "ckpt-000    IFM/Amber   ckpt_000     762        3.50  no")
                .endsWith("ckpt-359    IFM/Amber   main      274320     1258.45  yes");
        assertThat(command.run("list", "amber", "--tokens")).isZero();
        assertThat(command.out()).contains("274320  1258448486400  yes");
        JsonObject listed = command.json("list", "amber", "--json");
        assertThat(listed.get("published").getAsInt()).isEqualTo(360);
        assertThat(listed.getAsJsonArray("checkpoints").get(359))
                .hasToString(
                        "{\"name\":\"ckpt-359\",\"repository\":\"IFM/Amber\","
                                + "\"revision\":\"main\",\"commit\":null,\"phase\":null,"
                                + "\"step\":274320,\"tokens\":1258448486400,\"loss\":null,"
                                + "\"chunk\":359,\"evidence\":\"rule\","
                                + "\"at_hand\":true,\"path\":\""
                                + here
                                + "\",\"bytes\":null}");
    }

    @Test
    void says_that_not_all_of_crystalcoders_names_are_known() {
        assertThat(command.run("list", "crystalcoder")).isZero();
        assertThat(command.out())
                .contains("phase3-027728  IFM/Crystal  CrystalCoder_phase3_checkpoint_027728")
                .contains("  observed  no\n")
                .endsWith(
                        "143 were published; the names of the others are not known, and are taken"
                                + " when they fit the pattern: --refresh asks the Hub\n");
        command.run("list", "crystalcoder@phase1-3000");
        assertThat(command.out()).hasLineCount(2).contains("  12.98  unconfirmed  no");
    }

    @Test
    void a_range_and_the_nearest_to_a_number_of_tokens_are_lists_too() {
        JsonObject range = command.json("list", "amber@0..359:10", "--json");
        assertThat(range.getAsJsonArray("checkpoints")).hasSize(36);
        assertThat(range.get("tokens_asked_for").isJsonNull()).isTrue();
        JsonObject nearest = command.json("list", "amber@1.0T-tokens", "--json");
        assertThat(nearest.get("tokens_asked_for").getAsLong()).isEqualTo(1_000_000_000_000L);
        assertThat(nearest.getAsJsonArray("checkpoints")).hasSize(1);
        assertThat(command.run("list", "amber@1.0T-tokens")).isZero();
        assertThat(command.out())
                .startsWith("nearest to 1,000,000,000,000 tokens:\n")
                .contains("ckpt-285");
    }

    @Test
    void a_uniform_sample_and_a_range_of_any_series_are_lists_too() throws IOException {
        JsonObject sample = command.json("list", "amber@uniform:12", "--json");
        assertThat(sample.getAsJsonArray("checkpoints")).hasSize(12);
        assertThat(command.run("list", "amber-nano@7..latest")).isZero();
        assertThat(command.out()).hasLineCount(4).contains("ckpt-007", "ckpt-009");
        Files.createDirectories(temp.resolve("my-run/ckpt-000"));
        assertThat(command.run("list", "my-run@latest")).isZero();
        assertThat(command.out()).isEqualTo("checkpoint  at hand\nckpt-000    yes\n");
    }

    @Test
    void metadata_is_what_djl_reads() {
        assertThat(command.run("list", "amber-nano@7..latest", "--metadata")).isZero();
        JsonObject metadata = JsonParser.parseString(command.out()).getAsJsonObject();
        assertThat(metadata.get("metadataVersion").getAsString()).isEqualTo("0.2");
        assertThat(metadata.getAsJsonArray("artifacts")).hasSize(3);
        command.assertFails(
                2,
                new String[] {"list", "--metadata"},
                "--refresh and --metadata are of one model");
    }

    @Test
    void lists_what_the_program_brings() {
        assertThat(command.run("list", "amber-nano")).isZero();
        assertThat(command.out().lines())
                .hasSize(11)
                .startsWith("checkpoint  step  tokens (M)    loss  at hand")
                .endsWith("ckpt-009     860        1.76  3.1834  yes");
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void what_there_is_none_of_is_one_line() {
        command.assertFails(1, new String[] {"list", "ambre"}, "no model 'ambre'", "amber-nano");
        command.assertFails(
                1,
                new String[] {"list", "amber@360", "--json"},
                "no checkpoint '360': amber has ckpt-000 to ckpt-359");
    }

    @Test
    void loading_the_nearest_says_which_it_is() throws IOException {
        Files.createDirectories(temp.resolve("amber"));
        TinyModel.withTokenizer(temp.resolve("amber/ckpt_285"));
        String[] args = {"generate", "amber@1.0T-tokens", "Hello", "--max-new-tokens=1"};
        assertThat(command.run(args)).isZero();
        assertThat(command.err())
                .isEqualTo(
                        "amber@1.0T-tokens: the nearest is amber@ckpt-285, with 999,767,408,640"
                                + " tokens\n");
        args[1] = "amber@285";
        assertThat(command.run(args)).isZero();
        assertThat(command.err()).isEmpty();
    }
}
