package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.Zoo;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The verbs that look after what was pulled: {@code verify}, {@code rm}, {@code cache}. */
class CacheCommandsTest {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** By {@code git hash-object} of a file of these two bytes. */
    private static final String CONFIG = "{}";

    private static final String CONFIG_HASH = "9e26dfeeb6e641a33dae4961196235bdb965b21b";

    @TempDir Path temp;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String answer = "";
    private Path repository;
    private Path file;

    @BeforeEach
    void write() throws IOException {
        repository = temp.resolve("hub/models--any--model");
        Path blob = repository.resolve("blobs").resolve(CONFIG_HASH);
        file = repository.resolve("snapshots").resolve(COMMIT).resolve("config.json");
        for (Path parent : new Path[] {blob.getParent(), file.getParent()}) {
            Files.createDirectories(parent);
        }
        Files.writeString(blob, CONFIG);
        Files.createSymbolicLink(file, Path.of("../../blobs", CONFIG_HASH));
        Files.createDirectory(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), COMMIT);
    }

    private Terminal terminal() throws IOException {
        HubSettings settings = HubSettings.of(Map.of("HF_HOME", temp.toString()));
        return new Terminal(
                new ByteArrayInputStream(answer.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                !answer.isEmpty(),
                !answer.isEmpty(),
                new ShutdownHook(Thread.currentThread()),
                () -> Zoo.builder().optHub(settings));
    }

    private int run(Callable<Integer> command, Terminal terminal, String... args) throws Exception {
        out.reset();
        err.reset();
        new CommandLine(command, terminal.factory()).parseArgs(args);
        return command.call();
    }

    private int verify(String... args) throws Exception {
        return run(new VerifyCommand(), terminal(), args);
    }

    private int rm(String... args) throws Exception {
        return run(new RemoveCommand(), terminal(), args);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private JsonObject json() {
        return JsonParser.parseString(out()).getAsJsonObject();
    }

    @Test
    void verify_says_what_is_whole() throws Exception {
        assertThat(verify("any/model@main")).isZero();
        assertThat(out()).isEqualTo("any/model@main: whole, 2 B\n");
        assertThat(verify("--all", "--json")).isZero();
        assertThat(json().get("whole").getAsBoolean()).isTrue();
    }

    @Test
    void verify_names_what_is_damaged_and_removes_it_when_told_to() throws Exception {
        Files.writeString(repository.resolve("blobs").resolve(CONFIG_HASH), "[]");
        assertThat(verify("any/model@main")).isEqualTo(1);
        assertThat(out().lines())
                .containsExactly(
                        "%s: damaged: expected git sha1 %s, found git sha1 %s"
                                .formatted(
                                        file,
                                        CONFIG_HASH,
                                        "0637a088a01e8ddab3bf3fa98dbe804cbde1a0dc"),
                        "any/model@main: 1 wrong; --remove-damaged removes what is damaged; then"
                                + " llm360 pull any/model@main brings what lacks");
        assertThat(verify("any/model@main", "--remove-damaged", "--json")).isEqualTo(1);
        JsonObject checked = json().getAsJsonArray("checkpoints").get(0).getAsJsonObject();
        assertThat(checked.get("removed").getAsInt()).isEqualTo(1);
        assertThat(repository.resolve("blobs")).isEmptyDirectory();
    }

    @Test
    void verify_wants_checkpoints_or_all() {
        CommandRun command = new CommandRun();
        String message =
                "llm360 verify: Give checkpoints, or --all, and not both"
                        + " (see llm360 verify --help)\n";
        command.assertWrongUse(message, "verify");
        command.assertWrongUse(message, "verify", "amber@200", "--all");
    }

    @Test
    void rm_tells_and_asks_and_removes() throws Exception {
        String told =
                "any/model: snapshot %s (main); 1 file, 2 B\n2 B to be freed\n".formatted(COMMIT);
        assertThat(rm("any/model@main", "--plan")).isZero();
        assertThat(out()).isEqualTo(told);
        assertThatThrownBy(() -> rm("any/model@main"))
                .hasMessage("nobody is here to be asked; --yes removes, --plan only tells");
        answer = "no\n";
        assertThat(rm("any/model@main")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("remove? [y/N] ");
        assertThat(file).hasContent(CONFIG);
        answer = "Yes\n";
        assertThat(rm("any/model@main")).isZero();
        assertThat(out()).isEqualTo(told + "2 B freed\n");
        assertThat(file).doesNotExist();
    }

    @Test
    void rm_removes_unasked_where_that_is_said() throws Exception {
        assertThat(rm("any/model@" + COMMIT, "--yes", "--json")).isZero();
        assertThat(json().get("freed").getAsLong()).isEqualTo(2);
        assertThat(file).doesNotExist();
    }

    @Test
    void cache_shows_what_there_is_and_prune_removes_what_nothing_shows() throws Exception {
        Files.writeString(repository.resolve("blobs").resolve("a".repeat(40)), "12345");
        assertThat(run(new CacheCommand(), terminal())).isZero();
        assertThat(out())
                .isEqualTo(
                        """
                        %s/hub
                        repository  revisions  size  unreferenced  partial downloads
                        any/model           1  2 B   5 B           none
                        """
                                .formatted(temp));
        assertThat(run(new CacheCommand(), terminal(), "--json")).isZero();
        JsonObject found = json().getAsJsonArray("repositories").get(0).getAsJsonObject();
        assertThat(found.get("unreferenced_bytes").getAsLong()).isEqualTo(5);
        assertThat(run(new CachePruneCommand(), terminal(), "--yes")).isZero();
        assertThat(out()).isEqualTo("nothing to remove\n");
        assertThat(run(new CachePruneCommand(), terminal(), "any/model", "--yes")).isZero();
        assertThat(out())
                .isEqualTo(
                        """
                        any/model: what nothing shows; 1 file, 5 B
                        5 B to be freed
                        5 B freed
                        """);
        assertThat(file).hasContent(CONFIG);
    }
}
