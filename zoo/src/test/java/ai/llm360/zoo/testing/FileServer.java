package ai.llm360.zoo.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A web server that knows nothing but the files of a directory, below {@code /files/}. */
public final class FileServer implements AutoCloseable {

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final Path directory;
    private final boolean ranges;

    private FileServer(Path directory, boolean ranges) {
        // Otherwise the JDK's server holds small answers back for 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        this.directory = directory;
        this.ranges = ranges;
        try {
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/files/", this::answer);
        server.start();
    }

    /** Serves a directory's files, and parts of them. */
    public static FileServer of(Path directory) {
        return new FileServer(directory, true);
    }

    /** Serves a directory's files whole, whatever was asked for. */
    public static FileServer withoutRanges(Path directory) {
        return new FileServer(directory, false);
    }

    /** The directory's address. */
    public String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/files";
    }

    /** The paths that were asked for. */
    public List<String> asked() {
        return asked;
    }

    /** The logins that came with requests. */
    public List<String> authorizations() {
        return authorizations;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath().substring("/files/".length());
            asked.add(path);
            List<String> login = exchange.getRequestHeaders().get("Authorization");
            if (login != null) {
                authorizations.addAll(login);
            }
            Path file = directory.resolve(path);
            if (!Files.isRegularFile(file)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            byte[] bytes = Files.readAllBytes(file);
            String range = exchange.getRequestHeaders().getFirst("Range");
            Matcher matcher = RANGE.matcher(range == null ? "" : range);
            int status = 200;
            if (ranges && matcher.matches()) {
                int from = Integer.parseInt(matcher.group(1));
                int to = Integer.parseInt(matcher.group(2)) + 1;
                exchange.getResponseHeaders()
                        .set(
                                "Content-Range",
                                "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
                bytes = Arrays.copyOfRange(bytes, from, to);
                status = 206;
            }
            exchange.getResponseHeaders()
                    .set("ETag", "W/\"%x\"".formatted(Files.getLastModifiedTime(file).toMillis()));
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
