package ai.llm360.analysis.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.TaskData;
import ai.llm360.analysis.task.TaskLibrary;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.zoo.Criteria;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** A real model's results against those of lm-evaluation-harness 0.4.13 on the same files. */
class HarnessResultsTest {

    @Test
    void log_likelihoods_and_accuracies_are_the_harness_own() throws IOException, ModelException {
        JsonObject oracle =
                JsonParser.parseString(
                                Files.readString(
                                        Fixtures.shared(
                                                "fixtures/oracles/lm-eval-stories260K.json")))
                        .getAsJsonObject();
        EvaluationTasks tasks =
                EvaluationTasks.read(
                        TaskLibrary.open(),
                        List.of("arc_easy", "hellaswag"),
                        Profile.LM_EVAL_0_4_13,
                        OptionalInt.of(0),
                        TaskData.in(Fixtures.shared("data/evals")),
                        Optional.empty(),
                        OptionalInt.of(oracle.get("limit").getAsInt()));
        List<TaskResult> results;
        try (ZooModel<String, String> model =
                Criteria.loadModel(Fixtures.shared("fixtures/stories260K-hf").toString())) {
            Answerer answerer =
                    new ModelAnswerer(Criteria.generator(model), Profile.LM_EVAL_0_4_13);
            results = Evaluation.of(tasks).run(answerer, result -> {});
        }
        compare(oracle, "arc_local", results.get(0));
        compare(oracle, "hs_local", results.get(1));
    }

    private static void compare(JsonObject oracle, String task, TaskResult result) {
        JsonObject values = oracle.getAsJsonObject("results").getAsJsonObject(task);
        for (MetricResult metric : result.metrics().subList(0, 2)) {
            assertThat(metric.value())
                    .as(task + " " + metric.metric())
                    .isEqualTo(values.get(metric.metric() + ",none").getAsDouble());
        }
        Map<String, JsonArray> byRequests = new HashMap<>();
        for (JsonObject sample : result.samples()) {
            JsonArray requests = new JsonArray();
            for (JsonElement pair : sample.getAsJsonObject("arguments").asMap().values()) {
                JsonArray texts = new JsonArray();
                texts.add(pair.getAsJsonObject().get("arg_0"));
                texts.add(pair.getAsJsonObject().get("arg_1"));
                requests.add(texts);
            }
            byRequests.put(requests.toString(), sample.getAsJsonArray("filtered_resps"));
        }
        for (JsonElement sample : oracle.getAsJsonObject("samples").getAsJsonArray(task)) {
            JsonArray expected = sample.getAsJsonObject().getAsJsonArray("lls");
            JsonArray found = byRequests.get(sample.getAsJsonObject().get("args").toString());
            for (int i = 0; i < expected.size(); i++) {
                double logLikelihood = expected.get(i).getAsJsonArray().get(0).getAsDouble();
                assertThat(found.get(i).getAsJsonArray().get(0).getAsDouble())
                        .isCloseTo(logLikelihood, within(1e-5 * Math.abs(logLikelihood)));
            }
        }
    }
}
