package ai.llm360.cli;

import ai.llm360.common.testing.SafetensorsBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A Hub with all of Amber's branches, each of one file of 8 MB. */
final class AmberServer implements AutoCloseable {

    static final String TENSOR = "model.norm.weight";

    private static final int COLUMNS = 1024;
    private static final int ROWS = 1024;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    AmberServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Returns the paths that were asked for. */
    List<String> asked() {
        return asked;
    }

    /** A commit's last digits are its branch's number, and all values are that number. */
    private static byte[] weights(int branch) {
        float[] values = new float[ROWS * COLUMNS];
        Arrays.fill(values, branch);
        values[5 * COLUMNS] = branch + 0.5f;
        return new SafetensorsBuilder()
                .floats(TENSOR, new long[] {ROWS, COLUMNS}, values)
                .floats("other", new long[] {ROWS, COLUMNS}, values)
                .bytes();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            String branch = path.replaceFirst(".*revision/ckpt_", "");
            String base = "/api/models/LLM360/Amber/";
            if (path.startsWith(base + "revision/ckpt_")) {
                String commit = "0".repeat(37) + branch;
                send(
                        exchange,
                        200,
                        "{\"sha\": \"%s\"}".formatted(commit).getBytes(StandardCharsets.US_ASCII));
            } else if (path.startsWith(base + "tree/")) {
                byte[] bytes = weights(number(path));
                String entry =
                        """
                        [{"type": "file", "path": "model.safetensors", "oid": "%s", "size": 9,
                          "lfs": {"oid": "%s", "size": %d}}]\
                        """
                                .formatted("1".repeat(40), sha256(bytes), bytes.length);
                send(exchange, 200, entry.getBytes(StandardCharsets.US_ASCII));
            } else if (path.endsWith("/model.safetensors")) {
                byte[] bytes = weights(number(path.replaceFirst("/model.safetensors$", "")));
                String[] range =
                        exchange.getRequestHeaders()
                                .getFirst("Range")
                                .substring("bytes=".length())
                                .split("-", 2);
                int from = Integer.parseInt(range[0]);
                int to = Integer.parseInt(range[1]) + 1;
                exchange.getResponseHeaders()
                        .set(
                                "Content-Range",
                                "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
                send(exchange, 206, Arrays.copyOfRange(bytes, from, to));
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        }
    }

    private static int number(String path) {
        return Integer.parseInt(path.substring(path.length() - 3));
    }

    private static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
