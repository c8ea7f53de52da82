import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Hub on the loopback that serves one directory under every repository and branch, with ranges,
 * without reading files into memory: {@code java StaticHub.java DIRECTORY PORT}.
 *
 * <p>The SHA-256 that it lists of each file is computed once and kept beside the directory, in
 * {@code <directory>.sha256}. It answers on 127.0.0.1 alone and knows no tokens, redirects or
 * errors: it is for measuring, not for testing.
 */
public final class StaticHub {

    private static final Pattern REVISION =
            Pattern.compile("/api/models/[^/]+/[^/]+/revision/(.+)");
    private static final Pattern TREE = Pattern.compile("/api/models/[^/]+/[^/]+/tree/.+");
    private static final Pattern RESOLVE =
            Pattern.compile("/[^/]+/[^/]+/resolve/([0-9a-f]{40})/(.+)");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    private final Path directory;
    private final List<Entry> files = new ArrayList<>();

    private record Entry(String path, long size, String sha256) {}

    private StaticHub(Path directory) {
        this.directory = directory;
    }

    public static void main(String[] args) throws Exception {
        StaticHub hub = new StaticHub(Path.of(args[0]).toAbsolutePath().normalize());
        hub.list();
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1]));
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", hub::answer);
        server.start();
        System.out.println("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void list() throws Exception {
        List<Path> paths;
        try (Stream<Path> all = Files.list(directory)) {
            paths = all.filter(Files::isRegularFile).sorted().toList();
        }
        Path known = directory.resolveSibling(directory.getFileName() + ".sha256");
        List<String> lines = Files.exists(known) ? Files.readAllLines(known) : List.of();
        List<String> kept = new ArrayList<>();
        for (Path path : paths) {
            FileTime modified = Files.getLastModifiedTime(path);
            String key = path.getFileName() + " " + Files.size(path) + " " + modified.toMillis();
            String sha256 =
                    lines.stream()
                            .filter(line -> line.startsWith(key + " "))
                            .map(line -> line.substring(key.length() + 1))
                            .findFirst()
                            .orElse(null);
            sha256 = sha256 == null ? hash(path) : sha256;
            kept.add(key + " " + sha256);
            files.add(new Entry(path.getFileName().toString(), Files.size(path), sha256));
        }
        Files.write(known, kept);
    }

    private static String hash(Path path) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(path)) {
            for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            Matcher revision = REVISION.matcher(path);
            Matcher resolve = RESOLVE.matcher(path);
            if (revision.matches()) {
                // Each branch is a commit of its own, though all have the same files.
                String commit = "%040x".formatted(revision.group(1).hashCode() & 0xffffffffL);
                send(exchange, "{\"sha\": \"" + commit + "\"}");
            } else if (TREE.matcher(path).matches()) {
                send(exchange, tree());
            } else if (resolve.matches()) {
                send(exchange, resolve.group(1), resolve.group(2));
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        }
    }

    private String tree() {
        List<String> entries = new ArrayList<>();
        for (Entry file : files) {
            entries.add(
                    """
                    {"type": "file", "path": "%s", "size": %d, "oid": "%s",
                     "lfs": {"oid": "%s", "size": %d}}"""
                            .formatted(
                                    file.path(),
                                    file.size(),
                                    file.sha256().substring(0, 40),
                                    file.sha256(),
                                    file.size()));
        }
        return "[" + String.join(",", entries) + "]";
    }

    private void send(HttpExchange exchange, String commit, String path) throws IOException {
        Entry file =
                files.stream().filter(entry -> entry.path().equals(path)).findFirst().orElse(null);
        if (file == null) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        String asked = exchange.getRequestHeaders().getFirst("Range");
        Matcher range = RANGE.matcher(asked == null ? "" : asked);
        long from = range.matches() ? Long.parseLong(range.group(1)) : 0;
        long to = asked != null ? Long.parseLong(range.group(2)) + 1 : file.size();
        exchange.getResponseHeaders().set("X-Repo-Commit", commit);
        exchange.getResponseHeaders().set("ETag", "\"" + file.sha256() + "\"");
        if (asked != null) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, file.size()));
        }
        exchange.sendResponseHeaders(asked != null ? 206 : 200, to > from ? to - from : -1);
        try (FileChannel channel = FileChannel.open(directory.resolve(path));
                var body = Channels.newChannel(exchange.getResponseBody())) {
            for (long at = from; at < to; ) {
                at += channel.transferTo(at, to - at, body);
            }
        }
    }

    private static void send(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
