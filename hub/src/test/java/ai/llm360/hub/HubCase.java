package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A client of a {@link HubServer}, with a cache of its own; it waits for nothing. */
final class HubCase {

    static final int PART = 1 << 16;
    static final String TOKEN = "hf_a1b2c3d4";

    private final Path home;
    private final HubServer server;
    private final Map<String, String> environment = new HashMap<>();
    private final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());

    HubCase(Path home, HubServer server) {
        this.home = home;
        this.server = server;
        environment.put("HF_HOME", home.toString());
        environment.put("HF_ENDPOINT", server.endpoint());
    }

    HubCase with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    HubSettings settings() {
        try {
            return HubSettings.of(environment);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    HubClient.Builder builder() {
        return HubClient.builder()
                .setSettings(settings())
                .optConnections(4)
                .optPartBytes(PART)
                .optPause(pauses::add);
    }

    HubClient client() {
        return builder().build();
    }

    HubSnapshot pull() throws IOException {
        return pull(client());
    }

    HubSnapshot pull(HubClient client) throws IOException {
        return client.snapshot(HubServer.REPOSITORY, "main", path -> true, TransferListener.none());
    }

    List<Duration> pauses() {
        return pauses;
    }

    Path cache() {
        return home.resolve("hub");
    }

    Path repository() {
        return cache().resolve("models--" + HubServer.REPOSITORY.replace("/", "--"));
    }

    Path snapshot() {
        return repository().resolve("snapshots").resolve(server.commit("main"));
    }

    Path blob(ServedFile file) {
        return repository().resolve("blobs").resolve(file.etag());
    }

    Path partial(ServedFile file) {
        return repository().resolve("blobs").resolve(file.etag() + ".llm360.incomplete");
    }

    void assertHas(ServedFile... files) throws IOException {
        for (ServedFile file : files) {
            assertThat(Files.readAllBytes(snapshot().resolve(file.path())))
                    .as(file.path())
                    .isEqualTo(file.bytes());
        }
        assertNothingDamaged();
    }

    /** Whatever has a name in snapshots or blobs has the bytes that its hash asks for. */
    void assertNothingDamaged() throws IOException {
        for (Path path : all(repository().resolve("snapshots"))) {
            assertThat(path).isSymbolicLink();
            assertThat(path.toRealPath().getParent())
                    .isEqualTo(repository().resolve("blobs").toRealPath());
        }
        for (Path path : all(repository().resolve("blobs"))) {
            String name = path.getFileName().toString();
            if (!name.endsWith(".incomplete")) {
                byte[] bytes = Files.readAllBytes(path);
                ServedFile content = new ServedFile(name, bytes, name.length() == 64);
                assertThat(name.length() == 64 ? content.sha256() : content.gitHash())
                        .isEqualTo(name);
            }
        }
    }

    static List<Path> all(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }
}
