package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();
    private String data;

    @BeforeEach
    void write() throws IOException {
        data = TinyBenchmark.in(temp.resolve("evals"));
    }

    @Test
    void an_embedded_model_is_measured_and_its_results_are_written() throws IOException {
        Path out = temp.resolve("results.json");
        Path samples = temp.resolve("samples.jsonl");
        int status =
                command.run(
                        "evaluate",
                        "amber-nano@0",
                        "--tasks=arc_easy",
                        "--data=" + data,
                        "--limit=2",
                        "--out=" + out,
                        "--samples=" + samples);

        assertThat(status).as(command.err()).isZero();
        assertThat(command.out())
                .matches(
                        """
                        task      shots  documents  measure    value  ± error
                        arc_easy  0      2          acc       \\d\\.\\d{4}  ± \\d\\.\\d{4}
                         {28}acc_norm  \\d\\.\\d{4}  ± \\d\\.\\d{4}
                         {28}bpb +\\d+\\.\\d{4}  ± \\d\\.\\d{4}
                         {28}p_gold +\\d\\.\\d{4}  ± \\d\\.\\d{4}
                        """);
        JsonObject json = JsonParser.parseString(Files.readString(out)).getAsJsonObject();
        assertThat(json.getAsJsonObject("results").getAsJsonObject("arc_easy").keySet())
                .contains("acc,none", "acc_stderr,none", "acc_norm,none", "bpb,none");
        JsonObject model = json.getAsJsonObject("llm360").getAsJsonObject("model");
        assertThat(model.get("checkpoint").getAsString()).isEqualTo("amber-nano@ckpt-000");
        assertThat(model.keySet()).contains("step", "tokens");
        assertThat(json.getAsJsonObject("config").get("limit").getAsInt()).isEqualTo(2);
        assertThat(Files.readAllLines(samples)).hasSize(2);
    }

    @Test
    void json_is_what_the_file_holds() throws IOException {
        String model = TinyModel.withTokenizer(temp.resolve("model"));
        int status = command.run("evaluate", model, "--tasks=arc_easy", "--data=" + data, "--json");
        assertThat(status).as(command.err()).isZero();
        assertThat(command.out()).hasLineCount(1);
        JsonObject json = JsonParser.parseString(command.out()).getAsJsonObject();
        assertThat(json.keySet()).contains("results", "versions", "config", "llm360");
    }

    @Test
    void requests_are_hashed_without_a_model() {
        JsonObject json =
                command.json(
                        "evaluate",
                        "--tasks=arc_easy",
                        "--data=" + data,
                        "--hash-requests",
                        "--json");
        assertThat(json.get("profile").getAsString()).isEqualTo("lm-eval@0.4.13");
        JsonObject task = json.getAsJsonObject("tasks").getAsJsonObject("arc_easy");
        assertThat(task.keySet())
                .containsExactly("docs", "requests", "sha256_nul_joined", "sha256_json");
        assertThat(task.get("requests").getAsInt()).isEqualTo(6);

        assertThat(command.run("evaluate", "--tasks=arc_easy", "--data=" + data, "--hash-requests"))
                .isZero();
        assertThat(command.out())
                .contains("arc_easy\n  docs               3\n  requests           6\n")
                .contains(task.get("sha256_json").getAsString());
    }

    @Test
    void generated_code_is_run_only_if_that_is_allowed() {
        command.assertFails(
                2,
                new String[] {"evaluate", "amber-nano", "--tasks=humaneval", "--data=" + data},
                "give --allow-code-execution");
    }

    @Test
    void wrong_use_is_told_before_a_model_is_loaded() {
        fails(2, "Missing model: give REF", "--tasks=arc_easy");
        fails(2, "--shots must be 0 to 1000", "no-model", "--tasks=arc_easy", "--shots=-1");
        fails(2, "--limit must be 1 or more", "no-model", "--tasks=arc_easy", "--limit=0");
        fails(2, "no use without", "no-model", "--tasks=arc_easy", "--allow-unconfined");
        fails(1, "did you mean", "no-model", "--tasks=arc_eazy");
        fails(1, "ARC-Challenge-Test.jsonl", "no-model", "--tasks=arc_challenge");
        fails(1, "there are lm-eval@0.4.13", "no-model", "--tasks=arc_easy", "--profile=x");
        String absent = temp + "/absent/results.json";
        fails(1, temp + "/absent", "no-model", "--tasks=arc_easy", "--out=" + absent);
        fails(1, temp + "/absent", "no-model", "--tasks=arc_easy", "--samples=" + absent);
    }

    private void fails(int status, String message, String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "evaluate";
        all[1] = "--data=" + data;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        command.assertFails(status, all, message);
    }
}
