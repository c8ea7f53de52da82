package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run is exported, and every verb takes what comes of it. */
class ExportCommandTest {

    @TempDir static Path trained;
    private static String run;

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();

    @BeforeAll
    static void train() throws IOException {
        TinyRun tiny = TinyRun.in(trained, 2);
        run = tiny.out().toString();
        CommandRun command = new CommandRun();
        int status = command.run("pretrain", tiny.recipe(), "--out=" + run);
        assertThat(status).as(command.err()).isZero();
    }

    private String out() {
        return temp.resolve("out").toString();
    }

    @Test
    void a_run_is_exported_and_named_by_its_recipe() {
        assertThat(command.run("export", run, out())).as(command.err()).isZero();
        assertThat(command.out())
                .contains("tiny-run@ckpt-000: ", "tiny-run@ckpt-001: ")
                .endsWith("llm360+%stiny-run names the last one\n".formatted(uri()));
        JsonObject info = command.json("info", "llm360+" + uri() + "tiny-run@1", "--json");
        assertThat(info.get("path").getAsString()).startsWith(out());
        assertThat(command.run("export", run, out())).isZero();
        assertThat(command.out()).contains("tiny-run@ckpt-001: ", "; was there already\n");
    }

    private String uri() {
        return temp.toUri() + "out/";
    }

    @Test
    void what_was_exported_is_told_as_json() {
        JsonObject result =
                command.json(
                        "export",
                        run,
                        out(),
                        "--name=my-amber",
                        "--repository=my-lab/amber",
                        "--dtype=bf16",
                        "--json");
        assertThat(result.get("model").getAsString()).isEqualTo("my-amber");
        assertThat(result.get("repository").getAsString()).isEqualTo("my-lab/amber");
        JsonArray checkpoints = result.getAsJsonArray("checkpoints");
        JsonObject last = checkpoints.get(1).getAsJsonObject();
        assertThat(last.get("step").getAsLong()).isEqualTo(16);
        assertThat(last.get("loss").getAsDouble()).isPositive();
        assertThat(last.get("added").getAsBoolean()).isTrue();
        assertThat(temp.resolve("out/my-lab/amber/resolve"))
                .isDirectoryContaining(path -> path.endsWith(last.get("commit").getAsString()));
    }

    @Test
    void what_was_exported_is_listed() {
        assertThat(command.run("export", run, out())).isZero();
        assertThat(command.run("list", "llm360+" + uri() + "tiny-run")).isZero();
        assertThat(command.out().lines())
                .hasSize(3)
                .satisfies(
                        lines -> assertThat(lines.get(1)).startsWith("ckpt-000").contains("0.51"));
        JsonObject listed = command.json("list", "llm360+" + uri() + "tiny-run@latest", "--json");
        assertThat(listed.getAsJsonArray("checkpoints")).hasSize(1);
    }

    @Test
    void what_cant_be_exported_is_told_in_a_line() throws IOException {
        Path empty = Files.createDirectory(temp.resolve("empty"));
        command.assertFails(
                1, new String[] {"export", empty.toString(), out()}, "holds no checkpoint");
        command.assertFails(
                1,
                new String[] {"export", run, out(), "--repository=nobody"},
                "'nobody' is not a repository's name",
                "--repository");
        command.assertFails(
                1,
                new String[] {"export", run, out(), "--with-state", "--dtype=bf16"},
                "publish its state, or cast them");
    }
}
