package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.testing.FileServer;
import ai.llm360.zoo.testing.TinyModel;
import ai.llm360.zoo.tree.HubMirror;
import ai.llm360.zoo.tree.Standing;
import ai.llm360.zoo.tree.StaticTree;
import ai.llm360.zoo.tree.TreeCheckpoint;
import ai.llm360.zoo.tree.TreeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A part of a Hub is copied to a directory, which is then a Hub itself. */
class HubMirrorTest {

    @TempDir Path temp;
    private Path tree;
    private HubServer server;
    private HubCase hub;
    private List<ServedFile> model;

    @BeforeEach
    void start() throws IOException {
        tree = temp.resolve("tree");
        model = new ArrayList<>();
        for (Path file : HubCase.all(TinyModel.writeTo(temp.resolve("model")))) {
            String name = file.getFileName().toString();
            model.add(
                    new ServedFile(name, Files.readAllBytes(file), name.endsWith(".safetensors")));
        }
        server = HubServer.with(branch("main"));
        for (int i = 0; i < 4; i++) {
            server.branch("ckpt_00" + i, branch("ckpt_00" + i));
        }
        hub = new HubCase(temp.resolve("home"), server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** The model, and a file of the branch's own. */
    private ServedFile[] branch(String name) {
        List<ServedFile> files = new ArrayList<>(model);
        files.add(ServedFile.text("eval_arc.json", "{\"branch\": \"%s\"}".formatted(name)));
        return files.toArray(ServedFile[]::new);
    }

    private HubMirror mirror() {
        return mirror(path -> true);
    }

    private HubMirror mirror(Predicate<String> include) {
        return new HubMirror(tree, hub.settings(), include);
    }

    private static void run(HubMirror mirror, HubMirror.Source... sources) throws IOException {
        for (HubMirror.Source source : sources) {
            mirror.mirror(source, TransferListener.none());
        }
        mirror.finish();
    }

    private static HubMirror.Source source(int checkpoint) {
        return new HubMirror.Source(
                "tiny",
                "ckpt-00" + checkpoint,
                HubServer.REPOSITORY,
                "ckpt_00" + checkpoint,
                new Standing(
                        Optional.empty(),
                        OptionalLong.of(762L * checkpoint),
                        OptionalLong.of(1000L * checkpoint),
                        OptionalDouble.empty()));
    }

    private List<TreeCheckpoint> mirrored() throws IOException {
        return StaticTree.at(tree.toUri(), temp.resolve("none")).checkpoints("tiny");
    }

    private Path files(int checkpoint) {
        return tree.resolve(HubServer.REPOSITORY)
                .resolve("resolve")
                .resolve(server.commit("ckpt_00" + checkpoint));
    }

    private ServedFile weights() {
        return model.stream().filter(ServedFile::large).findFirst().orElseThrow();
    }

    @Test
    void a_mirror_serves_the_hubs_clients_under_the_hubs_own_commits() throws Exception {
        run(mirror(), source(0), source(2));
        try (FileServer copy = FileServer.of(tree)) {
            HubSettings settings =
                    HubSettings.of(
                            Map.of(
                                    "HF_ENDPOINT",
                                    copy.address(),
                                    "HF_HOME",
                                    temp.resolve("other").toString()));
            HubClient client = HubClient.builder().setSettings(settings).build();
            assertThat(client.refs(HubServer.REPOSITORY))
                    .extracting(HubRef::name)
                    .containsExactly("ckpt_000", "ckpt_002");
            HubSnapshot snapshot =
                    client.snapshot(
                            HubServer.REPOSITORY,
                            "ckpt_002",
                            path -> true,
                            TransferListener.none());
            assertThat(snapshot.commit()).isEqualTo(server.commit("ckpt_002"));
            assertThat(snapshot.files()).hasSize(model.size() + 1);
            assertThat(snapshot.directory().resolve("eval_arc.json"))
                    .hasContent("{\"branch\": \"ckpt_002\"}");
            assertThatThrownBy(() -> client.commit(HubServer.REPOSITORY, "ckpt_001"))
                    .isInstanceOf(HubException.class);
        }
    }

    @Test
    void a_mirror_is_loaded_from_by_name() throws Exception {
        run(mirror(), source(2), source(0));
        assertThat(mirrored())
                .extracting(TreeCheckpoint::name)
                .containsExactly("ckpt-000", "ckpt-002");
        assertThat(mirrored().get(1).standing().step()).hasValue(1524);
        String reference = "llm360+" + temp.toUri() + "tree/tiny@";
        assertThat(Reference.resolve(reference + "ckpt_2")).isEqualTo(files(2));
        assertThat(Reference.resolve(reference + "latest")).isEqualTo(files(2));
        Criteria.loadModel(reference + "0").close();
    }

    @Test
    void bytes_lie_on_the_disk_once() throws Exception {
        run(mirror(), source(0), source(1));
        assertThat(tree.resolve(".download")).doesNotExist();
        assertThat(server.requestsOf(weights())).hasSize(1);
        assertThat(Files.getAttribute(files(0).resolve(weights().path()), "unix:nlink"))
                .isEqualTo(2);
        assertThat(hub.cache()).satisfies(cache -> assertThat(blobs(cache)).isEmpty());
    }

    private static List<Path> blobs(Path cache) throws IOException {
        return HubCase.all(cache).stream()
                .filter(path -> path.toString().contains("blobs"))
                .toList();
    }

    @Test
    void a_broken_mirror_goes_on_where_it_stopped() throws Exception {
        server.hubFault(
                (exchange, file) -> {
                    boolean third = exchange.getRequestURI().getPath().endsWith("/ckpt_002");
                    if (third) {
                        HubServer.error(exchange, 404, "RevisionNotFound");
                    }
                    return third;
                });
        HubMirror.Source[] range = {source(0), source(1), source(2)};
        assertThatThrownBy(() -> run(mirror(), range)).isInstanceOf(HubException.class);
        assertThat(mirrored()).hasSize(2);
        Reference.resolve("llm360+" + temp.toUri() + "tree/tiny@1");
        server.hubFault((exchange, file) -> false);
        int before = server.requestsOf(weights()).size();
        assertThat(mirror().plan(source(1)).missing()).isEmpty();
        run(mirror(), range);
        assertThat(mirrored()).hasSize(3);
        assertThat(server.requestsOf(weights())).hasSize(before);
        assertThat(tree.resolve(".download")).doesNotExist();
    }

    @Test
    void what_the_hubs_cache_has_is_not_downloaded_again() throws Exception {
        hub.client()
                .snapshot(HubServer.REPOSITORY, "ckpt_001", path -> true, TransferListener.none());
        int before = server.requestsOf(weights()).size();
        assertThat(mirror().plan(source(1)).missingBytes()).isZero();
        run(mirror(), source(1));
        assertThat(server.requestsOf(weights())).hasSize(before);
        hub.assertNothingDamaged();
    }

    @Test
    void a_plan_writes_nothing() throws Exception {
        HubPlan plan = mirror().plan(source(3));
        assertThat(plan.missingBytes()).isEqualTo(plan.bytes());
        assertThat(plan.revision()).isEqualTo("ckpt_003");
        assertThat(tree).doesNotExist();
    }

    @Test
    void files_may_come_a_few_at_a_time() throws Exception {
        run(mirror(path -> path.endsWith(".json")), source(0));
        assertThat(files(0).resolve(weights().path())).doesNotExist();
        assertThat(mirror().plan(source(0)).missingBytes()).isPositive();
        run(mirror(path -> path.endsWith(".safetensors")), source(0));
        assertThat(files(0).resolve("config.json")).exists();
        Criteria.loadModel("llm360+" + temp.toUri() + "tree/tiny@0").close();
    }

    @Test
    void a_damaged_file_is_downloaded_anew() throws Exception {
        run(mirror(), source(0));
        Path weights = files(0).resolve(weights().path());
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        run(mirror(), source(0));
        assertThat(weights).hasBinaryContent(weights().bytes());
    }

    @Test
    void what_lies_there_already_is_not_written_to() throws Exception {
        Files.createDirectories(tree);
        Files.writeString(tree.resolve("thesis.tex"), "years of work");
        assertThatThrownBy(() -> run(mirror(), source(0)))
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("choose another directory");
        assertThat(HubCase.all(tree)).hasSize(1);
    }
}
