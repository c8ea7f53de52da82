package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubServer;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.ServedFile;
import ai.llm360.zoo.source.CheckpointDownload;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.transfer.CacheTarget;
import ai.llm360.zoo.transfer.HubMirror;
import ai.llm360.zoo.transfer.Pull;
import ai.llm360.zoo.transfer.Removal;
import ai.llm360.zoo.transfer.Verification;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Repositories that the Hub calls by another name than it did, or that somebody else took. */
class RenamedRepositoryTest {

    private static final String AMBER_7B =
            """
            {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
             "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32000}
            """;

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

    private void serve(String repository, String branch, String config, String weights) {
        server.branch(
                repository,
                branch,
                List.of(
                        ServedFile.text("config.json", config),
                        new ServedFile(
                                "model.safetensors",
                                weights.getBytes(StandardCharsets.UTF_8),
                                true)));
    }

    private void serve(String repository, String branch) {
        serve(repository, branch, AMBER_7B, branch + "'s weights");
    }

    private static HubClient client() throws IOException {
        return HubClient.builder().setSettings(HubSettings.ofEnvironment()).build();
    }

    private static HubPlan plan(String reference) throws Exception {
        HubClient client = client();
        return Pull.plan(
                        Zoo.ofEnvironment(),
                        new CacheTarget(client, path -> true),
                        List.of(reference))
                .checkpoints()
                .get(0)
                .plan();
    }

    private Path cache(String folder) {
        return temp.resolve("hf/hub").resolve(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"IFM/Amber", "LLM360/Amber"})
    void a_checkpoint_is_found_by_the_name_that_the_hub_knows(String repository) throws Exception {
        serve(repository, "ckpt_200");
        serve(repository, "main");
        for (String spelled :
                List.of(
                        "amber@200",
                        "IFM/Amber@ckpt_200",
                        "LLM360/Amber@ckpt_200",
                        "IFM/Amber@ckpt_359",
                        "LLM360/Amber@main",
                        "LLM360/Amber")) {
            assertThat(plan(spelled).repository()).as(spelled).isEqualTo(repository);
        }
        Zoo.ofEnvironment().resolve("LLM360/Amber@ckpt_200").download().orElseThrow().run(null);
        for (String spelled : List.of("amber@200", "IFM/Amber@ckpt_200", "LLM360/Amber@ckpt_200")) {
            assertThat(Zoo.ofEnvironment().resolve(spelled).download()).as(spelled).isEmpty();
        }
        assertThat(
                        Zoo.ofEnvironment()
                                .resolve("LLM360/Amber@ckpt_359")
                                .partial()
                                .remote()
                                .orElseThrow())
                .extracting(remote -> remote.repository())
                .isEqualTo(repository);
    }

    @Test
    void todays_name_is_asked_for_first_and_no_other_where_it_is_known() throws Exception {
        serve("IFM/Amber", "ckpt_200", AMBER_7B, "ours");
        serve("LLM360/Amber", "ckpt_200", AMBER_7B, "somebody else's");
        assertThat(Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow().run(null))
                .startsWith(cache("models--IFM--Amber"));
        assertThat(server.requests()).noneMatch(request -> request.path().contains("LLM360"));
    }

    @Test
    void a_repository_and_its_branch_name_a_published_checkpoint() throws Exception {
        for (String spelled : List.of("IFM/Crystal", "LLM360/CrystalCoder@main", "ifm/crystal")) {
            assertThat(Reference.parse(spelled)).hasToString("crystalcoder@phase3-027728");
        }
        assertThat(Reference.parse("LLM360/Crystal@mdl_phase1_step_3000"))
                .hasToString("crystalcoder@phase1-003000");
        assertThat(Reference.parse("IFM/Amber@ckpt_359")).hasToString("amber@ckpt-359");
        for (String other : List.of("IFM/Amber@refs/x", "x/Amber@ckpt_200")) {
            assertThat(Reference.parse(other)).isInstanceOf(HubReference.class).hasToString(other);
        }
        assertThatThrownBy(() -> Reference.parse("IFM/K2")).hasMessageContaining("names no model");
    }

    @Test
    void what_no_name_leads_to_is_told_by_todays() {
        assertThatThrownBy(() -> Zoo.ofEnvironment().resolve("crystalcoder").download())
                .hasMessageContaining(
                        "IFM/Crystal@CrystalCoder_phase3_checkpoint_027728: HTTP 404");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void what_lies_in_the_cache_by_an_earlier_name_is_found(String offline) throws Exception {
        serve("LLM360/Amber", "ckpt_200");
        Path directory =
                Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow().run(null);
        assertThat(directory).startsWith(cache("models--LLM360--Amber"));
        serve("IFM/Amber", "ckpt_200");
        environment.with("HF_HUB_OFFLINE", offline);
        assertThat(Zoo.ofEnvironment().resolve("amber@200").download()).isEmpty();
        assertThat(Reference.resolve("amber@ckpt-200")).isEqualTo(directory);
        assertThat(plan("amber@200").missing()).isEmpty();
        assertThat(plan("IFM/Amber@ckpt_200").missing()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"ckpt_200, LLM360/Amber", "ckpt_201, IFM/Amber"})
    void a_download_by_an_earlier_name_is_gone_on_with_if_it_is_the_same_commit(
            String other, String expected) throws Exception {
        serve("LLM360/Amber", "ckpt_200", AMBER_7B, "the weights of " + other);
        HubPlan begun = plan("amber@200");
        assertThat(begun.repository()).isEqualTo("LLM360/Amber");
        HubFile weights = begun.missing().get(1);
        Path blobs = Files.createDirectories(cache("models--LLM360--Amber/blobs"));
        Files.writeString(
                blobs.resolve(weights.etag().orElseThrow() + ".llm360.incomplete"), "the we");
        serve("IFM/Amber", "ckpt_200", AMBER_7B, "the weights of ckpt_200");
        HubPlan plan = Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow().plan();
        assertThat(plan.repository()).isEqualTo(expected);
        assertThat(plan.bytes() - plan.missingBytes()).isEqualTo(other.endsWith("0") ? 6 : 0);
        Path directory =
                Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow().run(null);
        assertThat(directory.resolve("model.safetensors")).hasContent("the weights of ckpt_200");
    }

    @ParameterizedTest
    @CsvSource({"4096, 5120", "llama, qwen2", "'\"num_hidden_layers\": 32, ', ''", "{, ["})
    void another_model_by_that_name_is_refused_before_its_weights_come(String right, String wrong)
            throws Exception {
        serve("LLM360/Amber", "ckpt_200", AMBER_7B.replace(right, wrong), "a".repeat(99));
        environment.with("HF_ENDPOINT", "http://hub.invalid").with("http_proxy", server.endpoint());
        CheckpointDownload download =
                Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow();
        assertThatThrownBy(() -> download.run(null))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("LLM360/Amber@")
                .hasMessageContaining(wrong.equals("[") ? "is no JSON object" : "another model");
        HubClient client = client();
        Pull pull =
                Pull.plan(
                        Zoo.ofEnvironment(),
                        new CacheTarget(client, path -> true),
                        List.of("LLM360/Amber@ckpt_200"));
        assertThatThrownBy(() -> pull.run((file, bytes) -> {})).isInstanceOf(IOException.class);
        Pull mirror =
                Pull.plan(
                        Zoo.ofEnvironment(),
                        new HubMirror(temp.resolve("tree"), client.settings(), path -> true),
                        List.of("amber@200"));
        assertThatThrownBy(() -> mirror.run((file, bytes) -> {})).isInstanceOf(IOException.class);
        assertThat(server.requests())
                .noneMatch(request -> request.path().endsWith("/model.safetensors"));
    }

    @Test
    void the_right_model_passes_and_another_one_in_the_cache_does_not() throws Exception {
        serve("IFM/Amber", "ckpt_200");
        environment
                .with("HF_ENDPOINT", "http://hub.invalid")
                .with("http_proxy", server.endpoint())
                .with("no_proxy", "localhost"); // where it has its large files
        Path directory =
                Zoo.ofEnvironment().resolve("amber@200").download().orElseThrow().run(null);
        assertThat(Reference.resolve("amber@200")).isEqualTo(directory);
        Path config = directory.resolve("config.json").toRealPath();
        Files.writeString(config, AMBER_7B.replace("11008", "14336"));
        assertThatThrownBy(() -> Reference.resolve("amber@200"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("{intermediate_size=14336} where {intermediate_size=11008}");
    }

    @Test
    void what_lies_by_two_names_is_removed_by_both() throws Exception {
        for (String repository : List.of("IFM/Amber", "LLM360/Amber")) {
            serve(repository, "ckpt_200");
            client().snapshot(repository, "ckpt_200", path -> true, (file, bytes) -> {});
        }
        Zoo zoo = Zoo.ofEnvironment();
        assertThat(Removal.of(zoo, List.of("amber@200")).cached()).hasSize(2);
        assertThat(Verification.of(zoo, List.of("amber@200"), path -> true).run(bytes -> {}))
                .hasSize(2)
                .allMatch(result -> result.problems().isEmpty());
    }

    @Test
    void a_mirror_by_an_earlier_name_goes_on_by_it() throws Exception {
        Path tree = temp.resolve("tree");
        for (String branch : List.of("ckpt_200", "ckpt_201")) {
            serve("LLM360/Amber", branch);
            serve("IFM/Amber", branch);
            HubClient client = client();
            String reference = branch.equals("ckpt_200") ? "LLM360/Amber@ckpt_200" : "amber@201";
            Pull.plan(
                            Zoo.ofEnvironment(),
                            new HubMirror(tree, client.settings(), path -> true),
                            List.of(reference))
                    .run((file, bytes) -> {});
        }
        assertThat(Arrays.asList(tree.toFile().list())).contains("LLM360").doesNotContain("IFM");
    }
}
