package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Application;
import ai.djl.inference.Predictor;
import ai.djl.repository.Artifact;
import ai.djl.repository.Metadata;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.hub.HubServer;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Four ways to one model that is not on this machine: each test takes one of them. */
class FourWaysTest {

    @TempDir Path temp;
    private Home home;
    private HubServer server;
    private HubEnvironment environment;

    @BeforeEach
    void open() throws IOException {
        server = PublishedHub.in(temp.resolve("made")).withAmber(List.of("ckpt_200")).server();
        home = Home.at(temp.resolve("home"));
        environment = HubEnvironment.of(server.endpoint(), temp.resolve("hf"));
    }

    @AfterEach
    void close() {
        environment.close();
        home.close();
        server.close();
    }

    private static ai.djl.repository.zoo.Criteria.Builder<String, Generation> djl() {
        return ai.djl.repository.zoo.Criteria.builder()
                .setTypes(String.class, Generation.class)
                .optArgument("max_new_tokens", 8);
    }

    private static Criteria<String, Generation> facade() {
        return Criteria.of("amber@200", String.class, Generation.class)
                .optArgument("max_new_tokens", 8);
    }

    /** Compares with the model as the façade loads it, which by then is on this machine. */
    private void assertIsTheModel(ZooModel<String, Generation> loaded) throws Exception {
        assertThat(loaded.getName()).isEqualTo("ckpt-200");
        Path path = loaded.getModelPath();
        Generation made = continuation(loaded);
        environment.with("HF_HUB_OFFLINE", "1");
        try (ZooModel<String, Generation> again = facade().loadModel()) {
            assertThat(again.getModelPath()).isEqualTo(path);
            assertThat(continuation(again)).isEqualTo(made);
        }
    }

    private static Generation continuation(ZooModel<String, Generation> loaded) throws Exception {
        try (ZooModel<String, Generation> model = loaded;
                Predictor<String, Generation> predictor = model.newPredictor()) {
            return predictor.predict("once upon");
        }
    }

    @Test
    void by_the_facade() throws Exception {
        assertIsTheModel(facade().loadModel());
    }

    @Test
    void by_a_url() throws Exception {
        assertIsTheModel(djl().optModelUrls("llm360://amber@ckpt-200").build().loadModel());
    }

    @Test
    void by_an_artifact_and_a_filter() throws Exception {
        assertIsTheModel(
                djl().optArtifactId("ai.llm360:amber")
                        .optFilter("checkpoint", "ckpt-200")
                        .build()
                        .loadModel());
    }

    @Test
    void by_the_zoos_list_of_models() throws Exception {
        ai.djl.repository.zoo.Criteria<String, Generation> criteria =
                djl().optFilter("revision", "ckpt_200").build();
        assertThat(ModelZoo.getModelZoo("ai.llm360").getModelLoader("amber").isDownloaded(criteria))
                .isFalse();
        assertThat(server.requests()).isEmpty();
        assertIsTheModel(
                ModelZoo.getModelZoo("ai.llm360").getModelLoader("amber").loadModel(criteria));
    }

    @Test
    void listing_models_asks_nothing_of_the_network() throws Exception {
        assertThat(
                        ModelZoo.listModels(
                                        ai.djl.repository.zoo.Criteria.builder()
                                                .optModelZoo(ModelZoo.getModelZoo("ai.llm360"))
                                                .optGroupId("ai.llm360")
                                                .build())
                                .get(Application.NLP.TEXT_GENERATION))
                .extracting(mrl -> mrl.getArtifactId())
                .contains("amber", "crystalcoder", "amberchat", "amber-nano");
        assertThat(ModelZoo.getModelZoo("ai.llm360").getModelLoader("amber").toString())
                .contains("ckpt-000", "ckpt-359");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void a_model_has_an_artifact_for_each_checkpoint_at_hand_or_not() throws Exception {
        facade().loadModel().close();
        Repository repository = Repository.newInstance("amber", "llm360://amber");
        Metadata metadata = repository.locate(repository.getResources().get(0));
        assertThat(metadata.getMetadataVersion()).isEqualTo("0.2");
        List<Artifact> artifacts = metadata.getArtifacts();
        assertThat(artifacts).hasSize(360);
        assertThat(artifacts.get(0).getName()).isEqualTo("ckpt-359");
        Artifact loaded = artifacts.get(359 - 200);
        assertThat(loaded.getProperties())
                .containsEntry("checkpoint", "ckpt-200")
                .containsEntry("revision", "ckpt_200")
                .containsEntry("step", "153162")
                .containsEntry("tokens", "702633738240");
        assertThat(loaded.getFiles())
                .containsOnlyKeys("config.json", "tokenizer.json", "model.safetensors");
        assertThat(artifacts.get(0).getFiles()).isEmpty();
    }

    @Test
    void a_repository_of_djls_own_reads_the_metadata_and_loads_from_it() throws Exception {
        facade().loadModel().close();
        Path root = temp.resolve("djl");
        Path directory = Files.createDirectories(root.resolve(MetadataJson.directory("amber")));
        String json = MetadataJson.write(SeriesMetadata.of(Zoo.series("amber")));
        Files.writeString(directory.resolve("metadata.json"), json);
        Repository repository = Repository.newInstance("plain", root.toUri().toString());
        assertThat(repository.getClass().getPackageName()).isEqualTo("ai.djl.repository");
        Metadata read = repository.locate(repository.getResources().get(0));
        assertThat(read.getArtifacts()).hasSize(360);
        assertThat(read.getApplication()).isEqualTo(Application.NLP.TEXT_GENERATION);
        environment.with("DJL_CACHE_DIR", temp.resolve("djl-cache").toString());
        ZooModel<String, Generation> copied =
                djl().optModelUrls(root.toUri().toString())
                        .optFilter("checkpoint", "ckpt-200")
                        .build()
                        .loadModel();
        assertThat(copied.getModelPath()).startsWith(temp.resolve("djl-cache"));
        try (ZooModel<String, Generation> ours = facade().loadModel()) {
            assertThat(continuation(copied)).isEqualTo(continuation(ours));
        }
    }
}
