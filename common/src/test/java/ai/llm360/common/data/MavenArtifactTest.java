package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.llm360.io.internal.Hashes;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads come from a server in this process. */
class MavenArtifactTest {

    private static final String PATH = "org/example/tales/1.0/tales-1.0-sources.jar";
    private static final String LOCAL = "maven.repo.local";
    private static final String REMOTE = "llm360.maven.url";

    @TempDir Path temp;
    private final MavenArtifact artifact = MavenArtifact.parse("org.example:tales:1.0:sources");
    private final byte[] jar = "a jar".getBytes(StandardCharsets.UTF_8);
    private final List<String> asked = new ArrayList<>();
    private final List<URI> announced = new ArrayList<>();
    private HttpServer server;
    private Map<String, Optional<String>> before;

    @BeforeEach
    void serve() throws IOException {
        before =
                Map.of(
                        LOCAL, Optional.ofNullable(System.getProperty(LOCAL)),
                        REMOTE, Optional.ofNullable(System.getProperty(REMOTE)));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    asked.add(exchange.getRequestURI().getPath());
                    boolean found = exchange.getRequestURI().getPath().equals("/maven/" + PATH);
                    exchange.sendResponseHeaders(found ? 200 : 404, found ? jar.length : -1);
                    if (found) {
                        exchange.getResponseBody().write(jar);
                    }
                    exchange.close();
                });
        server.start();
        System.setProperty(LOCAL, temp.resolve("local").toString());
        System.setProperty(REMOTE, "http://localhost:" + server.getAddress().getPort() + "/maven/");
    }

    @AfterEach
    void stop() {
        server.stop(0);
        before.forEach(
                (name, value) ->
                        value.ifPresentOrElse(
                                old -> System.setProperty(name, old),
                                () -> System.clearProperty(name)));
    }

    private Optional<MavenArtifact.Downloads> allowed() {
        return Optional.of(
                new MavenArtifact.Downloads(temp.resolve("cache"), Optional.of(announced::add)));
    }

    private String hash() throws IOException {
        return Hashes.sha256(Files.write(temp.resolve("hashed"), jar));
    }

    @Test
    void the_local_repository_comes_first() throws IOException {
        Path local = temp.resolve("local").resolve(PATH);
        Files.createDirectories(local.getParent());
        Files.write(local, jar);
        assertThat(artifact.locate(hash(), allowed())).isEqualTo(local);
        assertThat(asked).isEmpty();
    }

    @Test
    void downloads_once_into_the_cache_where_that_is_allowed() throws IOException {
        Path found = artifact.locate(hash(), allowed());
        assertThat(found).isEqualTo(temp.resolve("cache").resolve(PATH)).hasBinaryContent(jar);
        artifact.locate(hash(), allowed());
        assertThat(asked).containsExactly("/maven/" + PATH);
        assertThat(announced).containsExactly(URI.create(System.getProperty(REMOTE) + PATH));
        assertThat(found.getParent().toFile().list()).hasSize(1);
    }

    @Test
    void finds_what_was_downloaded_before_where_nothing_may_be_downloaded() throws IOException {
        Path cache = temp.resolve("cache");
        artifact.locate(hash(), allowed());
        asked.clear();
        Optional<MavenArtifact.Downloads> kept =
                Optional.of(new MavenArtifact.Downloads(cache, Optional.empty()));
        assertThat(artifact.locate(hash(), kept)).isEqualTo(cache.resolve(PATH));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> artifact.locate("0".repeat(64), kept))
                .withMessageContaining("not the file that the recipe means");
        MavenArtifact other = MavenArtifact.parse("org.example:tales:2.0");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> other.locate(hash(), kept))
                .withMessageContaining("is not in the local Maven repository nor at " + cache)
                .withMessageContaining("downloading is not allowed");
        assertThat(asked).isEmpty();
    }

    @Test
    void says_what_to_do_where_downloading_is_not_allowed() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> artifact.locate(hash(), Optional.empty()))
                .withMessageContaining("org.example:tales:1.0:sources is not in the local Maven")
                .withMessageContaining("-Dartifact=org.example:tales:1.0:jar:sources");
        assertThat(asked).isEmpty();
    }

    @Test
    void a_wrong_or_absent_artifact_leaves_nothing_in_the_cache() throws IOException {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> artifact.locate("0".repeat(64), allowed()))
                .withMessageContaining("its SHA-256 is " + hash());
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(
                        () ->
                                MavenArtifact.parse("org.example:tales:2.0")
                                        .locate(hash(), allowed()))
                .withMessageContaining("could not be downloaded")
                .withMessageContaining("HTTP status 404");
        try (var files = Files.walk(temp.resolve("cache"))) {
            assertThat(files.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void a_coordinate_has_three_or_four_parts_that_are_plain_names() {
        for (String bad : List.of("a:b", "a:b:c:d:e", "a:b:..", "a/b:c:1", "a::1", "")) {
            assertThatIllegalArgumentException()
                    .as(bad)
                    .isThrownBy(() -> MavenArtifact.parse(bad))
                    .withMessageContaining("group:artifact:version");
        }
    }
}
