package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubClientTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{\"a\": 1}");
    private static final ServedFile EMPTY = ServedFile.text(".gitattributes", "");
    private static final ServedFile NESTED = ServedFile.text("eval/arc c.json", "[25]");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 1_000_003);

    @TempDir Path home;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void start() throws IOException {
        server = HubServer.with(CONFIG, EMPTY, NESTED, WEIGHTS);
        hub = new HubCase(home, server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void lays_files_out_as_python_does() throws IOException {
        HubSnapshot snapshot = hub.pull();
        hub.assertHas(CONFIG, EMPTY, NESTED, WEIGHTS);
        assertThat(snapshot.commit()).isEqualTo(server.commit("main"));
        assertThat(snapshot.directory()).isEqualTo(hub.snapshot());
        assertThat(snapshot.files()).hasSize(4);
        assertThat(snapshot.path(snapshot.files().get(0))).isRegularFile();
        String commit = server.commit("main");
        assertThat(HubCase.all(hub.cache()))
                .extracting(path -> hub.cache().relativize(path).toString())
                .containsExactlyInAnyOrder(
                        ".locks/models--LLM360--Tiny/" + CONFIG.etag() + ".lock",
                        ".locks/models--LLM360--Tiny/" + EMPTY.etag() + ".lock",
                        ".locks/models--LLM360--Tiny/" + NESTED.etag() + ".lock",
                        ".locks/models--LLM360--Tiny/" + WEIGHTS.etag() + ".lock",
                        "models--LLM360--Tiny/blobs/" + CONFIG.etag(),
                        "models--LLM360--Tiny/blobs/" + EMPTY.etag(),
                        "models--LLM360--Tiny/blobs/" + NESTED.etag(),
                        "models--LLM360--Tiny/blobs/" + WEIGHTS.etag(),
                        "models--LLM360--Tiny/refs/main",
                        "models--LLM360--Tiny/snapshots/" + commit + "/.gitattributes",
                        "models--LLM360--Tiny/snapshots/" + commit + "/config.json",
                        "models--LLM360--Tiny/snapshots/" + commit + "/eval/arc c.json",
                        "models--LLM360--Tiny/snapshots/" + commit + "/model.safetensors",
                        "models--LLM360--Tiny/trees/" + commit + ".json");
        assertThat(Files.readSymbolicLink(hub.snapshot().resolve("eval/arc c.json")).toString())
                .isEqualTo("../../../blobs/" + NESTED.etag());
        assertThat(hub.repository().resolve("refs/main")).hasContent(commit);
        // The hash of an empty file in git, and of this one, are known from git hash-object.
        assertThat(EMPTY.etag()).isEqualTo("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assertThat(CONFIG.etag()).isEqualTo("4a036f56bb619924ec4189bd84ed716c766971ae");
    }

    @Test
    void downloads_big_files_in_parts_and_only_once() throws IOException {
        hub.pull();
        assertThat(server.requestsOf(WEIGHTS)).hasSize(WEIGHTS.size() / HubCase.PART + 1);
        // The Hub itself is asked where the file is by each connection at most once.
        assertThat(server.requests())
                .filteredOn(request -> request.path().endsWith("/" + WEIGHTS.path()))
                .hasSizeBetween(1, 4);
        int before = server.requests().size();
        hub.pull();
        assertThat(server.requests()).hasSize(before + 1); // where the branch stands now
        hub.client()
                .snapshot(
                        HubServer.REPOSITORY,
                        server.commit("main"),
                        path -> true,
                        TransferListener.none());
        assertThat(server.requests()).hasSize(before + 1);
    }

    @Test
    void fetches_what_is_asked_for_and_shares_contents_between_revisions() throws IOException {
        ServedFile other = ServedFile.text("config.json", "{\"a\": 2}");
        server.branch("ckpt_000", other, WEIGHTS);
        HubClient client = hub.client();
        client.snapshot(
                HubServer.REPOSITORY, "main", "config.json"::equals, TransferListener.none());
        hub.assertHas(CONFIG);
        assertThat(hub.snapshot().resolve("model.safetensors")).doesNotExist();
        hub.pull();
        HubPlan plan = client.plan(HubServer.REPOSITORY, "ckpt_000", path -> true);
        assertThat(plan.missing()).extracting(HubFile::path).containsExactly("config.json");
        assertThat(plan.missingBytes()).isEqualTo(other.size());
        assertThat(plan.bytes()).isEqualTo(other.size() + WEIGHTS.size());
        HubSnapshot snapshot = client.download(plan, TransferListener.none());
        assertThat(snapshot.directory().resolve("model.safetensors"))
                .hasBinaryContent(WEIGHTS.bytes());
        assertThat(snapshot.directory().resolve("config.json")).hasContent("{\"a\": 2}");
    }

    @Test
    void planning_downloads_nothing() throws IOException {
        HubPlan plan = hub.client().plan(HubServer.REPOSITORY, "main", path -> true);
        assertThat(plan.missing()).hasSize(4);
        assertThat(plan.missingBytes()).isEqualTo(plan.bytes());
        assertThat(hub.repository().resolve("blobs")).doesNotExist();
        assertThat(hub.repository().resolve("snapshots")).doesNotExist();
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void reads_lists_of_many_pages_and_branches() throws IOException {
        server.pagesOf(1).branch("ckpt_000", CONFIG);
        HubClient client = hub.client();
        String commit = client.commit(HubServer.REPOSITORY, "main");
        assertThat(client.files(HubServer.REPOSITORY, commit))
                .extracting(HubFile::path)
                .containsExactly(
                        "config.json", ".gitattributes", "eval/arc c.json", "model.safetensors");
        assertThat(client.refs(HubServer.REPOSITORY))
                .containsExactly(
                        new HubRef("main", server.commit("main"), false),
                        new HubRef("ckpt_000", server.commit("ckpt_000"), false));
    }

    @Test
    void uses_the_cache_without_a_connection() throws IOException {
        hub.pull();
        int before = server.requests().size();
        hub.with("HF_HUB_OFFLINE", "1");
        assertThat(hub.pull().files()).hasSize(4);
        Files.delete(hub.repository().resolve("trees/" + server.commit("main") + ".json"));
        assertThat(hub.pull().files())
                .extracting(HubFile::path)
                .containsExactly(
                        ".gitattributes", "config.json", "eval/arc c.json", "model.safetensors");
        assertThat(server.requests()).hasSize(before);
    }

    @Test
    void says_what_is_missing_where_connections_are_off() throws IOException {
        hub.client()
                .snapshot(
                        HubServer.REPOSITORY,
                        "main",
                        "config.json"::equals,
                        TransferListener.none());
        int before = server.requests().size();
        hub.with("HF_HUB_OFFLINE", "1");
        assertThatThrownBy(hub::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HF_HUB_OFFLINE or ai.djl.offline is set")
                .hasMessageContaining("lacks .gitattributes, eval/arc c.json, model.safetensors")
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(Reason.OFFLINE);
        assertThatThrownBy(() -> hub.client().refs(HubServer.REPOSITORY))
                .hasMessageContaining("unset it to connect");
        assertThatThrownBy(() -> hub.client().commit("LLM360/Other", "main"))
                .hasMessageContaining("LLM360/Other@main: not asked for");
        assertThat(server.requests()).hasSize(before);
    }

    @Test
    void falls_back_to_the_cache_where_the_hub_is_gone() throws IOException {
        hub.pull();
        server.close();
        assertThat(hub.pull().commit()).isEqualTo(server.commit("main"));
    }

    @Test
    void counts_the_bytes_that_are_on_the_disk() throws IOException {
        List<Long> seen = new ArrayList<>();
        Map<HubFile, Long> last = new HashMap<>();
        TransferListener listener =
                new TransferListener() {
                    @Override
                    public void onBegin(HubPlan plan) {
                        seen.add(-1L);
                    }

                    @Override
                    public void onBytes(HubFile file, long bytes) {
                        last.put(file, bytes);
                        seen.add(last.values().stream().mapToLong(Long::longValue).sum());
                    }

                    @Override
                    public void onEnd(HubPlan plan) {
                        seen.add(Long.MAX_VALUE);
                    }
                };
        HubClient client = hub.client();
        HubPlan plan = client.plan(HubServer.REPOSITORY, "main", path -> true);
        client.download(plan, listener);
        assertThat(seen).startsWith(-1L).isSorted();
        assertThat(seen.subList(seen.size() - 2, seen.size()))
                .containsExactly(plan.bytes(), Long.MAX_VALUE);
    }

    @Test
    void names_the_files_where_none_is_asked_for() {
        assertThatThrownBy(() -> hub.client().plan(HubServer.REPOSITORY, "main", path -> false))
                .hasMessageContaining("none of its files is asked for: it has config.json, ");
    }
}
