package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.Zoo;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TensorCommandTest {

    private static final String NAME = AmberServer.TENSOR;

    @TempDir Path temp;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private AmberServer server;

    @BeforeEach
    void start() throws IOException {
        server = new AmberServer();
        System.setProperty("llm360.home", temp.resolve("home").toString());
    }

    @AfterEach
    void stop() {
        System.clearProperty("llm360.home");
        server.close();
    }

    private String tensor(String... args) throws Exception {
        return run(new TensorCommand(), args);
    }

    private Terminal terminal() throws IOException {
        HubSettings settings =
                HubSettings.of(
                        Map.of("HF_HOME", temp.toString(), "HF_ENDPOINT", server.endpoint()));
        return new Terminal(
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                new ShutdownHook(Thread.currentThread()),
                () -> Zoo.builder().optHub(settings));
    }

    private String run(Callable<Integer> command, String... args) throws Exception {
        out.reset();
        new CommandLine(command, terminal().factory()).parseArgs(args);
        assertThat(command.call()).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shows_rows_and_says_what_they_cost() throws Exception {
        String shown = tensor("amber@200", NAME, "--rows", "4..5", "--dtype", "bf16");
        assertThat(shown)
                .startsWith(NAME + "\n  from      hf://LLM360/Amber@")
                .contains("shape     [2, 1024] of bfloat16\n")
                .contains("min, max  200.000, 200.000\n")
                .contains(
                        "values    200.000 200.000 200.000 200.000 200.000 200.000 200.000 200.000"
                                + " …\n")
                .containsPattern("transferred: \\d\\d\\.\\d kB from " + server.endpoint() + "\n$");
    }

    @Test
    void any_repository_is_read_at_a_revision_and_a_mistyped_path_asks_nobody() throws Exception {
        assertThat(tensor("LLM360/Amber@ckpt_007", NAME, "--rows", "0"))
                .contains("min, max  7.00000, 7.00000\n");
        server.asked().clear();
        assertThatThrownBy(() -> tensor("models/amber", NAME))
                .hasMessageContaining("'models/amber' names no model");
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void the_last_row_belongs_to_the_rows() throws Exception {
        JsonObject read = read(tensor("amber@200", NAME, "--rows", "5..5", "--json"));
        assertThat(read.get("shape")).hasToString("[1,1024]");
        assertThat(read.getAsJsonArray("values").get(0).getAsDouble()).isEqualTo(200.5);
        assertThat(read.getAsJsonObject("statistics").get("max").getAsDouble()).isEqualTo(200.5);
        assertThat(read.get("transferred").getAsLong()).isBetween(1L << 16, (1L << 16) + 8192);
    }

    private static JsonObject read(String json) {
        return JsonParser.parseString(json)
                .getAsJsonObject()
                .getAsJsonArray("checkpoints")
                .get(0)
                .getAsJsonObject();
    }

    @Test
    void a_range_is_one_line_a_checkpoint_and_one_tensor_a_checkpoint_in_the_file()
            throws Exception {
        Path file = temp.resolve("series.safetensors");
        String shown = tensor("amber@0..120:40", NAME, "--rows", "6..9", "--out", file.toString());
        assertThat(shown)
                .startsWith(NAME + ": [4, 1024] of float32\ncheckpoint ")
                .containsPattern("\nckpt-000( +0\\.000000){5}\n")
                .containsPattern("\nckpt-120( +120\\.000000){4} +7680\\.000000\n")
                .endsWith("written: " + file + "\n");
        try (Checkpoint series = Checkpoint.open(file)) {
            assertThat(series.tensors())
                    .containsOnlyKeys("ckpt-000", "ckpt-040", "ckpt-080", "ckpt-120");
            assertThat(series.read("ckpt-080", TensorType.F32).getFloat()).isEqualTo(80);
        }
    }

    @Test
    void what_is_here_is_read_here() throws Exception {
        Path file =
                new SafetensorsBuilder()
                        .floats("a", new long[] {2}, 3, 4)
                        .write(temp.resolve("m.safetensors"));
        assertThat(tensor(file.toString(), "a"))
                .contains(
                        "norm      5.00000\n",
                        "transferred: nothing, all of it is on this machine\n");
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void a_wrong_name_is_told_with_the_nearest() {
        assertThatThrownBy(() -> tensor("amber@200", "model.norm.wait"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the nearest names are [model.norm.weight");
    }

    @Test
    void rows_are_two_numbers_or_one() {
        assertThatThrownBy(() -> tensor("amber@200", NAME, "--rows", "9..4"))
                .hasMessageContaining("'9..4' names no rows: give the first and the last");
    }

    @Test
    void pull_with_a_type_keeps_the_cast_in_the_model_home() throws Exception {
        Path home = temp.resolve("home/amber/ckpt-200");
        assertThat(pull("amber@200", "--dtype", "bf16", "--plan"))
                .contains(
                        "to download  8.4 MB\n",
                        "disk         4.2 MB of ",
                        "free at " + temp.resolve("home") + "\n");
        assertThat(home).doesNotExist();
        assertThat(pull("amber@200", "--dtype", "bf16"))
                .isEqualTo(
                        "LLM360/Amber@ckpt_200 in %s: 1 file, 8.4 MB; downloaded: 1 file, 8.4 MB\n"
                                .formatted(home));
        assertThat(tensor("amber@200", NAME))
                .contains("from      " + home, "of bfloat16", "on this machine");
        assertThatThrownBy(() -> pull("amber@200", "--dtype", "bf16", "--include", "*.json"))
                .hasMessageContaining("leave out --to and --include, or --dtype");
    }

    private String pull(String... args) throws Exception {
        return run(new PullCommand(), args);
    }

    @Test
    void info_shows_the_headers_of_what_is_not_here_and_their_cost() throws Exception {
        assertThat(run(new InfoCommand(), "amber@200"))
                .startsWith("hf://LLM360/Amber@")
                .contains("parameters   2,097,152\n", "layout       safetensors\n")
                .containsPattern(
                        "transferred  65\\.\\d kB \\(65,\\d+ bytes\\) from " + server.endpoint());
    }
}
