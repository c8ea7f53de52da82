package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.FileProblem.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheVerifierTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 3_000_000);

    @TempDir Path temp;
    private HubServer server;
    private HubCase hub;
    private long read;

    @BeforeEach
    void pull() throws IOException {
        server = HubServer.with(CONFIG, WEIGHTS);
        server.branch("other", ServedFile.text("other.json", "[]"), WEIGHTS);
        hub = new HubCase(temp.resolve("home"), server);
        hub.pull();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private List<FileProblem> verify(String branch) throws IOException {
        HubCache cache = new HubCache(hub.cache());
        CacheVerifier verifier = new CacheVerifier(hub.cache());
        String commit = cache.commit(HubServer.REPOSITORY, branch);
        List<FileProblem> problems = new ArrayList<>();
        read = 0;
        for (HubFile file : cache.files(HubServer.REPOSITORY, commit)) {
            verifier.check(HubServer.REPOSITORY, commit, file, bytes -> read += bytes)
                    .ifPresent(problems::add);
        }
        return problems;
    }

    private void flipAByte() throws IOException {
        byte[] bytes = WEIGHTS.bytes().clone();
        bytes[2_000_000] ^= 1;
        Files.write(hub.blob(WEIGHTS), bytes);
    }

    @Test
    void what_was_pulled_is_whole() throws IOException {
        assertThat(verify("main")).isEmpty();
        assertThat(read).isEqualTo(CONFIG.size() + WEIGHTS.size());
    }

    @Test
    void a_flipped_byte_is_found_in_either_kind_of_file() throws IOException {
        flipAByte();
        Files.writeString(hub.blob(CONFIG), "[}");
        assertThat(verify("main"))
                .extracting(FileProblem::kind)
                .containsExactly(Kind.DAMAGED, Kind.DAMAGED);
        FileProblem problem = verify("main").get(1);
        assertThat(problem.path()).isEqualTo(hub.snapshot().resolve(WEIGHTS.path()));
        assertThat(problem.expected()).isEqualTo("sha256 " + WEIGHTS.sha256());
        assertThat(problem.found())
                .isEqualTo(
                        "sha256 " + ServedFile.hex("SHA-256", Files.readAllBytes(problem.path())));
    }

    @Test
    void what_was_cut_short_or_is_not_there_is_found() throws IOException {
        Files.write(hub.blob(WEIGHTS), new byte[10]);
        Files.delete(hub.blob(CONFIG));
        assertThat(verify("main"))
                .extracting(FileProblem::toString)
                .containsExactly(
                        "%s: isn't there; expected git sha1 %s"
                                .formatted(hub.snapshot().resolve(CONFIG.path()), CONFIG.gitHash()),
                        "%s: damaged: expected 3000000 bytes, found 10 bytes"
                                .formatted(hub.snapshot().resolve(WEIGHTS.path())));
        assertThat(read).isEqualTo(CONFIG.size() + WEIGHTS.size());
    }

    @Test
    void a_link_out_of_the_cache_is_refused() throws IOException {
        Path link = hub.snapshot().resolve(WEIGHTS.path());
        Files.delete(link);
        Files.createSymbolicLink(link, Files.write(temp.resolve("same"), WEIGHTS.bytes()));
        assertThatThrownBy(() -> verify("main")).hasMessageContaining("leads out of the cache");
    }

    @Test
    void nothing_can_be_said_of_a_plain_file_without_a_list() throws IOException {
        Files.delete(hub.repository().resolve("trees/" + server.commit("main") + ".json"));
        Path path = hub.snapshot().resolve(WEIGHTS.path());
        Files.delete(path);
        Files.move(hub.blob(WEIGHTS), path);
        assertThat(verify("main")).extracting(FileProblem::kind).containsExactly(Kind.UNKNOWN);
    }

    @Test
    void a_removed_content_comes_anew_for_every_snapshot_and_no_other_is_touched()
            throws IOException {
        hub.client().snapshot(HubServer.REPOSITORY, "other", path -> true, TransferListener.none());
        flipAByte();
        FileProblem damaged = verify("other").get(0);
        new HubCache(hub.cache()).removeDamaged(HubServer.REPOSITORY, damaged.path());
        assertThat(hub.blob(WEIGHTS)).doesNotExist();
        assertThat(Files.isSymbolicLink(hub.snapshot().resolve(WEIGHTS.path()))).isFalse();
        assertThat(verify("main")).extracting(FileProblem::kind).containsExactly(Kind.MISSING);
        server.requests().clear();
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(CONFIG)).isEmpty();
    }
}
