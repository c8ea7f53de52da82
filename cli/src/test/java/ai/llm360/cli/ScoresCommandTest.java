package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.testing.HubEnvironment;
import com.google.gson.JsonArray;
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
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ScoresCommandTest {

    private static final String BASE = "/api/models/LLM360/Amber";
    private static final String WITH = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private static final String WITHOUT = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private static final String RESULTS =
            "{\"results\":{\"truthfulqa_mc\":{\"mc1\":0.25,\"mc2\":0.33335}}}";

    /** By {@code git hash-object} of a file of that text. */
    private static final String RESULTS_HASH = "df31778348d212dd05785eeb4167f8b5322cab1b";

    @TempDir Path home;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", ScoresCommandTest::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** Branch ckpt_010 has results, ckpt_020 has none. */
    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String entry = "{\"type\": \"file\", \"path\": \"%s\", \"size\": %d, \"oid\": \"%s\"}";
            String file = entry.formatted("eval_truthfulqa.json", RESULTS.length(), RESULTS_HASH);
            String text =
                    switch (path) {
                        case BASE + "/revision/ckpt_010" -> "{\"sha\": \"" + WITH + "\"}";
                        case BASE + "/revision/ckpt_020" -> "{\"sha\": \"" + WITHOUT + "\"}";
                        case BASE + "/tree/" + WITH -> "[" + file + "]";
                        case BASE + "/tree/" + WITHOUT -> "[]";
                        default -> path.endsWith("/eval_truthfulqa.json") ? RESULTS : null;
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
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                        false,
                        false,
                        new ShutdownHook(Thread.currentThread()),
                        () -> Zoo.builder().optHub(settings));
        ScoresCommand command = new ScoresCommand();
        out.reset();
        new CommandLine(command, terminal.factory())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(args);
        assertThat(command.call()).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void people_read_a_table() throws Exception {
        assertThat(run("amber@10..20:10", "--task=truthfulqa"))
                .isEqualTo(
                        """
                        checkpoint   step  tokens (B)  mc1     mc2
                        ckpt-010     8382       38.45  0.2500  0.3334
                        ckpt-020    16002       73.41                  no eval_truthfulqa.json
                        """);
    }

    @Test
    void programs_read_values_in_a_fixed_order() throws Exception {
        String csv =
                """
                checkpoint,step,tokens,mc1,mc2,missing
                ckpt-010,8382,38452592640,0.25,0.33335,
                ckpt-020,16002,73409495040,,,no eval_truthfulqa.json
                """
                        .replace("\n", "\r\n");
        assertThat(run("amber@10..20:10", "--task=truthfulqa", "--csv")).isEqualTo(csv);
        Path file = home.resolve("truthfulqa.csv");
        assertThat(run("amber@10..20:10", "--task=truthfulqa", "--out=" + file)).isEmpty();
        assertThat(file).content().isEqualTo(csv);
    }

    @Test
    void json_has_the_tasks_too() throws Exception {
        JsonObject result =
                JsonParser.parseString(run("amber@10..20:10", "--task=truthfulqa", "--json"))
                        .getAsJsonObject();
        assertThat(result.get("task").getAsString()).isEqualTo("truthfulqa");
        JsonArray checkpoints = result.getAsJsonArray("checkpoints");
        JsonObject first = checkpoints.get(0).getAsJsonObject();
        assertThat(first.getAsJsonObject("scores").get("mc1").getAsDouble()).isEqualTo(0.25);
        assertThat(first.getAsJsonObject("tasks").keySet()).containsExactly("truthfulqa_mc");
        assertThat(checkpoints.get(1).getAsJsonObject().get("missing").getAsString())
                .isEqualTo("no eval_truthfulqa.json");
    }

    @Test
    void a_model_that_was_never_published_is_answered_with_those_that_were() {
        assertThatThrownBy(() -> run("ambre", "--task=arc"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("did you mean amber?");
    }

    @Test
    void without_a_connection_it_is_said_once_and_is_a_failure() {
        try (HubEnvironment environment = HubEnvironment.of("http://hub.invalid", home)) {
            String[] all = {"scores", "amber", "--task=arc"};
            new CommandRun()
                    .assertFails(1, all, "no connection to hub.invalid (", "HF_HUB_OFFLINE");
            environment.with("HF_HUB_OFFLINE", "1");
            new CommandRun().assertFails(1, all, "HF_HUB_OFFLINE or ai.djl.offline is set");
        }
    }
}
