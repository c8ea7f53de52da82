package ai.llm360.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A proxy on this machine that asks for a login. Whatever host is asked for, it connects to one
 * server, for plain requests as for tunnels.
 */
final class ProxyServer implements AutoCloseable {

    private final ServerSocket listening;
    private final int server;
    private final String login;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> heads = new CopyOnWriteArrayList<>();

    /** Starts a proxy that lets in who shows {@code user:password}. */
    ProxyServer(int server, String login) throws IOException {
        this.server = server;
        this.login = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Returns the request lines and headers that came, a request each. */
    List<String> heads() {
        return heads;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                threads.execute(() -> serve(client));
            }
        } catch (IOException e) {
            // It was closed.
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket target = new Socket(InetAddress.getLoopbackAddress(), server)) {
            String head = head(client.getInputStream());
            heads.add(head);
            OutputStream out = client.getOutputStream();
            if (!head.contains("\r\nProxy-Authorization: Basic " + login + "\r\n")) {
                out.write(ascii("HTTP/1.1 407 Login\r\nContent-Length: 0\r\n"));
                out.write(ascii("Proxy-Authenticate: Basic realm=\"p\"\r\nConnection: close\r\n"));
                out.write(ascii("\r\n"));
                return;
            }
            if (head.startsWith("CONNECT ")) {
                out.write(ascii("HTTP/1.1 200 Connected\r\n\r\n"));
                threads.execute(() -> copy(client, target));
            } else {
                String asked =
                        head.replaceFirst(" http://[^/]+", " ")
                                .replaceAll("(?i)\r\n(Proxy-[^:]*|Connection):[^\r]*", "");
                target.getOutputStream()
                        .write(ascii(asked.stripTrailing() + "\r\nConnection: close\r\n\r\n"));
            }
            target.getInputStream().transferTo(out);
        } catch (IOException e) {
            // One of the two has gone.
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // One of the two has gone.
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        listening.close();
        threads.shutdownNow();
    }
}
