package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/**
 * Requests on the public files against those of lm-evaluation-harness' own code, by their hashes.
 */
class HarnessHashesTest {

    private final TaskLibrary library = TaskLibrary.open();

    @Test
    void requests_are_those_of_lm_eval_0_4_13() throws IOException {
        compare(Profile.LM_EVAL_0_4_13, "lm_eval_0413_request_hashes.json");
    }

    @Test
    void requests_are_those_of_lm_eval_b281b09() throws IOException {
        compare(Profile.LM_EVAL_B281B09, "lm_eval_b281b09_request_hashes.json");
    }

    /** The oracle's names are such as {@code arc_easy-v0@0} and {@code arc_challenge@25 (…)}. */
    private void compare(Profile profile, String oracle) throws IOException {
        Path file = Fixtures.shared("fixtures/oracles/" + oracle);
        Path evals = Fixtures.shared("data/evals-original");
        TaskData originals = TaskData.in(evals);
        TaskData copies = TaskData.in(Fixtures.shared("data/evals"));
        JsonObject expected = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, JsonElement> entry : expected.entrySet()) {
            String[] name = entry.getKey().split("[@ ]", -1);
            Task task = library.find(name[0].replaceFirst("-v\\d$", ""), profile).get(0);
            Optional<Path> shotsFrom =
                    entry.getKey().contains("train:=Dev")
                            ? Optional.of(evals.resolve("ARC-Challenge-Dev.jsonl"))
                            : Optional.empty();
            TaskItems items =
                    task.items(
                            profile,
                            OptionalInt.of(Integer.parseInt(name[1])),
                            isCopied(name[0]) ? copies : originals,
                            shotsFrom,
                            OptionalInt.empty());
            JsonObject of = entry.getValue().getAsJsonObject();
            RequestHashes found = RequestHashes.of(profile, items.items());
            String hash =
                    profile == Profile.LM_EVAL_0_4_13
                            ? "sha256_nul_joined " + found.sha256NulJoined()
                            : "sha256_json " + found.sha256Json();
            if (found.docs() != of.get("docs").getAsInt()
                    || found.requests() != of.get("requests").getAsInt()
                    || !hash.equals(
                            hash.split(" ", -1)[0]
                                    + " "
                                    + of.get(hash.split(" ", -1)[0]).getAsString())) {
                wrong.add(entry.getKey() + " " + found);
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(expected.size()).isGreaterThan(40);
    }

    private static boolean isCopied(String task) {
        return task.startsWith("mmlu") || task.startsWith("hendrycks") || task.equals("openbookqa");
    }
}
