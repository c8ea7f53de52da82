package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.TaskData.DataFile;
import ai.llm360.analysis.task.TaskPage;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Results under the names that lm-evaluation-harness' own files have, so that its tools read them.
 * Fields of this project's own are under {@code llm360}.
 */
final class ResultsJson {

    private static final String NOT_AVAILABLE = "N/A";

    private final EvaluationTasks tasks;
    private final EvaluationRun run;
    private final List<TaskResult> results;
    private final List<GroupResult> groups;

    ResultsJson(EvaluationTasks tasks, EvaluationRun run, List<TaskResult> results) {
        this.tasks = tasks;
        this.run = run;
        this.results = results;
        groups = Groups.of(tasks, results);
    }

    JsonObject of(Instant now) {
        JsonObject json = tasks.profile() == Profile.LM_EVAL_0_4_13 ? today(now) : old();
        json.add("llm360", own());
        return json;
    }

    /** A number; null where it is infinite, which JSON has no word for. */
    static JsonElement number(double value) {
        return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
    }

    private JsonObject today(Instant now) {
        JsonObject json = new JsonObject();
        JsonObject all = new JsonObject();
        JsonObject ofGroups = new JsonObject();
        results.forEach(result -> all.add(result.name(), todays(result)));
        groups.forEach(group -> all.add(group.name(), todays(group)));
        groups.forEach(group -> ofGroups.add(group.name(), todays(group)));
        json.add("results", all);
        if (!groups.isEmpty()) {
            json.add("groups", ofGroups);
        }
        json.add("group_subtasks", groups(group -> strings(group.members())));
        json.add("configs", tasks(this::config));
        JsonObject versions = tasks(result -> new JsonPrimitive(page(result).version()));
        groups.forEach(
                group ->
                        versions.addProperty(
                                group.name(), group.group().version().orElse(NOT_AVAILABLE)));
        json.add("versions", versions);
        JsonObject shots = tasks(result -> new JsonPrimitive(result.asked().shots()));
        JsonObject better = tasks(result -> better(result.metrics()));
        for (GroupResult group : groups) {
            better.add(group.name(), better(group.metrics()));
            shotsOf(group).ifPresent(number -> shots.addProperty(group.name(), number));
        }
        json.add("n-shot", shots);
        json.add("higher_is_better", better);
        json.add("n-samples", tasks(ResultsJson::samples));
        json.add("config", config());
        json.add("git_hash", JsonNull.INSTANCE);
        json.addProperty("date", run.started().toEpochMilli() / 1e3);
        json.addProperty("pretty_env_info", run.program());
        json.addProperty("transformers_version", NOT_AVAILABLE);
        json.addProperty("lm_eval_version", "0.4.13");
        json.add("upper_git_hash", JsonNull.INSTANCE);
        EvaluatedModel model = run.model();
        json.add("tokenizer_pad_token", token(Optional.empty()));
        json.add("tokenizer_eos_token", token(model.eos()));
        json.add("tokenizer_bos_token", token(model.bos()));
        json.add(
                "eot_token_id",
                model.eos()
                        .<JsonElement>map(eos -> new JsonPrimitive(eos.id()))
                        .orElse(JsonNull.INSTANCE));
        json.addProperty("max_length", model.contextLength());
        json.add("task_hashes", tasks(result -> new JsonPrimitive(result.hash())));
        json.addProperty("model_source", "llm360");
        json.addProperty("model_name", model.reference());
        json.addProperty("model_name_sanitized", ResultsFile.sanitized(model.reference()));
        for (String absent :
                List.of(
                        "system_instruction",
                        "system_instruction_sha",
                        "fewshot_as_multiturn",
                        "chat_template",
                        "chat_template_sha")) {
            json.add(absent, JsonNull.INSTANCE);
        }
        json.addProperty(
                "total_evaluation_time_seconds",
                String.valueOf(Duration.between(run.started(), now).toMillis() / 1e3));
        return json;
    }

    private static JsonObject todays(TaskResult result) {
        JsonObject json = new JsonObject();
        json.addProperty("name", result.name());
        json.addProperty("alias", result.name());
        json.addProperty("sample_len", result.evaluated());
        return withMetrics(json, result.metrics());
    }

    private static JsonObject todays(GroupResult group) {
        JsonObject json = new JsonObject();
        json.addProperty("name", group.name());
        json.addProperty("alias", group.group().alias().orElse(group.name()));
        json.addProperty("sample_len", group.evaluated());
        JsonObject counts = new JsonObject();
        group.metrics().forEach(metric -> counts.addProperty(key(metric, ""), group.evaluated()));
        withMetrics(json, group.metrics());
        json.add("sample_count", counts);
        return json;
    }

    private static JsonObject withMetrics(JsonObject json, List<MetricResult> metrics) {
        for (MetricResult metric : metrics) {
            json.add(key(metric, ""), number(metric.value()));
            OptionalDouble error = metric.error();
            json.add(
                    key(metric, "_stderr"),
                    error.isPresent()
                            ? number(error.getAsDouble())
                            : new JsonPrimitive(NOT_AVAILABLE));
        }
        return json;
    }

    private static String key(MetricResult metric, String suffix) {
        return metric.metric() + suffix + "," + metric.filter();
    }

    /** The harness' configuration of a task, as far as its words have their like in a page. */
    private JsonObject config(TaskResult result) {
        TaskPage page = page(result);
        JsonObject json = new JsonObject();
        json.addProperty("task", result.name());
        json.add("tag", strings(page.tags()));
        json.addProperty("dataset_path", page.source());
        json.addProperty("test_split", page.split());
        json.addProperty("fewshot_split", page.shots().split());
        json.addProperty("description", page.prompt().description());
        json.addProperty("doc_to_text", page.prompt().text());
        json.addProperty("doc_to_target", page.prompt().answer());
        json.add("doc_to_choice", strings(page.prompt().choices()));
        json.addProperty("target_delimiter", page.prompt().delimiter());
        json.addProperty("fewshot_delimiter", page.prompt().shotDelimiter());
        json.addProperty("num_fewshot", result.asked().shots());
        json.addProperty(
                "output_type",
                switch (page.kind()) {
                    case CHOICE -> "multiple_choice";
                    case CONTINUATION -> "loglikelihood";
                    case ROLLING -> "loglikelihood_rolling";
                    case GENERATION -> "generate_until";
                });
        JsonArray metrics = new JsonArray();
        for (TaskPage.Metric metric : page.metrics()) {
            JsonObject one = new JsonObject();
            one.addProperty("metric", metric.name());
            one.addProperty("higher_is_better", metric.higherIsBetter().orElse(true));
            metrics.add(one);
        }
        json.add("metric_list", metrics);
        json.addProperty("repeats", page.generation().repeats());
        JsonObject metadata = new JsonObject();
        metadata.addProperty("version", page.version());
        json.add("metadata", metadata);
        return json;
    }

    private JsonObject config() {
        EvaluatedModel model = run.model();
        JsonObject json = new JsonObject();
        json.addProperty("model", "llm360");
        json.addProperty("model_args", "pretrained=" + model.reference());
        json.addProperty("model_num_parameters", model.parameters());
        json.addProperty("model_dtype", "torch." + model.type());
        json.addProperty("model_revision", model.revision().orElse("main"));
        json.addProperty("model_sha", model.commit().orElse(""));
        json.add("batch_size", JsonNull.INSTANCE);
        json.add("batch_sizes", new JsonArray());
        json.addProperty("device", run.device());
        json.add("use_cache", JsonNull.INSTANCE);
        json.add(
                "limit",
                run.limit().isPresent()
                        ? new JsonPrimitive(run.limit().getAsInt())
                        : JsonNull.INSTANCE);
        json.addProperty("bootstrap_iters", StandardErrors.REPLICATES);
        json.add("gen_kwargs", new JsonObject());
        json.addProperty("random_seed", 0);
        json.addProperty("numpy_seed", 1234);
        json.addProperty("torch_seed", 1234);
        json.addProperty("fewshot_seed", 1234);
        return json;
    }

    /** The file that the harness of 2023 wrote. */
    private JsonObject old() {
        JsonObject json = new JsonObject();
        json.add(
                "results",
                tasks(
                        result -> {
                            JsonObject one = new JsonObject();
                            for (MetricResult metric : result.metrics()) {
                                one.add(metric.metric(), number(metric.value()));
                                metric.error()
                                        .ifPresent(
                                                error ->
                                                        one.add(
                                                                metric.metric() + "_stderr",
                                                                number(error)));
                            }
                            return one;
                        }));
        json.add("versions", tasks(result -> version(page(result).version())));
        JsonObject config = new JsonObject();
        config.addProperty("model", "llm360");
        config.addProperty("model_args", "pretrained=" + run.model().reference());
        config.addProperty(
                "num_fewshot",
                results.stream().mapToInt(one -> one.asked().shots()).max().orElse(0));
        config.add("batch_size", JsonNull.INSTANCE);
        config.add("batch_sizes", new JsonArray());
        config.addProperty("device", run.device());
        config.addProperty("no_cache", true);
        config.add("limit", config().get("limit"));
        config.addProperty("bootstrap_iters", StandardErrors.REPLICATES);
        config.add("description_dict", new JsonObject());
        json.add("config", config);
        if (!groups.isEmpty()) {
            json.add("groups", groups(ResultsJson::todays));
        }
        return json;
    }

    private static JsonElement version(String version) {
        return version.matches("\\d{1,9}")
                ? new JsonPrimitive(Integer.valueOf(version))
                : new JsonPrimitive(version);
    }

    private JsonObject own() {
        EvaluatedModel model = run.model();
        JsonObject json = new JsonObject();
        json.addProperty("format", 1);
        json.addProperty("program", run.program());
        json.addProperty("profile", tasks.profile().toString());
        json.addProperty("finished", results.size() == tasks.tasks().size());
        JsonObject about = new JsonObject();
        about.addProperty("reference", model.reference());
        about.addProperty("checkpoint", model.checkpoint());
        add(about, "step", model.step());
        add(about, "tokens", model.tokens());
        model.repository().ifPresent(it -> about.addProperty("repository", it));
        model.revision().ifPresent(it -> about.addProperty("revision", it));
        model.commit().ifPresent(it -> about.addProperty("commit", it));
        json.add("model", about);
        json.add(
                "data",
                tasks(
                        result -> {
                            JsonObject one = new JsonObject();
                            one.addProperty("comparable", result.asked().incomparable().isEmpty());
                            one.add("incomparable", strings(result.asked().incomparable()));
                            JsonArray files = new JsonArray();
                            result.asked().files().forEach(file -> files.add(file(file)));
                            one.add("files", files);
                            return one;
                        }));
        run.confinement().ifPresent(it -> json.add("code_execution", new Gson().toJsonTree(it)));
        return json;
    }

    private static JsonObject file(DataFile file) {
        JsonObject json = new JsonObject();
        json.addProperty("name", file.name());
        json.addProperty("sha256", file.sha256());
        return json;
    }

    private static void add(JsonObject json, String name, OptionalLong value) {
        value.ifPresent(it -> json.addProperty(name, it));
    }

    private TaskPage page(TaskResult result) {
        return result.task().page(tasks.profile());
    }

    private static JsonObject samples(TaskResult result) {
        JsonObject json = new JsonObject();
        json.addProperty("original", result.asked().documents());
        json.addProperty("effective", result.evaluated());
        return json;
    }

    private static JsonObject better(List<MetricResult> metrics) {
        JsonObject json = new JsonObject();
        metrics.forEach(metric -> json.addProperty(metric.metric(), metric.higherIsBetter()));
        return json;
    }

    /** Returns the shots of a group's tasks if all have the same. */
    private Optional<Integer> shotsOf(GroupResult group) {
        List<String> names =
                tasks.groups().stream()
                        .filter(one -> one.name().equals(group.name()))
                        .findFirst()
                        .orElseThrow()
                        .tasks();
        List<Integer> shots =
                results.stream()
                        .filter(result -> names.contains(result.name()))
                        .map(result -> result.asked().shots())
                        .distinct()
                        .toList();
        return shots.size() == 1 ? Optional.of(shots.get(0)) : Optional.empty();
    }

    private static JsonArray token(Optional<EvaluatedModel.Token> token) {
        return strings(
                token.map(it -> List.of(it.text(), String.valueOf(it.id())))
                        .orElse(List.of("None", "None")));
    }

    private static JsonArray strings(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }

    private JsonObject tasks(Function<TaskResult, JsonElement> of) {
        JsonObject json = new JsonObject();
        results.forEach(result -> json.add(result.name(), of.apply(result)));
        return json;
    }

    private JsonObject groups(Function<GroupResult, JsonElement> of) {
        JsonObject json = new JsonObject();
        groups.forEach(group -> json.add(group.name(), of.apply(group)));
        return json;
    }
}
