package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others may have made of the cache. */
class HubCacheTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 100_000);

    @TempDir Path temp;
    private Path elsewhere;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void start() throws IOException {
        server = HubServer.with(CONFIG, WEIGHTS);
        hub = new HubCase(temp.resolve("home"), server);
        elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void assertRefused(Path link) {
        assertThatThrownBy(hub::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining(link + " leads out of the cache, to ")
                .hasMessageContaining("remove that link and ask again")
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(Reason.REFUSED);
    }

    @Test
    void a_link_out_of_the_cache_is_refused_with_and_without_a_connection() throws IOException {
        hub.pull();
        Path secret = Files.write(elsewhere.resolve(WEIGHTS.etag()), WEIGHTS.bytes());
        Path link = hub.snapshot().resolve(WEIGHTS.path());
        Files.delete(link);
        Files.createSymbolicLink(link, secret);
        assertRefused(link);
        hub.with("HF_HUB_OFFLINE", "1");
        assertRefused(link);
        Files.delete(hub.repository().resolve("trees/" + server.commit("main") + ".json"));
        assertRefused(link);
    }

    @Test
    void a_blob_that_is_a_link_out_of_the_cache_is_refused() throws IOException {
        hub.pull();
        Path secret = Files.write(elsewhere.resolve("secret"), WEIGHTS.bytes());
        Files.delete(hub.blob(WEIGHTS));
        Files.createSymbolicLink(hub.blob(WEIGHTS), secret);
        assertRefused(hub.snapshot().resolve(WEIGHTS.path()));
    }

    @Test
    void nothing_is_written_through_directories_that_lead_out_of_the_cache() throws IOException {
        Files.createDirectories(hub.repository());
        Files.createSymbolicLink(hub.repository().resolve("blobs"), elsewhere);
        assertRefused(hub.repository().resolve("blobs"));
        Files.delete(hub.repository().resolve("blobs"));
        Files.createSymbolicLink(hub.repository().resolve("snapshots"), elsewhere);
        assertThatThrownBy(hub::pull).hasMessageContaining("leads out of the cache");
        assertThat(HubCase.all(elsewhere)).isEmpty();
    }

    @Test
    void a_link_in_place_of_a_begun_download_is_not_followed() throws IOException {
        Path victim = Files.writeString(elsewhere.resolve("victim"), "precious");
        Files.createDirectories(hub.partial(WEIGHTS).getParent());
        Files.createSymbolicLink(hub.partial(WEIGHTS), victim);
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(victim).hasContent("precious");
    }

    @Test
    void a_repository_that_was_moved_to_another_disk_works() throws IOException {
        hub.pull();
        Path moved = elsewhere.resolve("moved");
        Files.move(hub.repository(), moved);
        Files.createSymbolicLink(hub.repository(), moved);
        hub.with("HF_HUB_OFFLINE", "1").pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void contents_that_python_shares_between_repositories_are_found() throws IOException {
        hub.pull();
        Path store = Files.createDirectories(hub.cache().resolve("blobs/ab"));
        Files.move(hub.blob(WEIGHTS), store.resolve("abcd"));
        Files.createSymbolicLink(hub.blob(WEIGHTS), Path.of("../../blobs/ab/abcd"));
        server.requests().clear();
        hub.pull();
        assertThat(server.requestsOf(WEIGHTS)).isEmpty();
        assertThat(hub.snapshot().resolve(WEIGHTS.path())).hasBinaryContent(WEIGHTS.bytes());
    }

    @Test
    void a_blob_that_was_cut_short_is_replaced() throws IOException {
        hub.pull();
        Files.write(hub.blob(WEIGHTS), new byte[10]);
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void a_link_to_another_content_is_put_right() throws IOException {
        hub.pull();
        Path link = hub.snapshot().resolve(CONFIG.path());
        ServedFile other = ServedFile.text("other", "[]");
        Files.write(hub.blob(other), other.bytes());
        Files.delete(link);
        Files.createSymbolicLink(link, Path.of("../../blobs/" + other.etag()));
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void files_in_place_of_links_are_used_as_python_leaves_them_on_windows() throws IOException {
        hub.pull();
        Path path = hub.snapshot().resolve(WEIGHTS.path());
        Files.delete(path);
        Files.move(hub.blob(WEIGHTS), path);
        server.requests().clear();
        hub.pull();
        assertThat(server.requestsOf(WEIGHTS)).isEmpty();
        assertThat(path).isRegularFile().hasBinaryContent(WEIGHTS.bytes());
    }

    @Test
    void what_is_there_is_served_without_writing() throws IOException {
        hub.pull();
        List<Path> all = everything();
        FileTime past = FileTime.fromMillis(0);
        for (Path path : all) {
            Files.setLastModifiedTime(path, past);
            assertThat(path.toFile().setWritable(false)).isTrue();
        }
        try {
            hub.pull();
            hub.client()
                    .snapshot(
                            HubServer.REPOSITORY,
                            server.commit("main"),
                            p -> true,
                            TransferListener.none());
            hub.with("HF_HUB_OFFLINE", "1").pull();
            assertThat(everything()).isEqualTo(all);
            for (Path path : all) {
                assertThat(Files.getLastModifiedTime(path)).as(path.toString()).isEqualTo(past);
            }
        } finally {
            all.forEach(path -> path.toFile().setWritable(true));
        }
    }

    private List<Path> everything() throws IOException {
        try (Stream<Path> tree = Files.walk(hub.cache())) {
            return tree.sorted().toList();
        }
    }

    @Test
    void a_cache_that_cannot_be_written_serves_what_it_has() throws IOException {
        hub.pull();
        // A file where a directory should be: nothing can be written below it, not even by root.
        String listing = "trees/" + server.commit("main") + ".json";
        Files.delete(hub.repository().resolve(listing));
        Files.delete(hub.repository().resolve("trees"));
        Files.createFile(hub.repository().resolve("trees"));
        Files.delete(hub.repository().resolve("refs/main"));
        Files.delete(hub.repository().resolve("refs"));
        Files.createFile(hub.repository().resolve("refs"));
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void a_cache_that_cannot_take_what_is_missing_is_told() throws IOException {
        hub.client()
                .snapshot(
                        HubServer.REPOSITORY,
                        "main",
                        "config.json"::equals,
                        TransferListener.none());
        Files.move(hub.cache().resolve(".locks"), temp.resolve("locks"));
        Files.createFile(hub.cache().resolve(".locks"));
        assertThatThrownBy(hub::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("the cache can't be written")
                .hasMessageContaining("name another directory in HF_HUB_CACHE");
        hub.assertHas(CONFIG);
    }

    @Test
    void lists_that_cannot_be_read_are_asked_for_again() throws IOException {
        Path listing = hub.repository().resolve("trees/" + server.commit("main") + ".json");
        hub.pull();
        String good = Files.readString(listing);
        for (String bad :
                new String[] {
                    "", "[", "{\"format_version\": 2}", good.replace("config.json", "../evil")
                }) {
            Files.writeString(listing, bad);
            hub.pull();
            assertThat(listing).content(StandardCharsets.UTF_8).isEqualTo(good);
        }
    }

    @Test
    void a_branch_that_moves_on_is_noticed() throws IOException {
        hub.pull();
        ServedFile newer = ServedFile.text("config.json", "{\"newer\": true}");
        server.branch("main", newer, WEIGHTS);
        assertThat(hub.pull().commit()).isEqualTo(server.commit("main"));
        hub.assertHas(newer, WEIGHTS);
        assertThat(hub.repository().resolve("refs/main")).hasContent(server.commit("main"));
    }

    @Test
    void a_ref_or_a_list_that_is_no_text_counts_as_none() throws IOException {
        hub.pull();
        byte[] noText = {(byte) 0xff, (byte) 0xfe, (byte) 0xc0, 0};
        Files.write(hub.repository().resolve("refs/main"), noText);
        Files.write(hub.repository().resolve("trees/" + server.commit("main") + ".json"), noText);
        assertThat(new HubCache(hub.cache()).repositories()).hasSize(1);
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        Files.write(hub.repository().resolve("refs/main"), noText);
        hub.with("HF_HUB_OFFLINE", "1");
        assertThatThrownBy(hub::pull).isInstanceOf(HubException.class);
    }
}
