package ai.llm360.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Hub on this machine, with one repository or several: an API, files that it serves itself, and
 * large ones to which it redirects, on a second server with signed addresses. It answers as
 * huggingface.co does; a test may put a fault before either.
 */
public final class HubServer implements AutoCloseable {

    static final String REPOSITORY = "LLM360/Tiny";
    static final String SIGNATURE = "Signature=5ecret";

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");
    private static final Pattern RESOLVE = Pattern.compile("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
    private static final Pattern API = Pattern.compile("/api/models/([^/]+/[^/]+)/(\\w+)/?(.*)");

    private final HttpServer hub;
    private final HttpServer storage;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Map<String, Branch>> repositories = new LinkedHashMap<>();
    private final Map<String, ServedFile> stored = new HashMap<>();
    private final Map<String, String> gates = new HashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Fault hubFault = (exchange, file) -> false;
    private volatile Fault storageFault = (exchange, file) -> false;
    private volatile int pageSize = 1000;

    /** What a client asked for. */
    public record Request(boolean ofHub, String path, String range, String authorization) {}

    private record Branch(String commit, List<ServedFile> files) {

        static Branch of(List<ServedFile> files) {
            StringBuilder all = new StringBuilder();
            files.forEach(file -> all.append(file.path()).append(file.etag()));
            return new Branch(
                    ServedFile.hex("SHA-1", all.toString().getBytes(StandardCharsets.UTF_8)),
                    files);
        }
    }

    /** Answers in place of a server, and says whether it did; the file is null at the API. */
    interface Fault {
        boolean handle(HttpExchange exchange, ServedFile file) throws IOException;
    }

    private HubServer() throws IOException {
        // Otherwise the JDK's server holds small answers back for 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        storage = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    /** Starts a Hub whose branch {@code main} has these files. */
    static HubServer with(ServedFile... files) throws IOException {
        return start().branch("main", files);
    }

    /** Starts a Hub without repositories. */
    public static HubServer start() throws IOException {
        HubServer server = new HubServer();
        server.serve(server.hub, true);
        server.serve(server.storage, false);
        return server;
    }

    HubServer branch(String name, ServedFile... files) {
        return branch(REPOSITORY, name, List.of(files));
    }

    /** Gives a repository a branch, or another commit to the branch that it has. */
    public HubServer branch(String repository, String name, List<ServedFile> files) {
        repositories
                .computeIfAbsent(repository, key -> new LinkedHashMap<>())
                .put(name, Branch.of(files));
        files.forEach(file -> stored.put(file.sha256(), file));
        return this;
    }

    /** Lets a repository be read with a token only, of someone who was given access. */
    public HubServer gated(String repository, String token) {
        gates.put(repository, "Bearer " + token);
        return this;
    }

    HubServer pagesOf(int files) {
        pageSize = files;
        return this;
    }

    HubServer hubFault(Fault fault) {
        hubFault = fault;
        return this;
    }

    HubServer storageFault(Fault fault) {
        storageFault = fault;
        return this;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    /** The same machine by another name, so that it is another host. */
    String storageEndpoint() {
        return "http://localhost:" + storage.getAddress().getPort();
    }

    String commit(String branch) {
        return repositories.get(REPOSITORY).get(branch).commit();
    }

    public List<Request> requests() {
        return requests;
    }

    /** The requests that were answered with a file's bytes, or should have been. */
    List<Request> requestsOf(ServedFile file) {
        String end = file.large() ? "/cas/" + file.sha256() : "/" + file.path();
        return requests.stream().filter(request -> request.path().endsWith(end)).toList();
    }

    private void serve(HttpServer server, boolean ofHub) {
        server.setExecutor(threads);
        server.createContext("/", exchange -> answer(exchange, ofHub));
        server.start();
    }

    private void answer(HttpExchange exchange, boolean ofHub) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            requests.add(
                    new Request(
                            ofHub,
                            path,
                            exchange.getRequestHeaders().getFirst("Range"),
                            exchange.getRequestHeaders().getFirst("Authorization")));
            ServedFile file = ofHub ? resolved(path) : stored(path);
            Fault fault = ofHub ? hubFault : storageFault;
            if (fault.handle(exchange, file)) {
                return;
            }
            if (!ofHub) {
                if (exchange.getRequestURI().getQuery().equals(SIGNATURE)) {
                    exchange.getResponseHeaders().set("ETag", "\"store-" + file.sha256() + "\"");
                    sendFile(exchange, file.bytes());
                } else {
                    error(exchange, 403, "");
                }
            } else if (file != null) {
                resolve(exchange, file);
            } else {
                api(exchange, path);
            }
        }
    }

    private ServedFile resolved(String path) {
        Matcher matcher = RESOLVE.matcher(path);
        return matcher.matches()
                ? files(matcher.group(1), matcher.group(2)).stream()
                        .filter(file -> file.path().equals(matcher.group(3)))
                        .findFirst()
                        .orElse(null)
                : null;
    }

    private List<ServedFile> files(String repository, String revision) {
        return branch(repository, revision).map(Branch::files).orElse(List.of());
    }

    private Optional<Branch> branch(String repository, String revision) {
        Map<String, Branch> branches = repositories.getOrDefault(repository, Map.of());
        return branches.values().stream()
                .filter(branch -> branch.commit().equals(revision))
                .findFirst()
                .or(() -> Optional.ofNullable(branches.get(revision)));
    }

    private ServedFile stored(String path) {
        return stored.get(path.replace("/cas/", ""));
    }

    private boolean isClosed(HttpExchange exchange, String repository) {
        String key = gates.get(repository);
        return key != null && !key.equals(exchange.getRequestHeaders().getFirst("Authorization"));
    }

    private void resolve(HttpExchange exchange, ServedFile file) throws IOException {
        Matcher matcher = RESOLVE.matcher(exchange.getRequestURI().getPath());
        if (!matcher.matches()) {
            throw new AssertionError(exchange.getRequestURI());
        }
        if (isClosed(exchange, matcher.group(1))) {
            error(exchange, 403, "GatedRepo");
            return;
        }
        String commit = branch(matcher.group(1), matcher.group(2)).orElseThrow().commit();
        exchange.getResponseHeaders().set("X-Repo-Commit", commit);
        if (file.large()) {
            exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + file.sha256() + "\"");
            exchange.getResponseHeaders().set("X-Linked-Size", "" + file.size());
            redirect(exchange, storageEndpoint() + "/cas/" + file.sha256() + "?" + SIGNATURE);
        } else {
            exchange.getResponseHeaders().set("ETag", "\"" + file.gitHash() + "\"");
            sendFile(exchange, file.bytes());
        }
    }

    private void api(HttpExchange exchange, String path) throws IOException {
        Matcher matcher = API.matcher(path);
        if (!matcher.matches() || !repositories.containsKey(matcher.group(1))) {
            error(exchange, 404, "RepoNotFound");
            return;
        }
        String repository = matcher.group(1);
        Map<String, Branch> branches = repositories.get(repository);
        String name = matcher.group(3);
        if (isClosed(exchange, repository)) {
            error(exchange, 403, "GatedRepo");
        } else if (matcher.group(2).equals("refs")) {
            send(exchange, refs(branches).toString());
        } else if (matcher.group(2).equals("tree")) {
            tree(exchange, files(repository, name));
        } else if (branches.containsKey(name)) {
            send(exchange, "{\"id\":\"x\",\"sha\":\"" + branches.get(name).commit() + "\"}");
        } else {
            error(exchange, 404, "RevisionNotFound");
        }
    }

    private static JsonObject refs(Map<String, Branch> branches) {
        JsonArray all = new JsonArray();
        branches.forEach(
                (name, branch) -> {
                    JsonObject ref = new JsonObject();
                    ref.addProperty("name", name);
                    ref.addProperty("ref", "refs/heads/" + name);
                    ref.addProperty("targetCommit", branch.commit());
                    all.add(ref);
                });
        JsonObject refs = new JsonObject();
        refs.add("branches", all);
        refs.add("converts", new JsonArray());
        refs.add("tags", new JsonArray());
        return refs;
    }

    private void tree(HttpExchange exchange, List<ServedFile> files) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int cursor =
                query.contains("cursor=")
                        ? Integer.parseInt(query.replaceFirst(".*cursor=(\\d+).*", "$1"))
                        : 0;
        int end = Math.min(cursor + pageSize, files.size());
        if (end < files.size()) {
            exchange.getResponseHeaders()
                    .set(
                            "Link",
                            "<%s%s?recursive=true&cursor=%d>; rel=\"next\""
                                    .formatted(
                                            endpoint(), exchange.getRequestURI().getPath(), end));
        }
        JsonArray page = new JsonArray();
        files.subList(cursor, end).forEach(file -> page.add(entry(file)));
        send(exchange, page.toString());
    }

    private static JsonObject entry(ServedFile file) {
        JsonObject entry = new JsonObject();
        entry.addProperty("type", "file");
        entry.addProperty("oid", file.gitHash());
        entry.addProperty("size", file.size());
        entry.addProperty("path", file.path());
        if (file.large()) {
            JsonObject lfs = new JsonObject();
            lfs.addProperty("oid", file.sha256());
            lfs.addProperty("size", file.size());
            lfs.addProperty("pointerSize", 134);
            entry.add("lfs", lfs);
        }
        return entry;
    }

    static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().set("Location", location);
        exchange.sendResponseHeaders(302, -1);
    }

    static void error(HttpExchange exchange, int status, String code) throws IOException {
        if (!code.isEmpty()) {
            exchange.getResponseHeaders().set("X-Error-Code", code);
        }
        exchange.sendResponseHeaders(status, -1);
    }

    static void send(HttpExchange exchange, String text) throws IOException {
        sendWhole(exchange, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a file, or the range of it that was asked for. */
    static void sendFile(HttpExchange exchange, byte[] bytes) throws IOException {
        sendFile(exchange, bytes, Integer.MAX_VALUE);
    }

    /** Sends a file or a range, but cuts the connection after so many bytes. */
    static void sendFile(HttpExchange exchange, byte[] bytes, int most) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        Matcher matcher = RANGE.matcher(range == null ? "" : range);
        if (matcher.matches()) {
            int from = Integer.parseInt(matcher.group(1));
            int to = Integer.parseInt(matcher.group(2)) + 1;
            sendRange(exchange, bytes, from, to, most);
        } else {
            sendBody(exchange, 200, bytes, most);
        }
    }

    static void sendRange(HttpExchange exchange, byte[] bytes, int from, int to, int most)
            throws IOException {
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
        sendBody(exchange, 206, Arrays.copyOfRange(bytes, from, to), most);
    }

    private static void sendBody(HttpExchange exchange, int status, byte[] bytes, int most)
            throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            exchange.getResponseHeaders().set("Content-Length", "" + bytes.length);
        }
        exchange.sendResponseHeaders(status, head || bytes.length == 0 ? -1 : bytes.length);
        if (!head && bytes.length > 0) {
            OutputStream body = exchange.getResponseBody();
            body.write(bytes, 0, Math.min(most, bytes.length));
            body.flush();
        }
    }

    /** Answers with a whole file, whatever was asked for. */
    static boolean sendWhole(HttpExchange exchange, byte[] bytes) throws IOException {
        sendBody(exchange, 200, bytes, Integer.MAX_VALUE);
        return true;
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
        threads.shutdownNow();
    }
}
