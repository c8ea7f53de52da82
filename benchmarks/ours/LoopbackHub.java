import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Hub on the loopback with one repository, {@code LLM360/Bench}, of one file. It sends the file's
 * bytes by the kernel alone ({@code sendfile}), so that a client on the same processors has as much
 * of them as can be.
 *
 * <p>Arguments: the file, and its SHA-256. Prints its address, then serves until it is ended.
 */
public final class LoopbackHub {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final Pattern REQUEST = Pattern.compile("GET (\\S+) HTTP/1\\.1");
    private static final Pattern RANGE = Pattern.compile("(?i)range: *bytes=(\\d+)-(\\d+)");

    private final Path file;
    private final String sha256;

    private LoopbackHub(Path file, String sha256) {
        this.file = file;
        this.sha256 = sha256;
    }

    public static void main(String[] args) throws IOException {
        LoopbackHub hub = new LoopbackHub(Path.of(args[0]), args[1]);
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            System.out.println("http://127.0.0.1:" + port);
            while (true) {
                SocketChannel client = server.accept();
                new Thread(() -> hub.serve(client)).start();
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client;
                FileChannel bytes = FileChannel.open(file);
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(
                                        client.socket().getInputStream(),
                                        StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Matcher request = REQUEST.matcher(line);
                if (!request.matches()) {
                    throw new IOException("no request: " + line);
                }
                Matcher range = null;
                for (String header = in.readLine(); !header.isEmpty(); header = in.readLine()) {
                    Matcher matcher = RANGE.matcher(header);
                    range = matcher.matches() ? matcher : range;
                }
                answer(client, bytes, request.group(1), range);
            }
        } catch (IOException e) {
            // The client has gone.
        }
    }

    private void answer(SocketChannel client, FileChannel bytes, String path, Matcher range)
            throws IOException {
        if (path.contains("/revision/")) {
            sendText(client, "{\"sha\": \"" + COMMIT + "\"}");
        } else if (path.contains("/tree/")) {
            sendText(
                    client,
                    "[{\"type\": \"file\", \"path\": \"%s\", \"size\": %d, \"oid\": \"%s\", \"lfs\": {\"oid\": \"%s\", \"size\": %d, \"pointerSize\": 134}}]"
                            .formatted(
                                    file.getFileName(),
                                    Files.size(file),
                                    COMMIT,
                                    sha256,
                                    Files.size(file)));
        } else {
            sendFile(client, bytes, range);
        }
    }

    private void sendText(SocketChannel client, String text) throws IOException {
        send(client, "200 OK", text.length(), "");
        write(client, text);
    }

    private void sendFile(SocketChannel client, FileChannel bytes, Matcher range)
            throws IOException {
        long size = bytes.size();
        long from = range == null ? 0 : Long.parseLong(range.group(1));
        long end = range == null ? size : Long.parseLong(range.group(2)) + 1;
        String about =
                "ETag: \"%s\"\r\nX-Repo-Commit: %s\r\nX-Linked-Etag: \"%s\"\r\nX-Linked-Size: %d\r\n"
                        .formatted(sha256, COMMIT, sha256, size);
        if (range != null) {
            about += "Content-Range: bytes %d-%d/%d\r\n".formatted(from, end - 1, size);
        }
        send(client, range == null ? "200 OK" : "206 Partial Content", end - from, about);
        while (from < end) {
            from += bytes.transferTo(from, end - from, client);
        }
    }

    private static void send(SocketChannel client, String status, long length, String headers)
            throws IOException {
        write(
                client,
                "HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n".formatted(status, length, headers));
    }

    private static void write(SocketChannel client, String text) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (buffer.hasRemaining()) {
            client.write(buffer);
        }
    }
}
