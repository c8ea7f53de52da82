package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheRemovalTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 100_000);
    private static final ServedFile LATER = ServedFile.weights("later.safetensors", 50_000);

    @TempDir Path temp;
    private HubServer server;
    private HubCase hub;
    private HubCache cache;

    @BeforeEach
    void pull() throws IOException {
        server = HubServer.with(CONFIG, WEIGHTS);
        server.branch("later", CONFIG, LATER).branch("same", CONFIG, LATER);
        hub = new HubCase(temp.resolve("home"), server);
        cache = new HubCache(hub.cache());
        hub.pull();
        pull("later");
        pull("same");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void pull(String branch) throws IOException {
        hub.client().snapshot(HubServer.REPOSITORY, branch, path -> true, TransferListener.none());
    }

    private CacheRemoval removal(String... revisions) throws IOException {
        return cache.removal(HubServer.REPOSITORY, List.of(revisions));
    }

    private static void age(Path path, Duration age) throws IOException {
        Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(age)));
    }

    @Test
    void a_snapshot_goes_with_its_refs_and_what_only_it_shows() throws IOException {
        CacheRemoval removal = removal("later");
        assertThat(removal.commits()).containsExactly(server.commit("later"));
        assertThat(removal.refs()).containsExactly("later", "same");
        assertThat(removal.bytes()).isEqualTo(LATER.size());
        assertThat(hub.blob(LATER)).exists();
        assertThat(removal.run()).isEqualTo(LATER.size());
        assertThat(hub.blob(LATER)).doesNotExist();
        assertThat(hub.repository().resolve("refs/same")).doesNotExist();
        assertThat(hub.repository().resolve("trees")).isDirectoryNotContaining("glob:**later*");
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(HubCase.all(hub.repository())).hasSize(6); // 2 blobs, 2 links, a ref, a list
        pull("later");
        assertThat(hub.blob(LATER)).hasBinaryContent(LATER.bytes());
    }

    @Test
    void the_last_snapshot_takes_all_contents_with_it() throws IOException {
        removal("main", server.commit("later")).run();
        assertThat(HubCase.all(hub.repository())).isEmpty();
        assertThat(cache.repositories().get(0).commits()).isEmpty();
    }

    @Test
    void what_is_not_here_is_told() {
        assertThatThrownBy(() -> removal("main", "next"))
                .isInstanceOf(HubException.class)
                .hasMessage(
                        "LLM360/Tiny@next is not in the cache: %s has later, main, same of it"
                                .formatted(hub.cache()));
        assertThatThrownBy(() -> cache.removal("LLM360/None", List.of("main")))
                .hasMessageContaining("has nothing of it");
    }

    @Test
    void a_removal_that_ends_half_way_leaves_no_snapshot_in_part() throws IOException {
        Files.move(hub.cache().resolve(".locks"), temp.resolve("locks"));
        Files.createFile(hub.cache().resolve(".locks"));
        assertThatThrownBy(() -> removal("main").run()).isInstanceOf(IOException.class);
        assertThat(hub.snapshot()).doesNotExist();
        assertThat(hub.repository().resolve("refs/main")).doesNotExist();
        assertThat(cache.snapshot(HubServer.REPOSITORY, "main", path -> true)).isEmpty();
        Files.delete(hub.cache().resolve(".locks"));
        CacheRemoval rest = cache.unused(HubServer.REPOSITORY);
        assertThat(rest.bytes()).isEqualTo(WEIGHTS.size());
        rest.run();
        assertThat(hub.blob(WEIGHTS)).doesNotExist();
        assertThat(hub.blob(CONFIG)).exists();
    }

    @Test
    void links_are_removed_and_not_followed() throws IOException {
        Path precious = Files.createDirectory(temp.resolve("precious"));
        Files.writeString(precious.resolve("file"), "mine");
        Files.createSymbolicLink(hub.snapshot().resolve("directory"), precious);
        Files.createSymbolicLink(hub.snapshot().resolve("file"), precious.resolve("file"));
        removal("main").run();
        assertThat(hub.snapshot()).doesNotExist();
        assertThat(precious.resolve("file")).hasContent("mine");
    }

    @Test
    void directories_that_lead_out_of_the_cache_are_refused() throws IOException {
        Path moved = temp.resolve("moved");
        Files.move(hub.repository().resolve("blobs"), moved);
        Files.createSymbolicLink(hub.repository().resolve("blobs"), moved);
        assertThatThrownBy(() -> removal("main")).hasMessageContaining("leads out of the cache");
        assertThatThrownBy(() -> cache.unused(HubServer.REPOSITORY))
                .hasMessageContaining("leads out of the cache");
        assertThat(HubCase.all(moved)).hasSize(3);
    }

    @Test
    void a_content_that_has_come_into_use_since_the_plan_stays() throws IOException {
        CacheRemoval removal = removal("main");
        server.branch("again", CONFIG, WEIGHTS, ServedFile.text("new.json", "[]"));
        pull("again");
        assertThat(removal.run()).isZero();
        assertThat(hub.blob(WEIGHTS)).exists();
    }

    @Test
    void what_nothing_shows_is_found_and_removed() throws IOException {
        byte[] begun = new byte[7];
        Path own = Files.write(hub.partial(CONFIG), begun);
        Path blobs = own.getParent();
        Path pythons = Files.write(blobs.resolve("0123.incomplete"), begun);
        Path left = Files.write(hub.repository().resolve(".llm360-x.tmp"), begun);
        Path foreign = Files.write(hub.repository().resolve("README"), begun);
        Files.write(blobs.resolve("a".repeat(40)), new byte[5]);
        CachedRevisions found = cache.repositories().get(0);
        assertThat(found.bytes()).isEqualTo(CONFIG.size() + WEIGHTS.size() + LATER.size());
        assertThat(found.unreferencedBytes()).isEqualTo(5);
        assertThat(found.partials()).isEqualTo(2);
        assertThat(found.partialBytes()).isEqualTo(14);
        assertThat(cache.unused(HubServer.REPOSITORY).run()).isEqualTo(12);
        assertThat(own).doesNotExist();
        assertThat(pythons).exists(); // it may be at work on it
        assertThat(left).exists();
        age(pythons, Duration.ofHours(25));
        age(left, Duration.ofHours(2));
        assertThat(cache.unused(HubServer.REPOSITORY).run()).isEqualTo(14);
        assertThat(pythons).doesNotExist();
        assertThat(left).doesNotExist();
        assertThat(foreign).exists();
        assertThat(cache.unused(HubServer.REPOSITORY).isEmpty()).isTrue();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void what_is_being_downloaded_stays() throws IOException {
        Path partial = Files.write(hub.partial(LATER), new byte[7]);
        Path lock =
                hub.cache()
                        .resolve(".locks")
                        .resolve(hub.repository().getFileName())
                        .resolve(LATER.etag() + ".lock");
        boolean held =
                BlobLock.tryHold(
                        lock, () -> assertThat(cache.unused(HubServer.REPOSITORY).run()).isZero());
        assertThat(held).isTrue();
        assertThat(partial).exists();
        assertThat(cache.unused(HubServer.REPOSITORY).run()).isEqualTo(7);
    }
}
