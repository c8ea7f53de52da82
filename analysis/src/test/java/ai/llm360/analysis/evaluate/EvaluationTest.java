package ai.llm360.analysis.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import ai.llm360.analysis.code.Sandbox;
import ai.llm360.analysis.code.SandboxLimits;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.Request;
import ai.llm360.analysis.task.Task;
import ai.llm360.analysis.task.TaskData;
import ai.llm360.analysis.task.TaskLibrary;
import ai.llm360.io.internal.Hashes;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {

    @TempDir Path temp;

    /** Finds a continuation the more probable the shorter it is, and answers with "#### 7". */
    private static final Answerer SHORT =
            requests -> requests.stream().map(EvaluationTest::answer).toList();

    private static Response answer(Request request) {
        if (request instanceof Request.LogLikelihood pair) {
            int length = pair.continuation().length();
            return new Response.LogLikelihood(-length, length == 2, 1);
        }
        return request instanceof Request.Rolling rolling
                ? new Response.Rolling(-rolling.text().length(), rolling.text().length())
                : new Response.Generation(List.of("    return 7 #### 7"));
    }

    private EvaluationTasks tasks(Profile profile, String... names) throws IOException {
        return EvaluationTasks.read(
                TaskLibrary.open(),
                List.of(names),
                profile,
                OptionalInt.empty(),
                TaskData.in(temp),
                Optional.empty(),
                OptionalInt.empty());
    }

    private void arc() throws IOException {
        Files.write(
                temp.resolve("ARC-Easy-Test.jsonl"),
                List.of(arc("What?", "a", "bbb", "B"), arc("Who?", "a", "bb", "A")));
    }

    private static String arc(String question, String a, String b, String right) {
        return """
        {"id": "1", "question": {"stem": "%s", "choices": [{"text": "%s", "label": "A"}, \
        {"text": "%s", "label": "B"}]}, "answerKey": "%s"}\
        """
                .formatted(question, a, b, right);
    }

    @Test
    void a_choice_task_has_its_pages_measures_and_the_two_that_move_early() throws IOException {
        arc();

        TaskResult result = only(tasks(Profile.LM_EVAL_0_4_13, "arc_easy"));

        assertThat(result.metrics())
                .extracting(MetricResult::metric)
                .containsExactly("acc", "acc_norm", "bpb", "p_gold");
        // "a" is the shortest and so most probable; by the character " bbb" and " bb" win.
        assertThat(result.metrics().get(0).value()).isEqualTo(0.5);
        assertThat(result.metrics().get(1).value()).isEqualTo(0.5);
        assertThat(result.metrics().get(0).error().orElseThrow()).isEqualTo(0.5);
        assertThat(result.metrics().get(2).value())
                .isCloseTo(1 / Math.log(2), within(1e-12)); // a nat a byte
        double second = Math.exp(-4) / (Math.exp(-4) + Math.exp(-2));
        double first = Math.exp(-2) / (Math.exp(-2) + Math.exp(-3));
        assertThat(result.metrics().get(3).value()).isCloseTo((first + second) / 2, within(1e-12));
    }

    @Test
    void results_have_the_fields_of_lm_evaluation_harness() throws IOException {
        arc();
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_0_4_13, "arc_easy");
        ResultsFile file = new ResultsFile(tasks, run());

        Path written = file.write(temp.resolve("results.json"), List.of(only(tasks)));

        JsonObject json = JsonParser.parseString(Files.readString(written)).getAsJsonObject();
        assertThat(json.keySet())
                .containsExactly(
                        "results",
                        "group_subtasks",
                        "configs",
                        "versions",
                        "n-shot",
                        "higher_is_better",
                        "n-samples",
                        "config",
                        "git_hash",
                        "date",
                        "pretty_env_info",
                        "transformers_version",
                        "lm_eval_version",
                        "upper_git_hash",
                        "tokenizer_pad_token",
                        "tokenizer_eos_token",
                        "tokenizer_bos_token",
                        "eot_token_id",
                        "max_length",
                        "task_hashes",
                        "model_source",
                        "model_name",
                        "model_name_sanitized",
                        "system_instruction",
                        "system_instruction_sha",
                        "fewshot_as_multiturn",
                        "chat_template",
                        "chat_template_sha",
                        "total_evaluation_time_seconds",
                        "llm360");
        assertThat(json.getAsJsonObject("results").getAsJsonObject("arc_easy").toString())
                .startsWith(
                        "{\"name\":\"arc_easy\",\"alias\":\"arc_easy\",\"sample_len\":2,"
                            + "\"acc,none\":0.5,\"acc_stderr,none\":0.5,\"acc_norm,none\":0.5,");
        assertThat(json.getAsJsonObject("config").keySet())
                .contains("model", "model_args", "model_num_parameters", "limit", "fewshot_seed");
        assertThat(json.getAsJsonObject("n-samples").toString())
                .isEqualTo("{\"arc_easy\":{\"original\":2,\"effective\":2}}");
        assertThat(json.get("model_name_sanitized").getAsString()).isEqualTo("LLM360__Amber@x");
        JsonObject own = json.getAsJsonObject("llm360");
        assertThat(own.get("profile").getAsString()).isEqualTo("lm-eval@0.4.13");
        JsonObject data = own.getAsJsonObject("data").getAsJsonObject("arc_easy");
        assertThat(data.get("comparable").getAsBoolean()).isTrue();
        assertThat(
                        data.getAsJsonArray("files")
                                .get(0)
                                .getAsJsonObject()
                                .get("sha256")
                                .getAsString())
                .isEqualTo(Hashes.sha256(temp.resolve("ARC-Easy-Test.jsonl")));
    }

    @Test
    void the_old_profiles_file_is_that_of_its_time() throws IOException {
        arc();
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_B281B09, "arc_easy");

        JsonObject json = new ResultsFile(tasks, run()).json(List.of(only(tasks)));

        assertThat(json.keySet()).containsExactly("results", "versions", "config", "llm360");
        assertThat(json.getAsJsonObject("results").getAsJsonObject("arc_easy").keySet())
                .contains("acc", "acc_stderr", "acc_norm", "acc_norm_stderr");
        assertThat(json.getAsJsonObject("versions").toString()).isEqualTo("{\"arc_easy\":0}");
    }

    @Test
    void a_log_of_samples_has_the_harness_fields_and_hashes() throws IOException {
        arc();
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_0_4_13, "arc_easy");
        TaskResult result = only(tasks);
        ResultsFile file = new ResultsFile(tasks, run());
        Path log = temp.resolve("samples.jsonl");

        file.writeSamples(log, result);
        file.writeSamples(log, result);

        List<String> lines = Files.readAllLines(log);
        assertThat(lines).hasSize(4);
        JsonObject line = JsonParser.parseString(lines.get(0)).getAsJsonObject();
        assertThat(line.keySet())
                .containsExactly(
                        "task",
                        "doc_id",
                        "doc",
                        "target",
                        "arguments",
                        "resps",
                        "filtered_resps",
                        "filter",
                        "metrics",
                        "doc_hash",
                        "prompt_hash",
                        "target_hash",
                        "acc",
                        "acc_norm",
                        "bpb",
                        "p_gold");
        assertThat(line.get("target").getAsString()).isEqualTo("1");
        assertThat(line.get("resps").toString())
                .isEqualTo("[[[\"-2.0\",\"True\"]],[[\"-4.0\",\"False\"]]]");
        assertThat(line.getAsJsonObject("arguments").getAsJsonObject("gen_args_1").toString())
                .isEqualTo("{\"arg_0\":\"Question: What?\\nAnswer:\",\"arg_1\":\" bbb\"}");
        assertThat(line.get("prompt_hash").getAsString())
                .isEqualTo(Hashes.sha256("Question: What?\nAnswer:"));
        assertThat(line.get("target_hash").getAsString()).isEqualTo(Hashes.sha256("1"));
        StringBuilder hashes = new StringBuilder();
        for (String name : List.of("doc_hash", "prompt_hash", "target_hash")) {
            hashes.append(line.get(name).getAsString());
        }
        JsonObject second = JsonParser.parseString(lines.get(1)).getAsJsonObject();
        for (String name : List.of("doc_hash", "prompt_hash", "target_hash")) {
            hashes.append(second.get(name).getAsString());
        }
        assertThat(result.hash()).isEqualTo(Hashes.sha256(hashes.toString()));
    }

    @Test
    void a_directory_gets_a_file_of_samples_for_each_task() throws IOException {
        arc();
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_0_4_13, "arc_easy");
        ResultsFile file = new ResultsFile(tasks, run());

        Path samples = file.writeSamples(temp, only(tasks));
        Path results = file.write(temp, List.of(only(tasks)));

        assertThat(samples.getFileName().toString())
                .matches("samples_arc_easy_[\\d-]+T[\\d-]+\\.\\d{6}\\.jsonl");
        assertThat(results.getFileName().toString())
                .isEqualTo(
                        samples.getFileName()
                                .toString()
                                .replace("samples_arc_easy", "results")
                                .replace(".jsonl", ".json"));
        assertThat(
                        JsonParser.parseString(Files.readAllLines(samples).get(0))
                                .getAsJsonObject()
                                .keySet())
                .doesNotContain("task");
    }

    @Test
    void answers_are_taken_out_by_each_filter() throws IOException {
        Files.writeString(
                temp.resolve("gsm8k_test.jsonl"),
                "{\"question\": \"Why?\", \"answer\": \"so #### 7\"}\n");
        EvaluationTasks tasks =
                EvaluationTasks.read(
                        TaskLibrary.open(),
                        List.of("gsm8k"),
                        Profile.LM_EVAL_0_4_13,
                        OptionalInt.of(0),
                        TaskData.in(temp),
                        Optional.empty(),
                        OptionalInt.empty());

        TaskResult result = only(tasks);

        assertThat(result.metrics())
                .extracting(
                        metric -> metric.metric() + "," + metric.filter() + " " + metric.value())
                .containsExactly(
                        "exact_match,strict-match 1.0", "exact_match,flexible-extract 1.0");
        assertThat(result.metrics().get(0).error()).isEmpty();
        assertThat(result.samples()).hasSize(2);
        assertThat(result.samples().get(0).get("filtered_resps").toString()).isEqualTo("[\"7\"]");
    }

    @Test
    void groups_weigh_their_tasks_by_size_today_and_not_in_the_paper() throws IOException {
        mmlu();
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_0_4_13, "mmlu_stem");
        List<TaskResult> results = Evaluation.of(tasks).run(SHORT, result -> {});

        List<GroupResult> groups = new ResultsFile(tasks, run()).groups(results);

        assertThat(groups).extracting(GroupResult::name).containsExactly("mmlu_stem");
        assertThat(groups.get(0).members()).hasSize(19).contains("mmlu_astronomy");
        // The first choice is taken: right once in 1 of anatomy's, and never in the others'.
        assertThat(groups.get(0).evaluated()).isEqualTo(18 * 2 + 1);
        assertThat(groups.get(0).metrics().get(0).value()).isCloseTo(1.0 / 37, within(1e-12));
        JsonObject json = new ResultsFile(tasks, run()).json(results);
        assertThat(json.getAsJsonObject("groups").getAsJsonObject("mmlu_stem").keySet())
                .contains("alias", "acc,none", "sample_len", "sample_count");
        assertThat(json.getAsJsonObject("group_subtasks").getAsJsonArray("mmlu_stem")).hasSize(19);
        assertThat(json.getAsJsonObject("n-shot").get("mmlu_stem").getAsInt()).isZero();
    }

    private void mmlu() throws IOException {
        Path test = Files.createDirectories(temp.resolve("test"));
        String question = "Which?,w,x,y,z,%s\n";
        for (Task task : TaskLibrary.open().find("mmlu", Profile.LM_EVAL_0_4_13)) {
            String subject = task.name().substring("mmlu_".length());
            String rows =
                    subject.equals("anatomy")
                            ? question.formatted("A")
                            : question.formatted("B") + question.formatted("C");
            Files.writeString(test.resolve(subject + "_test.csv"), rows);
        }
        assertThat(tasks(Profile.LM_EVAL_B281B09, "mmlu").groups())
                .allMatch(group -> !group.page().weighBySize().orElse(true));
    }

    @Test
    void programs_are_run_only_in_a_sandbox() throws IOException {
        Files.writeString(
                temp.resolve("HumanEval.jsonl"),
                """
                {"task_id": "HumanEval/0", "prompt": "def f():\\n", "entry_point": "f", \
                "canonical_solution": "", "test": "def check(f):\\n    assert f() == 7\\n"}
                {"task_id": "HumanEval/1", "prompt": "def f():\\n", "entry_point": "f", \
                "canonical_solution": "", "test": "def check(f):\\n    assert f() == 8\\n"}
                """);
        EvaluationTasks tasks = tasks(Profile.LM_EVAL_0_4_13, "humaneval");
        assertThatThrownBy(() -> Evaluation.of(tasks).run(SHORT, result -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("runs the code");

        try (Sandbox sandbox = sandbox()) {
            TaskResult result = Evaluation.of(tasks).with(sandbox).run(SHORT, it -> {}).get(0);
            assertThat(result.metrics())
                    .extracting(metric -> metric.metric() + "," + metric.filter())
                    .containsExactly("pass@1,create_test");
            assertThat(result.metrics().get(0).value()).isEqualTo(0.5);
            assertThat(result.samples().get(1).get("verdicts").toString())
                    .isEqualTo("[\"AssertionError:\"]");
        }
    }

    private static Sandbox sandbox() {
        try {
            return Sandbox.open(SandboxLimits.DEFAULT, false);
        } catch (IOException e) {
            return abort("this machine has no python3, or no namespaces: " + e.getMessage());
        }
    }

    @Test
    void a_finished_task_is_handed_on_before_the_next_is_begun() throws IOException {
        arc();
        Files.writeString(temp.resolve("ARC-Challenge-Test.jsonl"), arc("Why?", "a", "b", "A"));
        List<String> events = new ArrayList<>();
        Answerer answerer =
                requests -> {
                    events.add("asked");
                    return SHORT.answer(requests);
                };

        Evaluation.of(tasks(Profile.LM_EVAL_0_4_13, "arc_easy", "arc_challenge"))
                .run(answerer, result -> events.add(result.name()));

        assertThat(events).containsExactly("asked", "arc_easy", "asked", "arc_challenge");
    }

    private static TaskResult only(EvaluationTasks tasks) throws IOException {
        List<TaskResult> results = Evaluation.of(tasks).run(SHORT, result -> {});
        assertThat(results).hasSize(1);
        return results.get(0);
    }

    private static EvaluationRun run() {
        return new EvaluationRun(
                new EvaluatedModel(
                        "LLM360/Amber@x",
                        "LLM360/Amber@x",
                        OptionalLong.empty(),
                        OptionalLong.of(1000),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        7,
                        "float32",
                        2048,
                        Optional.of(new EvaluatedModel.Token("<s>", 1)),
                        Optional.empty()),
                "llm360 test",
                "cpu()",
                Instant.now(),
                OptionalInt.empty(),
                Optional.empty());
    }
}
