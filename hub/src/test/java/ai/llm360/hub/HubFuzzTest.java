package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.io.internal.testing.Mutations;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Answers that are nearly right, byte for byte from a socket: whatever they are, a client says what
 * is wrong with them as a {@link HubException}, and keeps nothing that is damaged.
 */
class HubFuzzTest {

    private static final int CASES = Mutations.cases(60);
    private static final String COMMIT = "c".repeat(40);
    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 3_000);

    private static final List<String> ODD =
            List.of(
                    "99999999999999999999",
                    "9223372036854775808",
                    "-1",
                    "1e999999999",
                    "\\ud800",
                    "\\u0000",
                    "../../x",
                    "C:\\\\x",
                    "\r\n",
                    "\r\n\r\n",
                    "\n",
                    "\0",
                    "\u00ff\u00c0",
                    " ",
                    ":",
                    "\"",
                    "null",
                    "[",
                    "[".repeat(5_000),
                    "{\"a\":".repeat(5_000),
                    "}",
                    "true",
                    "x".repeat(70_000),
                    "\r\nContent-Length: 99999999999999999999\r\n",
                    "\r\nContent-Length: -5\r\n",
                    "\r\nContent-Length: 0\r\n",
                    "\r\nTransfer-Encoding: chunked\r\n",
                    "\r\nTransfer-Encoding: gzip\r\n",
                    "\r\nContent-Encoding: gzip\r\n",
                    "\r\nContent-Range: bytes 0-99999999999999999999/*\r\n",
                    "\r\nLocation: http://x:99999/\r\n",
                    "\r\nLocation: //\r\n",
                    "\r\nLocation: http://[::1\r\n",
                    "\r\nLocation: https://x/\r\n",
                    "\r\nLocation: ?\r\n",
                    "\r\nLink: <?>; rel=\"next\"\r\n",
                    "\r\nLink: <http://x:99999/>; rel=\"next\"\r\n",
                    "\r\nLink: <>; rel=next\r\n",
                    "\r\nETag: \"\"\r\n",
                    "\r\nX-Linked-Size: 7\r\n",
                    "\r\nX-Repo-Commit: x\r\n",
                    "\r\nRetry-After: 99999999999999999999\r\n",
                    "\r\nRetry-After: Fri, 31 Dec 999999 23:59:59 GMT\r\n",
                    "\r\nRateLimit: \"api\";r=0;t=1\r\n",
                    "HTTP/1.1 100 Continue\r\n\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                    "HTTP/9.9 999 \r\n",
                    "HTTP/1.1 302 Found\r\n",
                    "HTTP/1.1 206 Partial Content\r\n",
                    "HTTP/1.1 407 Login\r\n",
                    "HTTP/1.1 429 Slow\r\n",
                    "ffffffffffffffff\r\n");

    @TempDir Path home;

    @Test
    void nearly_right_answers_are_told_and_leave_nothing_damaged() throws Exception {
        try (Mutating server = new Mutating()) {
            int whole = 0;
            for (int seed = 0; seed < CASES; seed++) {
                server.seed(seed);
                whole += run(server, seed) ? 1 : 0;
            }
            // Neither is all of it refused, nor is nothing of it wrong.
            assertThat(whole).isBetween(CASES / 20, CASES - CASES / 20);
        }
    }

    /** Asks for everything, and returns whether it came whole. */
    private boolean run(Mutating server, int seed) throws IOException {
        Path cache = home.resolve("seed" + seed);
        HubClient client =
                HubClient.builder()
                        .setSettings(
                                HubSettings.of(
                                        Map.of(
                                                "HF_HOME",
                                                cache.toString(),
                                                "HF_ENDPOINT",
                                                "http://hub.invalid",
                                                "HF_TOKEN",
                                                HubCase.TOKEN,
                                                // Wherever an answer leads, nothing leaves here.
                                                "http_proxy",
                                                "http://127.0.0.1:" + server.port(),
                                                "https_proxy",
                                                "http://127.0.0.1:1")))
                        .optSleeper(duration -> {})
                        .optSilence(Duration.ofMillis(150))
                        .optConnections(2)
                        .optPartBytes(1 << 10)
                        .build();
        boolean whole = true;
        try {
            client.refs(HubServer.REPOSITORY);
        } catch (HubException e) {
            whole = false;
            requireSilent(e);
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + ": " + e, e);
        }
        try {
            client.snapshot(HubServer.REPOSITORY, "main", path -> true, TransferListener.none());
        } catch (HubException e) {
            whole = false;
            requireSilent(e);
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + ": " + e, e);
        }
        for (Path blob : HubCase.all(cache.resolve("hub/models--LLM360--Tiny/blobs"))) {
            String name = blob.getFileName().toString();
            assertThat(name.replace(".llm360.incomplete", "")).matches("[0-9a-f]{40,64}");
        }
        return whole;
    }

    private static void requireSilent(HubException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            assertThat(String.valueOf(cause.getMessage())).doesNotContain(HubCase.TOKEN);
        }
    }

    /** A Hub of one repository that changes some of its answers. */
    private static final class Mutating implements AutoCloseable {

        private final ServerSocket listening =
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private Random random = new Random();

        Mutating() throws IOException {
            threads.execute(this::accept);
        }

        int port() {
            return listening.getLocalPort();
        }

        synchronized void seed(int seed) {
            random = new Random(seed);
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
            try (client) {
                client.setTcpNoDelay(true);
                String head = head(client.getInputStream());
                client.getOutputStream().write(mutated(answer(head)));
                client.shutdownOutput();
            } catch (IOException e) {
                // The client has gone.
            }
        }

        private static String head(InputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new IOException("no request");
                }
                head.append((char) next);
            }
            return head.toString();
        }

        private static byte[] answer(String head) {
            String path = head.split(" ", 3)[1].replaceFirst("^http://[^/]*", "");
            if (path.contains("/refs")) {
                return ok(
                        "",
                        "{\"branches\":[{\"name\":\"main\",\"targetCommit\":\"%s\"}],\"tags\":[]}"
                                .formatted(COMMIT));
            }
            if (path.contains("/revision/")) {
                return ok("", "{\"id\":\"x\",\"sha\":\"" + COMMIT + "\"}");
            }
            if (path.contains("/tree/")) {
                String entry = "{\"type\":\"file\",\"path\":\"%s\",\"size\":%d,\"oid\":\"%s\"%s}";
                String lfs =
                        ",\"lfs\":{\"oid\":\"%s\",\"size\":%d}"
                                .formatted(WEIGHTS.sha256(), WEIGHTS.size());
                return ok(
                        path.contains("cursor")
                                ? ""
                                : "Link: <http://hub.invalid%s&cursor=1>; rel=\"next\"\r\n"
                                        .formatted(path),
                        "["
                                + (path.contains("cursor")
                                        ? entry.formatted(
                                                WEIGHTS.path(),
                                                WEIGHTS.size(),
                                                WEIGHTS.gitHash(),
                                                lfs)
                                        : entry.formatted(
                                                CONFIG.path(), CONFIG.size(), CONFIG.gitHash(), ""))
                                + "]");
            }
            if (path.endsWith(CONFIG.path())) {
                return ok(
                        "X-Repo-Commit: %s\r\nETag: \"%s\"\r\n".formatted(COMMIT, CONFIG.gitHash()),
                        "{}");
            }
            if (path.contains("/resolve/")) {
                return text(
                        "HTTP/1.1 302 Found\r\nX-Repo-Commit: %s\r\nX-Linked-Etag: \"%s\"\r\nX-Linked-Size: %d\r\nLocation: http://storage.invalid/cas?s=1\r\nContent-Length: 0\r\n\r\n"
                                .formatted(COMMIT, WEIGHTS.sha256(), WEIGHTS.size()));
            }
            return weights(head);
        }

        private static byte[] weights(String head) {
            byte[] bytes = WEIGHTS.bytes();
            String range = head.replaceFirst("(?s).*bytes=(\\d+-\\d+).*", "$1");
            int from = range.length() < 12 ? Integer.parseInt(range.split("-", 2)[0]) : 0;
            int to =
                    range.length() < 12
                            ? Math.min(bytes.length, Integer.parseInt(range.split("-", 2)[1]) + 1)
                            : bytes.length;
            byte[] body = Arrays.copyOfRange(bytes, Math.min(from, to), to);
            byte[] top =
                    text(
                            "HTTP/1.1 206 Partial Content\r\nETag: \"store\"\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n"
                                    .formatted(from, to - 1, bytes.length, body.length));
            return concatenated(List.of(top, body));
        }

        private static byte[] ok(String headers, String body) {
            return text(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                            .formatted(headers, body.length(), body));
        }

        /** Leaves most answers as they are, so that the later ones are reached too. */
        private synchronized byte[] mutated(byte[] answer) {
            byte[] now = answer;
            if (random.nextInt(4) == 0) {
                for (int times = 1 + random.nextInt(3); times > 0; times--) {
                    now = changed(now);
                }
            }
            return now;
        }

        private byte[] changed(byte[] answer) {
            int at = random.nextInt(answer.length + 1);
            int to = Math.min(answer.length, at + random.nextInt(1 + random.nextInt(60)));
            byte[] before = Arrays.copyOf(answer, at);
            byte[] after = Arrays.copyOfRange(answer, to, answer.length);
            return switch (random.nextInt(6)) {
                case 0 -> before;
                case 1 -> concatenated(List.of(before, after));
                case 2 -> concatenated(List.of(answer, answer));
                case 3 -> {
                    byte[] flipped = answer.clone();
                    for (int i = at; i < to; i++) {
                        flipped[i] ^= (byte) (1 << random.nextInt(8));
                    }
                    yield flipped;
                }
                default -> concatenated(List.of(before, text(odd()), after));
            };
        }

        private String odd() {
            return ODD.get(random.nextInt(ODD.size()));
        }

        private static byte[] text(String text) {
            return text.getBytes(StandardCharsets.ISO_8859_1);
        }

        private static byte[] concatenated(List<byte[]> parts) {
            byte[] all = new byte[parts.stream().mapToInt(part -> part.length).sum()];
            int at = 0;
            for (byte[] part : parts) {
                System.arraycopy(part, 0, all, at, part.length);
                at += part.length;
            }
            return all;
        }

        @Override
        public void close() throws IOException {
            listening.close();
            threads.shutdownNow();
        }
    }
}
