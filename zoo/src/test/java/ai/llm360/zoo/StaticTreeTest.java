package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.run.SavedState;
import ai.llm360.zoo.hub.HubException;
import ai.llm360.zoo.testing.FileServer;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.TinyModel;
import ai.llm360.zoo.tree.RunPublisher;
import ai.llm360.zoo.tree.TreeCheckpoint;
import ai.llm360.zoo.tree.TreeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run is published and loaded again: from a directory, from a web server, by DJL alone. */
class StaticTreeTest {

    @TempDir static Path trained;
    private static Path run;
    private static Path phased;

    @TempDir Path temp;
    private Path tree;
    private Home home;

    @BeforeAll
    static void train() throws IOException {
        TinyTraining training = TinyTraining.in(trained);
        run = training.train(training.recipe(), "once");
        phased = training.train(training.recipe().with("phases", phases()), "phased");
    }

    private static Map<String, Object> phases() {
        return new TreeMap<>(Map.of("phase1", Map.of(), "phase2", Map.of("seed", 6)));
    }

    @BeforeEach
    void open() {
        tree = temp.resolve("tree");
        home = Home.at(temp.resolve("home"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    private RunPublisher.Builder publisher() {
        return RunPublisher.builder().setRun(run).setTree(tree).optModel("my-amber");
    }

    private RunPublisher.Published publish() throws IOException {
        return publisher().build().publish();
    }

    private static float[] logits(ZooModel<NDList, NDList> loaded) throws Exception {
        try (ZooModel<NDList, NDList> model = loaded;
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            NDArray ids = model.getNDManager().create(new long[][] {{1, 5, 9, 14}});
            try (NDList result = predictor.predict(new NDList(ids))) {
                return result.singletonOrThrow().toFloatArray();
            }
        }
    }

    private static float[] byFacade(String reference) throws Exception {
        return logits(Criteria.loadModel(reference, NDList.class, NDList.class));
    }

    private static float[] byDjl(String url) throws Exception {
        return logits(djl(url).build().loadModel());
    }

    private static ai.djl.repository.zoo.Criteria.Builder<NDList, NDList> djl(String url) {
        return ai.djl.repository.zoo.Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls(url);
    }

    private String inTree(String name) {
        return "llm360+" + temp.toUri() + "tree/" + name;
    }

    private Path weights(TreeCheckpoint checkpoint) {
        return files(checkpoint).resolve("model.safetensors");
    }

    private Path files(TreeCheckpoint checkpoint) {
        return tree.resolve(checkpoint.repository())
                .resolve("resolve")
                .resolve(checkpoint.commit());
    }

    private List<String> visible() throws IOException {
        try (Stream<Path> all = Files.walk(tree)) {
            return all.filter(Files::isRegularFile)
                    .map(p -> tree.relativize(p).toString())
                    .toList();
        }
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
    void publishing_again_mends_what_was_damaged() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(0);
        Path tokenizer = files(published).resolve("tokenizer.json"); // of both checkpoints
        Files.writeString(tokenizer, "{}");
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@1")))
                .isInstanceOf(TreeException.class);
        assertThat(publish().added()).isEmpty();
        Reference.resolve(inTree("my-amber@0"));
        Reference.resolve(inTree("my-amber@1"));
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
    void phases_are_one_series() throws Exception {
        RunPublisher.Published published =
                RunPublisher.builder().setRun(phased).setTree(tree).build().publish();
        assertThat(published.model()).isEqualTo("nano");
        assertThat(published.repository()).isEqualTo("local/nano");
        assertThat(published.checkpoints()).hasSize(4);
        assertThat(published.checkpoints().get(3).name()).startsWith("phase2-0000");
        assertThat(published.checkpoints())
                .extracting(one -> one.standing().tokens().getAsLong())
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(byFacade(inTree("nano@latest")))
                .isEqualTo(byFacade(phased.resolve("phase2/ckpt-001").toString()));
    }

    @Test
    void a_series_of_directories_is_published_too() throws Exception {
        Path series = temp.resolve("series");
        TinyModel.writeTo(series.resolve("ckpt-9"));
        TinyModel.writeTo(series.resolve("ckpt-10"));
        RunPublisher.Published published =
                RunPublisher.builder().setRun(series).setTree(tree).build().publish();
        assertThat(published.model()).isEqualTo("series");
        assertThat(published.added()).containsExactly("ckpt-9", "ckpt-10");
    }

    @Test
    void publishing_again_adds_what_is_new_and_changes_nothing_else() throws Exception {
        Path half = temp.resolve("half");
        Files.createDirectories(half);
        copy(run, half);
        Path later = half.resolve("ckpt-001");
        Files.move(later, temp.resolve("later"));
        RunPublisher.Builder builder = publisher().setRun(half);
        RunPublisher.Published first = builder.build().publish();
        assertThat(first.added()).containsExactly("ckpt-000");
        List<String> before = visible();
        assertThat(builder.build().publish().added()).isEmpty();
        assertThat(visible()).isEqualTo(before);
        Files.move(temp.resolve("later"), later);
        RunPublisher.Published second = builder.build().publish();
        assertThat(second.added()).containsExactly("ckpt-001");
        assertThat(visible()).containsAll(before);
        assertThat(byFacade(inTree("my-amber@0")))
                .isEqualTo(byFacade(run.resolve("ckpt-000").toString()));
        assertThat(Files.readString(tree.resolve("api/models/local/my-amber/revision/main")))
                .contains(second.checkpoints().get(1).commit());
    }

    @Test
    void other_content_under_a_name_is_refused() throws Exception {
        RunPublisher.Published published = publish();
        List<String> before = visible();
        assertThatThrownBy(() -> publisher().optType(TensorType.BF16).build().publish())
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("has another ckpt-000 of model my-amber");
        RunPublisher.Builder otherModel = publisher().optModel("other").optType(TensorType.BF16);
        assertThatThrownBy(() -> otherModel.optRepository("local/my-amber").build().publish())
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("or repository local/my-amber");
        assertThat(visible()).isEqualTo(before);
        assertThat(Reference.resolve(inTree("my-amber@0")))
                .isEqualTo(files(published.checkpoints().get(0)));
    }

    @Test
    void what_files_have_in_common_lies_on_the_disk_once() throws Exception {
        List<TreeCheckpoint> published = publish().checkpoints();
        Path first = files(published.get(0)).resolve("tokenizer.json");
        Path second = files(published.get(1)).resolve("tokenizer.json");
        assertThat(Files.getAttribute(first, "unix:ino"))
                .isEqualTo(Files.getAttribute(second, "unix:ino"));
        assertThat(Files.getAttribute(weights(published.get(0)), "unix:ino"))
                .isNotEqualTo(
                        Files.getAttribute(run.resolve("ckpt-000/model.safetensors"), "unix:ino"));
    }

    @Test
    void a_failure_half_way_leaves_no_tree() {
        assertThatThrownBy(() -> publisher().optProgress(new Failing(4)).build().publish())
                .hasMessage("pulled the plug");
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void a_failure_half_way_leaves_a_tree_as_it_was() throws Exception {
        publish();
        List<String> before = visible();
        assertThatThrownBy(
                        () ->
                                publisher()
                                        .optModel("other")
                                        .optProgress(new Failing(6))
                                        .build()
                                        .publish())
                .hasMessage("pulled the plug");
        assertThatThrownBy(() -> Reference.resolve(inTree("other@latest")))
                .hasMessageContaining("has no model 'other'");
        publisher().optModel("other").build().publish();
        assertThat(visible()).containsAll(before);
        Reference.resolve(inTree("other@ckpt-001"));
    }

    @Test
    void a_damaged_checkpoint_is_not_published() throws Exception {
        Path damaged = temp.resolve("damaged");
        copy(run, damaged);
        Path file = damaged.resolve("ckpt-001/model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> publisher().setRun(damaged).build().publish())
                .hasMessageContaining("is damaged");
        assertThat(tree).doesNotExist();
    }

    @Test
    void weights_are_cast_if_asked() throws Exception {
        TreeCheckpoint published =
                publisher().optType(TensorType.BF16).build().publish().checkpoints().get(0);
        try (Checkpoint checkpoint = Checkpoint.open(files(published))) {
            assertThat(checkpoint.tensors().values())
                    .allMatch(tensor -> tensor.type() == TensorType.BF16);
        }
        assertThat(Files.readString(files(published).resolve("manifest.json"))).contains("BF16");
    }

    @Test
    void state_goes_with_it_only_if_asked() throws Exception {
        TreeCheckpoint model = publish().checkpoints().get(1);
        assertThat(files(model).resolve("optimizer")).doesNotExist();
        assertThat(files(model).resolve("trainer_state.json")).doesNotExist();
        assertThat(files(model).resolve("config.yaml")).doesNotExist();
        TreeCheckpoint state =
                publisher()
                        .optModel("state")
                        .optWithState(true)
                        .build()
                        .publish()
                        .checkpoints()
                        .get(1);
        SavedState saved = SavedState.open(files(state));
        saved.verify();
        assertThat(saved.hasOptimizer()).isTrue();
        assertThat(byFacade(inTree("state@1"))).isEqualTo(byFacade(inTree("my-amber@1")));
    }

    @Test
    void a_manifest_has_the_hashes_that_the_run_wrote() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(0);
        String manifest = Files.readString(files(published).resolve("manifest.json"));
        SavedState saved = SavedState.open(run.resolve("ckpt-000"));
        try (Checkpoint weights = saved.openWeights()) {
            assertThat(weights.tensors().keySet())
                    .isNotEmpty()
                    .allSatisfy(
                            name ->
                                    assertThat(manifest)
                                            .contains(name, saved.tensorHashes().get(name)));
        }
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

    @Test
    void what_is_no_tree_is_not_written_to() throws Exception {
        Files.createDirectories(tree);
        Files.writeString(tree.resolve("thesis.tex"), "years of work");
        assertThatThrownBy(this::publish).hasMessageContaining("not an empty directory");
        assertThat(visible()).containsExactly("thesis.tex");
        assertThatThrownBy(() -> publisher().optRepository("model/nlp").build().publish())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--repository");
        assertThatThrownBy(() -> publisher().setRun(temp).build().publish())
                .hasMessageContaining("holds no checkpoint");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : (Iterable<Path>) all.sorted(Comparator.naturalOrder())::iterator) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }

    /** Fails when it is told of the n-th piece of work. */
    private static final class Failing implements Progress {

        private int left;

        Failing(int left) {
            this.left = left;
        }

        @Override
        public void reset(String message, long max, String trailingMessage) {
            left--;
            if (left == 0) {
                throw new IllegalStateException("pulled the plug");
            }
        }

        @Override
        public void start(long initialProgress) {}

        @Override
        public void end() {}

        @Override
        public void increment(long increment) {}

        @Override
        public void update(long progress, String message) {}
    }
}
