package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.StepMetrics;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainCommandTest {

    @TempDir Path temp;
    private TinyRun tiny;
    private String out;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        tiny = TinyRun.in(temp, 2);
        out = "--out=" + tiny.out();
    }

    private int pretrain(String... more) {
        List<String> args = new ArrayList<>(List.of("pretrain", tiny.recipe(), out));
        args.addAll(Arrays.asList(more));
        return command.run(args.toArray(String[]::new));
    }

    @Test
    void trains_to_the_end_and_keeps_a_series() throws IOException {
        assertThat(pretrain()).isZero();
        assertThat(command.out())
                .startsWith(tiny.out() + ": finished at step 16 of 16, loss ")
                .hasLineCount(1);
        assertThat(command.err())
                .contains("saved ckpt-000\n", "saved ckpt-001\n", "validation loss of noise");
        assertThat(StepMetrics.read(tiny.out())).hasSize(16);
        assertThat(command.run("generate", tiny.out() + "/ckpt-001", "--ids=1,2,3")).isZero();
    }

    @Test
    void prints_one_object_at_the_end_where_a_program_reads_it() {
        assertThat(pretrain("--json", "--set=steps=3", "--dtype=bf16")).isZero();
        JsonObject result = JsonParser.parseString(command.out()).getAsJsonObject();
        assertThat(result.get("finished").getAsBoolean()).isTrue();
        assertThat(result.get("step").getAsInt()).isEqualTo(3);
        assertThat(result.get("tokens").getAsInt()).isEqualTo(3 * 4 * 16);
        assertThat(result.get("loss").getAsDouble()).isBetween(3.0, 4.5);
        assertThat(command.err()).contains("step ");
    }

    @Test
    void keeps_the_resolved_configuration_with_an_absolute_data_path() throws IOException {
        pretrain("--set=steps=1", "--set=optimizer.weight_decay=0");
        ConfigTree saved = ConfigTree.read(tiny.out().resolve("config.yaml"));
        assertThat(saved.get("data.path")).contains(temp.resolve("data").toString());
        assertThat(saved.get("optimizer.weight_decay")).contains(0.0);
        assertThat(saved.get("optimizer.beta2")).contains(0.95);
        assertThat(saved.get("model.hidden_size")).contains(16L);
    }

    @Test
    void a_run_is_resumed_with_its_own_configuration() throws IOException {
        pretrain("--set=steps=5", "--set=schedule.total=16");
        assertThat(command.run("pretrain", out, "--resume", "--set=steps=16", "--allow-change"))
                .isZero();
        assertThat(command.out()).contains("finished at step 16 of 16");
        List<RunEvent> events = RunEvent.read(tiny.out());
        assertThat(events).extracting(RunEvent::kind).containsExactly("machine", "config_changed");
        assertThat(events.get(1).details().get("steps")).hasToString("{from=5, to=16}");
        double resumed = StepMetrics.read(tiny.out()).get(15).loss();
        String whole = "--out=" + temp.resolve("whole");
        assertThat(command.run("pretrain", tiny.recipe(), whole)).isZero();
        assertThat(StepMetrics.read(temp.resolve("whole")).get(15).loss()).isEqualTo(resumed);
    }

    @Test
    void a_finished_run_is_resumed_to_nothing() {
        pretrain("--set=steps=2");
        assertThat(command.run("pretrain", out, "--resume")).isZero();
        assertThat(command.out()).isEqualTo(tiny.out() + ": finished at step 2 of 2\n");
    }

    @Test
    void another_configuration_is_refused_and_names_each_change() {
        pretrain("--set=steps=2");
        String[] args = {
            "pretrain", tiny.recipe(), out, "--resume", "--set=batch.micro=4", "--set=steps=2"
        };
        command.assertFails(
                1, args, "begun with another configuration: batch.micro: 2 → 4;", "--allow-change");
        String[] never = {
            "pretrain", out, "--resume", "--allow-change", "--set=seed=6", "--dtype=bf16"
        };
        command.assertFails(1, never, "can't change seed: 5 → 6, precision: fp32 → bf16;");
    }

    @Test
    void other_data_is_refused_and_recorded_where_it_is_allowed() throws IOException {
        pretrain("--set=steps=2");
        TinyRun.in(temp.resolve("other"), 3);
        String other = "--set=data.path=" + temp.resolve("other/data");
        command.assertFails(
                1,
                new String[] {"pretrain", out, "--resume", other},
                "begun with another configuration: data.path: ");
        String moved = "--set=steps=4";
        assertThat(command.run("pretrain", out, "--resume", other, moved, "--allow-change"))
                .isZero();
        assertThat(RunEvent.read(tiny.out()).get(1).details())
                .containsOnlyKeys("data.path", "data", "steps");
    }

    @Test
    void a_plan_says_what_a_recipe_takes_without_its_data() {
        JsonObject plan = command.json("pretrain", tiny.recipe(), "--plan", "--json");
        assertThat(plan.get("steps").getAsInt()).isEqualTo(16);
        assertThat(plan.get("memory_total").getAsLong()).isPositive();
        assertThat(plan.get("seconds").isJsonNull()).isTrue();
        assertThat(tiny.out()).doesNotExist();
        String[] hours = {
            "pretrain",
            "amber-160m",
            "--plan",
            "--flops=1e12",
            "--set=recompute_layers=16",
            "--set=batch.micro=1"
        };
        assertThat(command.run(hours)).isZero();
        assertThat(command.out())
                .startsWith("amber-160m\n")
                .contains("parameters     162,423,552\n", "6,667, 1 chunk of 6,667", "60d 21:");
    }

    @Test
    void an_end_token_that_the_data_lacks_is_told_before_and_at_the_beginning() {
        String warning =
                "warning: the model's eos_token_id is 7, but the data's documents end with 2:"
                        + " the model won't learn to end a text; set model.eos_token_id=2";
        String seven = "--set=model.eos_token_id=7";
        assertThat(command.run("pretrain", tiny.recipe(), "--plan", seven)).isZero();
        assertThat(command.err()).startsWith(warning).hasLineCount(1);
        assertThat(pretrain(seven, "--set=steps=2")).isZero();
        assertThat(command.err()).containsOnlyOnce(warning);
        assertThat(command.run("pretrain", tiny.recipe(), "--plan", "--set=model.eos_token_id=2"))
                .isZero();
        assertThat(command.err()).isEmpty();
    }

    @Test
    void an_entry_of_the_model_that_nobody_reads_is_refused() {
        command.assertFails(
                1,
                new String[] {"pretrain", tiny.recipe(), "--plan", "--set=model.num_layers=2"},
                "unknown key 'model.num_layers'; did you mean model.num_hidden_layers");
    }

    @Test
    void the_part_that_says_how_data_is_made_is_checked_too() {
        command.assertFails(
                1,
                new String[] {"pretrain", "amber-nano", "--plan", "--set=prepare.chunkz=5"},
                "prepare: unknown key 'chunkz'; did you mean chunks");
        command.assertFails(
                1,
                new String[] {
                    "pretrain",
                    "crystalcoder-nano",
                    "--plan",
                    "--set=phases.phase2.prepare.rows_per_chunk=many"
                },
                "prepare: rows_per_chunk is 'many'; expected a whole number");
    }

    @Test
    void a_plan_that_can_not_fit_is_printed_and_fails() {
        assertThat(
                        command.run(
                                "pretrain",
                                "amber-7b",
                                "--plan",
                                "--set=batch.micro=2240",
                                "--device=cpu"))
                .isEqualTo(1);
        assertThat(command.out()).contains("274,320, 360 chunks of 762", "1,258,448,486,400");
        assertThat(command.err()).hasLineCount(1).contains("training takes about ", " free; ");
    }

    @Test
    void never_begins_where_something_is() {
        pretrain("--set=steps=1");
        assertThat(pretrain()).isEqualTo(1);
        assertThat(command.err()).hasLineCount(1).contains("holds a run already", "--resume");
    }

    @Test
    void wrong_use_is_one_line_and_status_2() {
        command.assertFails(2, new String[] {"pretrain", out}, "Missing RECIPE");
        command.assertFails(2, new String[] {"pretrain", tiny.recipe()}, "Missing --out=DIR");
        command.assertFails(
                2,
                new String[] {"pretrain", tiny.recipe(), out, "--allow-change"},
                "--allow-change goes with --resume");
        command.assertFails(1, new String[] {"pretrain", "amber-8b", out}, "no recipe 'amber-8b'");
        command.assertFails(
                1,
                new String[] {"pretrain", tiny.recipe(), out, "--set=batch.mikro=1"},
                "unknown key 'batch.mikro'; did you mean batch.micro");
        command.assertFails(
                1,
                new String[] {"pretrain", tiny.recipe(), out, "--set=data.path=nowhere"},
                Path.of("nowhere").toAbsolutePath().toString(),
                "no prepared data set");
        command.assertFails(
                1, new String[] {"pretrain", out, "--resume"}, "holds no run: there is no config");
        assertThat(tiny.out()).doesNotExist();
    }

    @Test
    void a_terminated_process_saves_its_step_and_ends_with_130() throws Exception {
        List<String> line =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        "-Dai.djl.offline=true",
                        Llm360.class.getName(),
                        "pretrain",
                        TinyRun.in(temp.resolve("long"), 2000).recipe(),
                        out);
        Process process =
                new ProcessBuilder(line).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        List<String> told = new ArrayList<>();
        try (BufferedReader err =
                new BufferedReader(
                        new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String text = err.readLine(); text != null; text = err.readLine()) {
                told.add(text);
                if (text.startsWith("step ") && told.size() == 1) {
                    process.toHandle().destroy(); // SIGTERM; process.destroy would close err
                }
            }
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as("%s", told).isEqualTo(130);
        assertThat(told).anyMatch(text -> text.startsWith("stopping after this step"));
        int steps = StepMetrics.read(tiny.out()).size();
        assertThat(steps).isPositive().isLessThan(16_000);
        String last = "--set=steps=" + (steps + 2);
        assertThat(command.run("pretrain", out, "--resume", last, "--allow-change")).isZero();
        assertThat(StepMetrics.read(tiny.out())).hasSize(steps + 2);
        assertThat(Files.exists(tiny.out().resolve("resume"))).isTrue();
    }
}
