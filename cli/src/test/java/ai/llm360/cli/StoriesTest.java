package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import ai.llm360.common.testing.Fixtures;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A small trained model, compared with what transformers makes of it. */
class StoriesTest {

    private final CommandRun command = new CommandRun();
    private String model;
    private JsonObject expected;

    @BeforeEach
    void open() throws IOException {
        Path directory = Fixtures.shared("fixtures/stories260K-hf");
        model = directory.toString();
        expected =
                JsonParser.parseString(Files.readString(directory.resolve("expected.json")))
                        .getAsJsonObject();
    }

    @Test
    void tells_the_same_story() {
        JsonObject made =
                command.json(
                        "generate",
                        model,
                        "--ids",
                        "1",
                        "--temperature",
                        "0",
                        "--max-new-tokens",
                        "200",
                        "--json");
        JsonArray all = made.getAsJsonArray("prompt_ids");
        all.addAll(made.getAsJsonArray("ids"));
        assertThat(all).isEqualTo(expected.get("ids"));
        assertThat(made.get("text")).isEqualTo(expected.get("text"));
        String start = "Once upon a time";
        assertThat(
                        command.run(
                                "generate",
                                model,
                                "Once",
                                "upon",
                                "a",
                                "time",
                                "--max-new-tokens",
                                "196"))
                .isZero();
        assertThat(start + command.out()).isEqualTo(expected.get("text").getAsString() + "\n");
    }

    @Test
    void finds_the_story_as_probable() {
        String first32 =
                StreamSupport.stream(expected.getAsJsonArray("ids").spliterator(), false)
                        .limit(32)
                        .map(Object::toString)
                        .collect(Collectors.joining(","));
        JsonObject scores = command.json("score", model, "--ids", first32, "--json");
        // The mean is over the 31 ids that are predicted.
        assertThat(scores.getAsJsonArray("logprobs")).hasSize(31);
        assertThat(scores.get("nll").getAsDouble())
                .isCloseTo(expected.get("mean_nll_first32").getAsDouble(), offset(1e-6));
    }

    @Test
    void answers_are_as_probable_as_the_evaluation_harness_finds_them() throws IOException {
        Path file = Fixtures.shared("fixtures/oracles/lm-eval-stories260K.json");
        JsonObject sample =
                JsonParser.parseString(Files.readString(file))
                        .getAsJsonObject()
                        .getAsJsonObject("samples")
                        .getAsJsonArray("arc_local")
                        .get(0)
                        .getAsJsonObject();
        for (int i = 0; i < 4; i++) {
            JsonArray question = sample.getAsJsonArray("args").get(i).getAsJsonArray();
            String context = question.get(0).getAsString();
            String whole = context + question.get(1).getAsString();
            int given =
                    command.json("tokenize", model, context, "--json").getAsJsonArray("ids").size();
            JsonArray logprobs =
                    command.json("score", model, "--text", whole, "--json")
                            .getAsJsonArray("logprobs");
            double sum = 0;
            for (int t = given; t < logprobs.size(); t++) {
                sum += logprobs.get(t).getAsDouble();
            }
            double harness =
                    sample.getAsJsonArray("lls").get(i).getAsJsonArray().get(0).getAsDouble();
            assertThat(sum).as("answer %d", i).isCloseTo(harness, offset(1e-3));
        }
    }
}
