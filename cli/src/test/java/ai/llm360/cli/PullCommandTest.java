package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.Zoo;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PullCommandTest {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** By {@code git hash-object} of a file of these two bytes. */
    private static final String CONFIG = "{}";

    private static final String CONFIG_HASH = "9e26dfeeb6e641a33dae4961196235bdb965b21b";

    @TempDir Path home;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            String entry = "{\"type\": \"file\", \"path\": \"%s\", \"size\": 2, \"oid\": \"%s\"}";
            String text =
                    switch (path) {
                        case "/api/models/LLM360/Amber/revision/ckpt_200" ->
                                "{\"sha\": \"" + COMMIT + "\"}";
                        case "/api/models/LLM360/Amber/tree/" + COMMIT ->
                                "["
                                        + entry.formatted("config.json", CONFIG_HASH)
                                        + ","
                                        + entry.formatted("eval_arc.txt", CONFIG_HASH)
                                        + "]";
                        case "/LLM360/Amber/resolve/" + COMMIT + "/config.json" -> CONFIG;
                        default -> null;
                    };
            if (text == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private String run(String... args) throws Exception {
        HubSettings settings =
                HubSettings.of(
                        Map.of(
                                "HF_HOME",
                                home.toString(),
                                "HF_ENDPOINT",
                                "http://127.0.0.1:" + server.getAddress().getPort()));
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintStream(out, false, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false,
                        false,
                        new ShutdownHook(Thread.currentThread()),
                        () -> Zoo.builder().optHub(settings));
        PullCommand command = new PullCommand();
        out.reset();
        new CommandLine(command, terminal.factory()).parseArgs(args);
        assertThat(command.call()).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void downloads_what_is_included_and_says_where_it_is() throws Exception {
        Path snapshot = home.resolve("hub/models--LLM360--Amber/snapshots/" + COMMIT);
        assertThat(run("LLM360/Amber@ckpt_200", "--include", "*.json"))
                .isEqualTo(
                        "LLM360/Amber@ckpt_200 in %s: 1 file, 2 B; downloaded: 1 file, 2 B\n"
                                .formatted(snapshot));
        assertThat(snapshot.resolve("config.json")).hasContent(CONFIG);
        assertThat(run("LLM360/Amber@ckpt_200", "--include", "*.json"))
                .endsWith("downloaded: nothing\n");
    }

    @Test
    void a_plan_is_told_and_not_done() throws Exception {
        String plan = run("LLM360/Amber@ckpt_200", "--plan", "--rate", "1B/s");
        assertThat(plan.lines())
                .hasSize(5)
                .startsWith(
                        "checkpoint             files  size  here  to download",
                        "LLM360/Amber@ckpt_200      2  4 B   2 B   2 B",
                        "  to download  2 B")
                .endsWith("  time         0:00:02");
        assertThat(plan).contains("  disk         2 B of ", " free at " + home + "/hub\n");
        assertThat(run("LLM360/Amber@ckpt_200", "--plan"))
                .endsWith(
                        "time         0:00:00 at 10 MB/s, 0:00:00 at 100 MB/s; --rate says it for"
                                + " another\n");
        assertThat(asked).noneMatch(path -> path.contains("/resolve/"));
        JsonObject json =
                JsonParser.parseString(run("LLM360/Amber@ckpt_200", "--plan", "--json"))
                        .getAsJsonObject();
        assertThat(json.get("planned").getAsBoolean()).isTrue();
        assertThat(json.get("bytes_to_write").getAsLong()).isEqualTo(2);
        assertThat(json.get("seconds").isJsonNull()).isTrue();
        JsonObject checkpoint = json.getAsJsonArray("checkpoints").get(0).getAsJsonObject();
        assertThat(checkpoint.get("commit").getAsString()).isEqualTo(COMMIT);
        assertThat(checkpoint.get("missing_bytes").getAsLong()).isEqualTo(2);
        assertThat(checkpoint.get("path").isJsonNull()).isTrue();
    }

    @Test
    void what_two_checkpoints_share_is_planned_once() throws Exception {
        JsonObject json =
                JsonParser.parseString(
                                run(
                                        "LLM360/Amber@ckpt_200",
                                        "LLM360/Amber@" + COMMIT,
                                        "--plan",
                                        "--json"))
                        .getAsJsonObject();
        assertThat(json.getAsJsonArray("checkpoints")).hasSize(2);
        assertThat(json.get("missing_bytes").getAsLong()).isEqualTo(2);
    }

    @Test
    void a_wrong_name_is_told_before_anything_is_downloaded() {
        assertThatThrownBy(() -> run("LLM360/Amber@ckpt_200", "LLM360/Amber@ckpt_999"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("LLM360/Amber@ckpt_999: HTTP 404");
        assertThat(asked).noneMatch(path -> path.contains("/resolve/"));
    }

    @Test
    void a_published_checkpoint_is_pulled_by_any_of_its_names() throws Exception {
        run("LLM360/Amber@ckpt_200", "--include", "config.json");
        String done = run("LLM360/Amber@ckpt_200", "--include", "config.json");
        assertThat(run("amber@ckpt-200", "--include", "config.json")).isEqualTo(done);
        assertThat(run("amber@200..200", "--include", "config.json")).isEqualTo(done);
    }

    @Test
    void a_name_that_was_never_published_is_answered_with_those_that_were() {
        assertThatThrownBy(() -> run("amber@ckpt-360"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no checkpoint 'ckpt-360': amber has ckpt-000 to ckpt-359");
        assertThat(asked).isEmpty();
    }

    @Test
    void a_directory_becomes_a_mirror_in_place_of_the_cache() throws Exception {
        Path mirror = home.resolve("mirror");
        String[] args = {"amber@200..200", "--include", "*.json", "--to", mirror.toString()};
        Path files = mirror.resolve("LLM360/Amber/resolve/" + COMMIT);
        assertThat(run(args))
                .isEqualTo(
                        "LLM360/Amber@ckpt_200 in %s: 1 file, 2 B; downloaded: 1 file, 2 B\n"
                                .formatted(files));
        assertThat(files.resolve("config.json")).hasContent(CONFIG);
        assertThat(Reference.resolve("llm360+" + home.toUri() + "mirror/amber@200"))
                .isEqualTo(files);
        assertThat(home.resolve("hub/models--LLM360--Amber/blobs")).doesNotExist();
        assertThat(run(args)).endsWith("downloaded: nothing\n");
    }

    @Test
    void a_mirror_is_planned_before_it_is_made() throws Exception {
        Path mirror = home.resolve("mirror");
        assertThat(run("LLM360/Amber@ckpt_200", "--plan", "--to", mirror.toString()))
                .contains("to download  4 B\n", " free at " + mirror + "\n");
        assertThat(mirror).doesNotExist();
    }
}
