package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.PythonJson;
import ai.llm360.analysis.task.Request;
import ai.llm360.analysis.task.Target;
import ai.llm360.analysis.task.TaskItem;
import ai.llm360.analysis.task.TaskPage;
import ai.llm360.io.internal.Hashes;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * Makes the lines that lm-evaluation-harness' option {@code --log_samples} writes: a document, what
 * was asked, answered and measured, and hashes by which two logs are compared.
 */
final class SampleLog {

    private final TaskPage page;

    SampleLog(TaskPage page) {
        this.page = page;
    }

    JsonObject line(String filter, Answer answer, Map<Metric, Score> scores) {
        TaskItem item = answer.item();
        String target = target(item);
        JsonObject line = new JsonObject();
        line.addProperty("doc_id", item.index());
        line.add("doc", item.document());
        line.addProperty("target", target);
        JsonObject arguments = new JsonObject();
        for (int i = 0; i < item.requests().size(); i++) {
            arguments.add("gen_args_" + i, arguments(item.requests().get(i)));
        }
        line.add("arguments", arguments);
        JsonArray responses = new JsonArray();
        JsonArray filtered = new JsonArray();
        for (Response response : answer.responses()) {
            responses.add(repeats(response));
            filtered.add(filtered(answer, response));
        }
        line.add("resps", responses);
        line.add("filtered_resps", filtered);
        line.addProperty("filter", filter);
        JsonArray names = new JsonArray();
        scores.keySet().forEach(metric -> names.add(metric.name()));
        line.add("metrics", names);
        line.addProperty("doc_hash", Hashes.sha256(PythonJson.indented(item.document())));
        line.addProperty("prompt_hash", Hashes.sha256(prompt(item.requests().get(0))));
        line.addProperty("target_hash", Hashes.sha256(target));
        scores.forEach((metric, score) -> line.add(metric.name(), value(metric, score)));
        if (!answer.verdicts().isEmpty()) {
            JsonArray details = new JsonArray();
            answer.verdicts().forEach(one -> details.add(one.passed() ? "passed" : one.detail()));
            line.add("verdicts", details);
        }
        return line;
    }

    /** Returns the hash of a log, of which each line has three. */
    static String hash(List<JsonObject> lines) {
        StringBuilder hashes = new StringBuilder();
        for (JsonObject line : lines) {
            for (String name : List.of("doc_hash", "prompt_hash", "target_hash")) {
                hashes.append(line.get(name).getAsString());
            }
        }
        return Hashes.sha256(hashes.toString());
    }

    /** Returns what the harness' {@code doc_to_target} gives, as {@code str} writes it. */
    private String target(TaskItem item) {
        Target target = item.target();
        Request first = item.requests().get(0);
        if (target instanceof Target.Choices choices) {
            if (!page.prompt().contexts().isEmpty()) {
                return ((Request.LogLikelihood) first)
                        .continuation()
                        .substring(page.prompt().delimiter().length());
            }
            // A task whose right choices are marked by flags measures them itself.
            boolean flags = page.prompt().gold().flatMap(TaskPage.Gold::flags).isPresent();
            return flags
                    ? "0"
                    : choices.gold().size() == 1
                            ? choices.gold().get(0).toString()
                            : choices.gold().toString();
        }
        if (target instanceof Target.Continuation) {
            return ((Request.LogLikelihood) first).continuation();
        }
        if (target instanceof Target.Page) {
            return ((Request.Rolling) first).text();
        }
        if (target instanceof Target.Text text) {
            return text.text();
        }
        return target instanceof Target.Program program ? program.test() : "0";
    }

    private static String prompt(Request request) {
        if (request instanceof Request.LogLikelihood pair) {
            return pair.context();
        }
        return request instanceof Request.Rolling rolling
                ? rolling.text()
                : ((Request.Generation) request).context();
    }

    private static JsonObject arguments(Request request) {
        JsonObject arguments = new JsonObject();
        arguments.addProperty("arg_0", prompt(request));
        if (request instanceof Request.LogLikelihood pair) {
            arguments.addProperty("arg_1", pair.continuation());
        } else if (request instanceof Request.Generation generation) {
            JsonObject how = new JsonObject();
            JsonArray until = new JsonArray();
            generation.until().forEach(until::add);
            how.add("until", until);
            how.addProperty("max_gen_toks", generation.maxTokens());
            how.addProperty("do_sample", generation.temperature() > 0);
            how.addProperty("temperature", generation.temperature());
            if (generation.temperature() > 0) {
                how.addProperty("top_p", generation.topP());
            }
            arguments.add("arg_1", how);
        }
        return arguments;
    }

    /** Returns a response once for each repeat; numbers are texts in these logs. */
    private static JsonArray repeats(Response response) {
        JsonArray repeats = new JsonArray();
        if (response instanceof Response.Generation generation) {
            generation.texts().forEach(repeats::add);
        } else {
            repeats.add(scored(response));
        }
        return repeats;
    }

    private static JsonElement scored(Response response) {
        if (response instanceof Response.Rolling rolling) {
            return new JsonPrimitive(number(rolling.logLikelihood()));
        }
        Response.LogLikelihood pair = (Response.LogLikelihood) response;
        JsonArray scored = new JsonArray();
        scored.add(number(pair.logLikelihood()));
        scored.add(pair.greedy() ? "True" : "False");
        return scored;
    }

    private static JsonElement filtered(Answer answer, Response response) {
        if (!(response instanceof Response.Generation)) {
            return scored(response);
        }
        if (!(answer.item().target() instanceof Target.Program program)) {
            return new JsonPrimitive(answer.texts().get(0));
        }
        JsonArray programs = new JsonArray();
        answer.texts().forEach(text -> programs.add(program.prefix() + text));
        return programs;
    }

    private static JsonElement value(Metric metric, Score score) {
        boolean weighted =
                metric.aggregation() == Aggregation.WEIGHTED_PERPLEXITY
                        || metric.aggregation() == Aggregation.BITS_PER_BYTE;
        if (!weighted) {
            return ResultsJson.number(score.value());
        }
        JsonArray pair = new JsonArray();
        pair.add(ResultsJson.number(score.value()));
        pair.add((long) score.weight());
        return pair;
    }

    private static String number(double value) {
        return Double.isFinite(value)
                ? BigDecimal.valueOf(value).toPlainString()
                : String.valueOf(value);
    }
}
