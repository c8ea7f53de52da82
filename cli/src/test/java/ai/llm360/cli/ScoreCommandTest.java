package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreCommandTest {

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();

    @Test
    void json_has_a_log_probability_for_each_token_after_the_first() throws IOException {
        String model = TinyModel.withoutTokenizer(temp.resolve("model"));
        JsonObject scores = command.json("score", model, "--ids", "1,17,90,3", "--json");
        assertThat(scores.keySet()).containsExactly("ids", "logprobs", "nll", "perplexity");
        assertThat(scores.getAsJsonArray("ids")).hasSize(4);
        assertThat(scores.getAsJsonArray("logprobs")).hasSize(3);
        double sum = 0;
        for (JsonElement logprob : scores.getAsJsonArray("logprobs")) {
            sum += logprob.getAsDouble();
        }
        assertThat(scores.get("nll").getAsDouble()).isCloseTo(-sum / 3, offset(1e-12));
        assertThat(scores.get("perplexity").getAsDouble())
                .isCloseTo(Math.exp(-sum / 3), offset(1e-9));
    }

    @Test
    void the_table_has_a_row_for_each_token() throws IOException {
        String model = TinyModel.withTokenizer(temp.resolve("model"));
        assertThat(command.run("score", model, "--text", "Hello world")).isZero();
        assertThat(command.out())
                .matches(
                        """
                         id  logprob  token
                          1           <s>
                        268  +-\\d+\\.\\d{4}  ▁Hello
                        \\d+  +-\\d+\\.\\d{4}  ▁world

                        nll \\d+\\.\\d{4}, perplexity \\d+\\.\\d{4} over 2 tokens
                        """);
    }

    @Test
    void pairs_are_scored_in_their_order_by_the_harness_rules() throws IOException {
        Path pairs = temp.resolve("pairs.jsonl");
        Files.writeString(
                pairs,
                """
                {"context": "dog: ", "continuation": "a domestic animal"}

                {"context": "dog:", "continuation": " a domestic animal", "gold": true}
                {"context": "", "continuation": "dog"}
                """);
        assertThat(command.run("score", "amber-nano", "--pairs=" + pairs)).isZero();
        List<JsonObject> lines =
                command.out()
                        .lines()
                        .map(line -> JsonParser.parseString(line).getAsJsonObject())
                        .toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0).keySet()).containsExactly("loglikelihood", "is_greedy", "tokens");
        assertThat(lines.get(0)).isEqualTo(lines.get(1)).isNotEqualTo(lines.get(2));
        assertThat(lines.get(0).get("loglikelihood").getAsDouble()).isNegative();
        command.assertFails(
                2,
                new String[] {"score", "amber-nano", "--pairs=" + pairs, "--text=x"},
                "--pairs takes the place of");
        command.assertFails(
                2,
                new String[] {"score", "amber-nano", "--pairs=" + pairs, "--profile=helm"},
                "no profile is named helm; there are lm-eval@0.4.13, lm-eval@b281b09");
        for (String bad : List.of("{", "[]", "{\"context\": 1, \"continuation\": \"x\"}")) {
            Files.writeString(pairs, "\n" + bad + "\n");
            command.assertFails(
                    1, new String[] {"score", "amber-nano", "--pairs=" + pairs}, pairs + ":2: ");
        }
    }

    @Test
    void wrong_use_is_one_line_and_status_2() throws IOException {
        String model = TinyModel.withTokenizer(temp.resolve("model"));
        command.assertFails(2, new String[] {"score", model}, "Missing text: give --text");
        command.assertFails(
                2,
                new String[] {"score", model, "--text=x", "--ids=1"},
                "--ids takes the place of --text");
        command.assertFails(
                1, new String[] {"score", model, "--ids=1"}, "needs at least two tokens");
    }
}
