package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDList;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.run.SavedState;
import ai.llm360.hub.HubException;
import ai.llm360.zoo.testing.FileServer;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.TinyModel;
import ai.llm360.zoo.tree.RunPublisher;
import ai.llm360.zoo.tree.TreeCheckpoint;
import ai.llm360.zoo.tree.TreeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A published run is loaded again: from a directory, from a web server, by DJL alone. */
class StaticTreeTest extends PublishedRun {

    private HubEnvironment environment;

    /** Trees are asked by their own address; a Hub is not needed. */
    @BeforeEach
    void connect() {
        environment = HubEnvironment.of("http://127.0.0.1:9", temp.resolve("hf"));
    }

    @AfterEach
    void disconnect() {
        environment.close();
    }

    private static float[] byDjl(String url) throws Exception {
        return logits(djl(url).build().loadModel());
    }

    private static ai.djl.repository.zoo.Criteria.Builder<NDList, NDList> djl(String url) {
        return ai.djl.repository.zoo.Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls(url);
    }

    @Test
    void a_directory_gives_what_the_run_saved() throws Exception {
        publish();
        float[] expected = byFacade(run.resolve("ckpt-000").toString());
        assertThat(byFacade(inTree("my-amber@ckpt-000"))).isEqualTo(expected);
        assertThat(byFacade(inTree("my-amber@0"))).isEqualTo(expected);
        assertThat(byDjl(inTree("my-amber@ckpt_000"))).isEqualTo(expected);
        float[] last = byFacade(run.resolve("ckpt-001").toString());
        assertThat(last).isNotEqualTo(expected);
        assertThat(byFacade(inTree("my-amber"))).isEqualTo(last);
        assertThat(byDjl(inTree("my-amber@latest") + "?dtype=fp32")).isEqualTo(last);
    }

    @Test
    void nothing_of_a_directory_is_copied_to_load_it() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(1);
        assertThat(Reference.resolve(inTree("my-amber@1"))).isEqualTo(files(published));
        assertThat(temp.resolve("home")).doesNotExist();
    }

    @Test
    void a_web_server_gives_what_the_run_saved() throws Exception {
        publish();
        float[] expected = byFacade(run.resolve("ckpt-001").toString());
        try (FileServer server = FileServer.of(tree)) {
            String url = "llm360+" + server.address() + "/my-amber@ckpt-001";
            assertThat(byFacade(url)).isEqualTo(expected);
            assertThat(server.asked()).filteredOn(p -> p.endsWith("metadata.json")).hasSize(1);
            assertThat(byDjl(url)).isEqualTo(expected);
            assertThat(server.asked()).filteredOn(p -> p.endsWith(".safetensors")).hasSize(1);
            assertThat(server.authorizations()).isEmpty();
        }
        try (FileServer server = FileServer.withoutRanges(tree)) {
            assertThat(byFacade("llm360+" + server.address() + "/my-amber@latest"))
                    .isEqualTo(expected);
        }
    }

    @Test
    void a_web_servers_files_have_a_cache_of_their_own() throws Exception {
        publish();
        try (FileServer server = FileServer.of(tree)) {
            String reference = "llm360+" + server.address() + "/";
            assertThat(Reference.resolve(reference + "my-amber@ckpt-001"))
                    .startsWith(temp.resolve("home/.trees"));
            assertThatThrownBy(() -> Reference.resolve(reference + "your-amber@latest"))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("your-amber/metadata.json");
        }
    }

    @Test
    void damaged_files_are_refused() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(0);
        byte[] bytes = Files.readAllBytes(weights(published));
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights(published), bytes);
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@0")))
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("model.safetensors: is damaged: its SHA-1 is not");
        try (FileServer server = FileServer.of(tree)) {
            assertThatThrownBy(
                            () -> Reference.resolve("llm360+" + server.address() + "/my-amber@0"))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("don't have the hash");
        }
        Files.write(weights(published), new byte[3]);
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@0")))
                .hasMessageContaining("has 3 bytes, not the " + bytes.length);
        Files.delete(weights(published));
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@0")))
                .hasMessageContaining("is missing");
    }

    @Test
    void a_range_names_some() throws Exception {
        Path series = temp.resolve("series");
        Path model = TinyModel.writeTo(series.resolve("ckpt-000"));
        for (int i = 1; i < 5; i++) {
            copy(model, series.resolve("ckpt-00" + i));
        }
        RunPublisher.builder().setRun(series).setTree(tree).build().publish();
        assertThat(TreeModels.select(inTree("series"))).hasSize(5);
        assertThat(TreeModels.select(inTree("series@latest")))
                .extracting(TreeCheckpoint::name)
                .containsExactly("ckpt-004");
        assertThat(TreeModels.select(inTree("series@0..4:2")))
                .extracting(TreeCheckpoint::name)
                .containsExactly("ckpt-000", "ckpt-002", "ckpt-004");
        assertThatThrownBy(() -> TreeModels.select(inTree("series@3..1")))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("selects nothing");
        assertThatThrownBy(() -> Criteria.loadModel(inTree("series@0..4:2")))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("names several checkpoints");
    }

    @Test
    void djl_alone_lists_and_loads_the_artifacts() throws Exception {
        RunPublisher.Published published = publish();
        Repository repository = Repository.newInstance("tree", tree.toUri().toString());
        MRL model = repository.getResources().get(0);
        assertThat(model.getArtifactId()).isEqualTo("my-amber");
        List<Artifact> artifacts = repository.locate(model).getArtifacts();
        assertThat(artifacts).extracting(Artifact::getName).containsExactly("ckpt-001", "ckpt-000");
        assertThat(artifacts.get(0).getProperties())
                .containsEntry("checkpoint", "ckpt-001")
                .containsEntry("step", "" + SavedState.open(run.resolve("ckpt-001")).state().step())
                .containsKeys("tokens", "loss", "commit");
        assertThat(model.getDefaultArtifact().getName()).isEqualTo("ckpt-001");
        String before = System.setProperty("DJL_CACHE_DIR", temp.resolve("djl").toString());
        try {
            ZooModel<NDList, NDList> loaded =
                    djl(tree.toUri().toString())
                            .optFilter("checkpoint", "ckpt-000")
                            .build()
                            .loadModel();
            assertThat(loaded.getModelPath().toString()).contains("cache");
            assertThat(logits(loaded)).isEqualTo(byFacade(run.resolve("ckpt-000").toString()));
        } finally {
            if (before == null) {
                System.clearProperty("DJL_CACHE_DIR");
            } else {
                System.setProperty("DJL_CACHE_DIR", before);
            }
        }
        assertThat(published.added()).containsExactly("ckpt-000", "ckpt-001");
    }

    @Test
    void a_name_that_isnt_there_is_answered_with_those_that_are() throws Exception {
        publish();
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@ckpt-007")))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no checkpoint 'ckpt-007' of 'my-amber'")
                .hasMessageContaining("ckpt-000, ckpt-001");
        for (String bad :
                List.of("llm360+file:tree/x@1", "llm360+file:///a b/x", "llm360+file:///t/")) {
            assertThatThrownBy(() -> Reference.parse(bad))
                    .isInstanceOf(ModelNotFoundException.class)
                    .hasMessageContaining("names no model in a static tree");
        }
    }
}
