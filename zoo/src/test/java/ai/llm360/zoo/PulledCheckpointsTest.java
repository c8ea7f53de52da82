package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache as Python's huggingface_hub leaves it, without lists of files. */
class PulledCheckpointsTest {

    @TempDir Path temp;
    private Zoo zoo;

    @BeforeEach
    void open() throws IOException {
        zoo =
                Zoo.builder()
                        .optHome(temp.resolve("home"))
                        .optHub(
                                HubSettings.of(
                                        Map.of(
                                                "HF_HUB_CACHE",
                                                temp.resolve("hub").toString(),
                                                "HF_ENDPOINT",
                                                "http://127.0.0.1:9")))
                        .build();
    }

    private Path pull(String branch, String commit, String... files) throws IOException {
        Path repository = temp.resolve("hub/models--LLM360--Amber");
        Path snapshot = repository.resolve("snapshots").resolve(commit.repeat(40));
        Files.createDirectories(snapshot);
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs").resolve(branch), commit.repeat(40));
        for (String file : files) {
            Files.writeString(snapshot.resolve(file), file);
        }
        return snapshot;
    }

    /** Writes the list of a commit's files, each as long as its name, as a download keeps it. */
    private void list(String commit, String... files) throws IOException {
        String entries =
                Arrays.stream(files)
                        .map(
                                file ->
                                        "\"%s\": {\"size\": %d, \"blob_id\": \"%s\"}"
                                                .formatted(file, file.length(), "c".repeat(40)))
                        .collect(Collectors.joining(", "));
        Path trees = temp.resolve("hub/models--LLM360--Amber/trees");
        Files.createDirectories(trees);
        Files.writeString(
                trees.resolve(commit.repeat(40) + ".json"),
                "{\"format_version\": 1, \"files\": {" + entries + "}}");
    }

    private Path find(String reference) throws ModelNotFoundException, IOException {
        return zoo.checkpoint(reference).path();
    }

    @Test
    void what_is_in_the_hubs_cache_is_found_by_every_name() throws Exception {
        Path snapshot = pull("ckpt_200", "a", "config.json", "pytorch_model.bin");
        for (String name : List.of("amber@ckpt-200", "amber@200", "amber@ckpt_200")) {
            assertThat(find(name)).isEqualTo(snapshot);
        }
    }

    @Test
    void the_latest_is_the_last_that_was_published_and_no_earlier_one() throws Exception {
        pull("ckpt_300", "a", "config.json", "model.safetensors");
        assertThatThrownBy(() -> find("amber@latest"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("amber@ckpt-359 is not on this machine");
        Path last = pull("main", "b", "config.json", "model.safetensors");
        assertThat(find("amber@latest")).isEqualTo(last);
    }

    @Test
    void of_two_formats_one_is_enough() throws Exception {
        Path snapshot = pull("ckpt_200", "a", "config.json", "model.safetensors");
        list("a", "config.json", "model.safetensors", "pytorch_model.bin", "eval_arc.json");
        assertThat(find("amber@200")).isEqualTo(snapshot);
        Files.delete(snapshot.resolve("model.safetensors"));
        assertThatThrownBy(() -> find("amber@200")).isInstanceOf(ModelNotFoundException.class);
        Files.writeString(snapshot.resolve("pytorch_model.bin"), "pytorch_model.bin");
        assertThat(find("amber@200")).isEqualTo(snapshot);
    }

    @Test
    void what_the_model_home_has_comes_first() throws Exception {
        pull("ckpt_200", "a", "config.json", "model.safetensors");
        Path own = Files.createDirectories(temp.resolve("home/amber/ckpt_200"));
        assertThat(find("amber@200")).isEqualTo(own);
    }

    @Test
    void a_snapshot_without_weights_is_no_checkpoint() throws Exception {
        pull("ckpt_200", "a", "config.json", "tokenizer.json");
        assertThatThrownBy(() -> find("amber@200"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("amber@ckpt-200 is not on this machine")
                .hasMessageContaining("llm360 pull amber@ckpt-200 downloads it");
    }
}
