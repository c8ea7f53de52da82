package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.io.internal.AtomicDirectory;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe in two phases, from text to the last phase's checkpoints. */
class PhasedTrainingTest {

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
              tokenizer: tokenizer.json
              row_length: 17
              chunks: 2
              sources:
                - name: tales
                  path: tales.txt
            batch: {global: 4, micro: 2}
            schedule: {peak: 1e-2, end: 1e-3, warmup: 2}
            phases:
              phase1:
              phase2:
                prepare:
                  chunks: 3
                  sources:
                    - name: more
                      path: more.txt
                schedule: {peak: 5e-3}
            """;

    @TempDir Path temp;
    private String recipe;
    private Path run;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void prepare() throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(temp);
        Files.writeString(temp.resolve("tales.txt"), "once upon a time ".repeat(200));
        Files.writeString(temp.resolve("more.txt"), "a time once upon ".repeat(300));
        Path file = temp.resolve("recipe.yaml");
        recipe = Files.writeString(file, RECIPE.formatted(temp.resolve("data"))).toString();
        run = temp.resolve("run");
        assertThat(prepared("data")).isZero();
    }

    private int prepared(String name) {
        return command.run("data", "prepare", recipe, "--out=" + temp.resolve(name));
    }

    private int pretrain(String... more) {
        String[] all = new String[more.length + 2];
        all[0] = "pretrain";
        all[1] = "--out=" + run;
        System.arraycopy(more, 0, all, 2, more.length);
        return command.run(all);
    }

    private static Map<String, String> weights(Path checkpoint) throws IOException {
        return SavedState.open(checkpoint).tensorHashes();
    }

    @Test
    void each_phase_has_data_of_its_own() {
        assertThat(command.out())
                .contains(temp.resolve("data/phase1") + ": 2 chunks, ")
                .contains(temp.resolve("data/phase2") + ": 3 chunks, ");
        assertThat(prepared("data")).isEqualTo(1);
        assertThat(command.err()).contains("exists and is not an empty directory");
        String one = "--out=" + temp.resolve("one");
        assertThat(command.run("data", "prepare", recipe + "/phase2", one)).isZero();
        assertThat(temp.resolve("one/manifest.json"))
                .hasSameBinaryContentAs(temp.resolve("data/phase2/manifest.json"));
    }

    @Test
    void a_phase_begins_where_the_one_before_ended() throws IOException {
        assertThat(pretrain(recipe)).isZero();
        assertThat(command.out())
                .hasLineCount(2)
                .contains(run.resolve("phase1") + ": finished at step ")
                .contains(run.resolve("phase2") + ": finished at step ");
        ConfigTree second = ConfigTree.read(run.resolve("phase2/config.yaml"));
        assertThat(second.get("name")).contains("tales/phase2");
        assertThat(second.get("schedule.warmup")).contains(2L);
        assertThat(second.get("start.checkpoint"))
                .contains(run.resolve("phase1/ckpt-001").toString());
        String one = "--out=" + temp.resolve("one");
        String two = "--out=" + temp.resolve("two");
        String from = "--from=" + temp.resolve("one/ckpt-001");
        assertThat(command.run("pretrain", recipe + "/phase1", one)).isZero();
        assertThat(command.run("pretrain", recipe + "/phase2", two, from)).isZero();
        assertThat(weights(temp.resolve("two/ckpt-002")))
                .isEqualTo(weights(run.resolve("phase2/ckpt-002")));
    }

    @Test
    void a_resume_goes_on_in_the_phase_where_it_stood() throws IOException {
        pretrain(recipe);
        Map<String, String> whole = weights(run.resolve("phase2/ckpt-002"));
        AtomicDirectory.remove(run.resolve("phase2/ckpt-002"));
        assertThat(pretrain("--resume")).isZero();
        assertThat(weights(run.resolve("phase2/ckpt-002"))).isEqualTo(whole);
        int steps = StepMetrics.read(run.resolve("phase1")).size();
        assertThat(command.out())
                .startsWith(
                        run.resolve("phase1")
                                + ": finished at step %d of %d\n".formatted(steps, steps));
        AtomicDirectory.remove(run.resolve("phase2"));
        assertThat(pretrain("--resume", recipe)).isZero();
        assertThat(weights(run.resolve("phase2/ckpt-002"))).isEqualTo(whole);
    }

    @Test
    void one_phase_may_be_trained_alone() throws IOException {
        assertThat(pretrain(recipe, "--phase=phase1", "--json")).isZero();
        JsonObject result = JsonParser.parseString(command.out()).getAsJsonObject();
        assertThat(result.get("finished").getAsBoolean()).isTrue();
        assertThat(result.getAsJsonArray("phases")).hasSize(1);
        assertThat(run.resolve("phase2")).doesNotExist();
        assertThat(pretrain(recipe, "--phase=phase2")).isZero();
        assertThat(run.resolve("phase2/ckpt-002")).isDirectory();
        assertThat(pretrain(recipe, "--phase=phase2")).isEqualTo(1);
        assertThat(command.err()).contains("holds a run already", "--resume");
    }

    @Test
    void a_phase_waits_for_the_end_of_the_one_before() throws IOException {
        String[] second = {"pretrain", recipe, "--out=" + run, "--phase=phase2"};
        command.assertFails(1, second, run.resolve("phase1") + ": holds no run");
        pretrain(recipe, "--phase=phase1", "--set=schedule.total=20");
        AtomicDirectory.remove(run.resolve("phase1/ckpt-001"));
        String[] again = {
            "pretrain", recipe, "--out=" + run, "--phase=phase2", "--set=schedule.total=20"
        };
        command.assertFails(1, again, "phase1 has not reached its last step, ", "--from");
    }

    @Test
    void another_recipe_is_refused_for_what_is_to_come_too() {
        pretrain(recipe, "--phase=phase1");
        String change = "--set=phases.phase2.schedule.peak=1e-3";
        String[] args = {"pretrain", recipe, "--out=" + run, "--resume", change};
        command.assertFails(
                1,
                args,
                "begun with another recipe: phases.phase2.schedule.peak: 0.005 → 0.001;",
                "--allow");
        assertThat(pretrain(recipe, "--resume", change, "--allow-change")).isZero();
        assertThat(pretrain(recipe)).isEqualTo(1);
        assertThat(command.err()).contains("holds a training in phases already");
        String[] none = {"pretrain", recipe, "--out=" + temp.resolve("none"), "--resume"};
        command.assertFails(1, none, "recipe.yaml: can't be read");
        assertThat(temp.resolve("none")).doesNotExist();
    }

    @Test
    void a_plan_tells_each_phase_and_the_sum() {
        assertThat(command.run("pretrain", recipe, "--plan")).isZero();
        assertThat(command.out()).contains("tales/phase1\n", "tales/phase2\n", "in all: ");
        JsonObject plan = command.json("pretrain", recipe, "--plan", "--json", "--flops=1e9");
        long steps = 0;
        for (int i = 0; i < 2; i++) {
            JsonObject phase = plan.getAsJsonArray("phases").get(i).getAsJsonObject();
            steps += phase.get("steps").getAsLong();
        }
        assertThat(plan.get("steps").getAsLong()).isEqualTo(steps);
        assertThat(plan.get("tokens").getAsLong()).isEqualTo(64 * steps);
        assertThat(plan.get("seconds").getAsDouble()).isPositive();
    }

    @Test
    void wrong_use_names_the_phases_there_are() {
        String out = "--out=" + run;
        command.assertFails(
                1,
                new String[] {"pretrain", recipe, out, "--phase=phase3"},
                "no phase 'phase3': the recipe has phase1, phase2");
        command.assertFails(
                1,
                new String[] {"pretrain", recipe + "/phase1", out, "--phase=phase1"},
                "no phase 'phase1': the recipe has no phases");
        command.assertFails(
                1,
                new String[] {"pretrain", recipe, out, "--set=data.path=" + temp.resolve("no")},
                "no data at " + temp.resolve("no/phase1"),
                "llm360 data prepare " + recipe + " --out=" + temp.resolve("no"));
        command.assertFails(
                1,
                new String[] {"pretrain", recipe, out, "--from=" + temp.resolve("nowhere")},
                "no checkpoint at " + temp.resolve("nowhere"));
        assertThat(run).doesNotExist();
    }
}
