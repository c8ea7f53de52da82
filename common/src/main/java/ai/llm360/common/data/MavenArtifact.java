package ai.llm360.common.data;

import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** A jar in a Maven repository; a classifier is one such as {@code sources}. */
record MavenArtifact(String group, String artifact, String version, Optional<String> classifier) {

    /** The directory of the jars downloaded so far; who is told of more, where they may be. */
    record Downloads(Path cache, Optional<Consumer<URI>> announce) {}

    private static final String CENTRAL = "https://repo1.maven.org/maven2";

    /** Parses {@code group:artifact:version[:classifier]}. */
    static MavenArtifact parse(String coordinate) {
        String[] parts = coordinate.split(":", -1);
        boolean plain = parts.length == 3 || parts.length == 4;
        for (String part : parts) {
            plain &= part.matches("[A-Za-z0-9][A-Za-z0-9._+-]*");
        }
        if (!plain) {
            throw new IllegalArgumentException(
                    "maven is group:artifact:version or group:artifact:version:classifier, not "
                            + coordinate);
        }
        return new MavenArtifact(
                parts[0],
                parts[1],
                parts[2],
                parts.length == 4 ? Optional.of(parts[3]) : Optional.empty());
    }

    @Override
    public String toString() {
        return group + ":" + artifact + ":" + version + classifier.map(c -> ":" + c).orElse("");
    }

    private String path() {
        return "%s/%s/%s/%s-%s%s.jar"
                .formatted(
                        group.replace('.', '/'),
                        artifact,
                        version,
                        artifact,
                        version,
                        classifier.map(c -> "-" + c).orElse(""));
    }

    /**
     * Finds the jar of a SHA-256 in the local repository or the cache, or else downloads it into
     * the cache, where that is allowed.
     */
    Path locate(String sha256, Optional<Downloads> downloads) throws IOException {
        Path local = localRepository().resolve(path());
        if (Files.isRegularFile(local)) {
            return checked(local, sha256);
        }
        Optional<Path> cached = downloads.map(jars -> jars.cache().resolve(path()));
        if (cached.filter(Files::isRegularFile).isEmpty()) {
            Consumer<URI> announce =
                    downloads
                            .flatMap(Downloads::announce)
                            .orElseThrow(() -> new DataException(local, missing(cached)));
            download(cached.orElseThrow(), sha256, announce);
        }
        return checked(cached.orElseThrow(), sha256);
    }

    private String missing(Optional<Path> cached) {
        return ("%s is not in the local Maven repository%s, and downloading is not allowed here;"
                    + " allow it (llm360 data prepare --download), or fetch the artifact with mvn"
                    + " dependency:get -Dartifact=%s")
                .formatted(this, cached.map(jar -> " nor at " + jar).orElse(""), getCoordinate());
    }

    /** Returns its name for Maven's dependency plugin: the packaging before the classifier. */
    private String getCoordinate() {
        return "%s:%s:%s:jar%s"
                .formatted(group, artifact, version, classifier.map(c -> ":" + c).orElse(""));
    }

    private static Path localRepository() {
        String named = System.getProperty("maven.repo.local");
        return named == null
                ? Path.of(System.getProperty("user.home"), ".m2", "repository")
                : Path.of(named);
    }

    private static String remoteRepository() {
        String named = System.getProperty("llm360.maven.url", System.getenv("LLM360_MAVEN_URL"));
        String url = named == null || named.isBlank() ? CENTRAL : named;
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    private Path checked(Path file, String sha256) throws IOException {
        String found = Hashes.sha256(file);
        if (!found.equals(sha256)) {
            throw new DataException(
                    file,
                    "its SHA-256 is %s, the recipe says %s: not the file that the recipe means; if"
                                    .formatted(found, sha256)
                            + " it is damaged, delete it");
        }
        return file;
    }

    private void download(Path target, String sha256, Consumer<URI> announce) throws IOException {
        URI url = URI.create(remoteRepository() + "/" + path());
        announce.accept(url);
        Files.createDirectories(target.getParent());
        Path temporary = AtomicDirectory.hidden(target);
        try {
            fetch(url, temporary);
            checked(temporary, sha256);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (DataException e) {
            throw e;
        } catch (IOException e) {
            throw new DataException(
                    target,
                    "%s could not be downloaded from %s (%s); see that the network is there, or name"
                                    .formatted(this, url, describe(e))
                            + " another repository by LLM360_MAVEN_URL",
                    e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static String describe(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static void fetch(URI url, Path into) throws IOException {
        HttpClient client =
                HttpClient.newBuilder()
                        .connectTimeout(Duration.ofSeconds(20))
                        .followRedirects(HttpClient.Redirect.NORMAL)
                        .build();
        HttpRequest request =
                HttpRequest.newBuilder(url).timeout(Duration.ofMinutes(2)).GET().build();
        try {
            HttpResponse<InputStream> response =
                    client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                if (response.statusCode() != 200) {
                    throw new IOException("HTTP status " + response.statusCode());
                }
                Files.copy(body, into);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        try (FileChannel channel = FileChannel.open(into, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
