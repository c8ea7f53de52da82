package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.training.util.ProgressBar;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubServer;
import ai.llm360.hub.ServedFile;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is downloaded before a load, and when nothing is. */
class CheckpointDownloadTest {

    @TempDir Path temp;
    private Home home;
    private HubServer server;
    private HubEnvironment environment;

    @BeforeEach
    void open() throws IOException {
        server = HubServer.start();
        home = Home.at(temp.resolve("home"));
        environment = HubEnvironment.of(server.endpoint(), temp.resolve("hf"));
    }

    @AfterEach
    void close() {
        environment.close();
        home.close();
        server.close();
    }

    private void serve(String repository, String branch, String... files) {
        server.branch(
                repository,
                branch,
                Arrays.stream(files).map(file -> ServedFile.text(file, file + branch)).toList());
    }

    private static List<String> files(Optional<CheckpointDownload> download) {
        return download.orElseThrow().plan().files().stream().map(HubFile::path).toList();
    }

    @Test
    void what_is_loaded_is_downloaded_and_no_evaluation() throws Exception {
        serve(
                PublishedHub.AMBER,
                "ckpt_349",
                "config.json",
                "eval_arc.json",
                "generation_config.json",
                "pytorch_model-00001-of-00002.bin",
                "pytorch_model-00002-of-00002.bin",
                "pytorch_model.bin.index.json",
                "special_tokens_map.json",
                "tokenizer.model",
                "tokenizer_config.json",
                "runs/model.safetensors");
        Optional<CheckpointDownload> download = CheckpointDownload.of("amber@349");
        assertThat(files(download))
                .containsExactlyInAnyOrder(
                        "config.json",
                        "pytorch_model-00001-of-00002.bin",
                        "pytorch_model-00002-of-00002.bin",
                        "pytorch_model.bin.index.json",
                        "special_tokens_map.json",
                        "tokenizer.model",
                        "tokenizer_config.json");
        assertThat(server.requests()).noneMatch(request -> request.path().contains("/resolve/"));
        Path directory = download.orElseThrow().run(new ProgressBar());
        assertThat(CheckpointDownload.of("amber@349")).isEmpty();
        assertThat(Reference.resolve("amber@349")).isEqualTo(directory);
        assertThat(Zoo.series("amber").checkpoint("349").directory()).hasValue(directory);
    }

    @Test
    void of_two_formats_of_weights_only_safetensors_are_downloaded() throws Exception {
        serve(
                PublishedHub.AMBER,
                "ckpt_000",
                "config.json",
                "model.safetensors",
                "pytorch_model.bin");
        Optional<CheckpointDownload> download = CheckpointDownload.of("amber@0");
        assertThat(files(download)).containsExactly("config.json", "model.safetensors");
        download.orElseThrow().run(null);
        assertThat(CheckpointDownload.of("amber@0")).isEmpty();
    }

    @Test
    void the_latest_is_the_last_that_was_published_though_an_earlier_one_is_here()
            throws Exception {
        serve(PublishedHub.AMBER, "ckpt_100", "config.json", "model.safetensors");
        serve(PublishedHub.AMBER, "main", "config.json", "model.safetensors");
        CheckpointDownload.of("amber@100").orElseThrow().run(null);
        for (String latest : List.of("amber", "amber@latest")) {
            assertThat(CheckpointDownload.of(latest).orElseThrow().reference())
                    .isEqualTo("amber@ckpt-359");
        }
    }

    @Test
    void the_nearest_is_of_the_hubs_whole_list_though_a_known_one_is_here() throws Exception {
        for (String branch : PublishedHub.crystalCoderBranches()) {
            serve(PublishedHub.CRYSTALCODER, branch, "config.json", "model.safetensors");
        }
        CheckpointDownload.of("crystalcoder@phase1-4500").orElseThrow().run(null);
        assertThat(CheckpointDownload.of("crystalcoder@14B-tokens").orElseThrow().reference())
                .isEqualTo("crystalcoder@phase1-003000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HF_HUB_OFFLINE", "ai.djl.offline"})
    void without_connections_the_error_says_what_to_do(String variable) {
        environment.with(variable, variable.startsWith("HF") ? "1" : "true");
        assertThatThrownBy(() -> Criteria.loadModel("amber@200"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("HF_HUB_OFFLINE or ai.djl.offline is set")
                .hasMessageContaining("amber@ckpt-200 is not on this machine")
                .hasMessageContaining("llm360 pull amber@ckpt-200");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void what_no_one_published_is_not_asked_for() {
        for (String name :
                List.of("amber@360", "crystalcoder@phase4-1", "my-run", "amber-nano@77")) {
            assertThatThrownBy(() -> Criteria.loadModel(name))
                    .as(name)
                    .isInstanceOf(ModelNotFoundException.class);
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void looking_up_and_listing_never_download() throws Exception {
        serve(PublishedHub.AMBER, "ckpt_000", "config.json", "model.safetensors");
        assertThatThrownBy(() -> Reference.resolve("amber@0"))
                .isInstanceOf(ModelNotFoundException.class);
        Zoo.models();
        Zoo.series("amber@0..359:2");
        Zoo.series("crystalcoder@1T-tokens");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void a_gated_repository_is_read_with_the_token_of_someone_who_has_access() throws Exception {
        serve("LLM360/AmberSafe", "main", "config.json", "model.safetensors");
        server.gated("LLM360/AmberSafe", "hf_mine");
        assertThatThrownBy(() -> CheckpointDownload.of("ambersafe"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("ask for access");
        environment.with("HF_TOKEN", "hf_mine");
        CheckpointDownload.of("ambersafe").orElseThrow().run(null);
        assertThat(CheckpointDownload.of("ambersafe")).isEmpty();
    }

    @Test
    void a_branch_without_weights_says_what_it_has() {
        serve(PublishedHub.AMBER, "ckpt_000", "config.json");
        assertThatThrownBy(() -> CheckpointDownload.of("amber@0"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("LLM360/Amber, revision ckpt_000, has no weights")
                .hasMessageContaining("config.json");
    }
}
