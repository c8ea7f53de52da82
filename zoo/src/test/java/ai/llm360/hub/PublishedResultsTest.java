package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.zoo.PublishedCheckpoint;
import ai.llm360.zoo.PublishedResults;
import ai.llm360.zoo.PublishedResults.Row;
import ai.llm360.zoo.PublishedResults.Task;
import ai.llm360.zoo.Scores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The evaluation files of a Hub's branches become one table. */
class PublishedResultsTest {

    private static final String ARC =
            """
            {"results": {"arc_challenge": {"acc": %s, "acc_stderr": 0.012, "acc_norm": 0.25,
                                           "acc_norm_stderr": 0.0126}},
             "versions": {"arc_challenge": 0},
             "config": {"model": "hf-causal", "num_fewshot": 25, "limit": null}}
            """;

    private static final String MMLU =
            """
            {"results": {"hendrycksTest-abstract_algebra": {"acc": 0.2, "acc_stderr": 0.03},
                         "hendrycksTest-anatomy": {"acc": 0.4, "acc_stderr": 0.04}},
             "versions": {}, "config": {}}
            """;

    @TempDir Path home;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void start() throws IOException {
        ServedFile config = ServedFile.text("config.json", "{}");
        server =
                HubServer.with(config)
                        .branch(
                                "ckpt_000",
                                config,
                                ServedFile.text("eval_arc.json", ARC.formatted("0.21")),
                                ServedFile.text("eval_mmlu.json", MMLU))
                        .branch("ckpt_001", config)
                        .branch(
                                "ckpt_002",
                                config,
                                ServedFile.text("eval_arc.json", ARC.formatted("0.23")))
                        .branch("ckpt_003", config, ServedFile.text("eval_arc.json", "running..."));
        hub = new HubCase(home, server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static List<PublishedCheckpoint> checkpoints(int... numbers) {
        return Arrays.stream(numbers)
                .mapToObj(
                        number ->
                                new PublishedCheckpoint(
                                        "tiny",
                                        "ckpt-00" + number,
                                        HubServer.REPOSITORY,
                                        "ckpt_00" + number,
                                        OptionalInt.empty(),
                                        OptionalLong.of(number),
                                        OptionalLong.of(number),
                                        OptionalInt.empty(),
                                        PublishedCheckpoint.Evidence.RULE))
                .toList();
    }

    private PublishedResults read(Task task, int... numbers) throws IOException {
        return PublishedResults.read(hub.client(), task, checkpoints(numbers), null);
    }

    private static Stream<Double> metric(PublishedResults results, String name) {
        return results.rows().stream()
                .map(row -> row.scores().map(scores -> scores.metrics().get(name)).orElse(null));
    }

    @Test
    void a_row_for_each_checkpoint_in_the_order_asked_for() throws Exception {
        PublishedResults results = read(Task.ARC, 2, 1, 0);
        assertThat(results.metrics())
                .containsExactly("acc", "acc_stderr", "acc_norm", "acc_norm_stderr");
        assertThat(metric(results, "acc")).containsExactly(0.23, null, 0.21);
        assertThat(results.rows().get(1).missing()).contains("no eval_arc.json");
    }

    @Test
    void a_branch_that_isnt_there_and_a_file_that_isnt_done_are_told() throws Exception {
        assertThat(read(Task.ARC, 7, 3).rows())
                .extracting(row -> row.missing().orElseThrow())
                .containsExactly("no eval_arc.json", "eval_arc.json holds no results");
    }

    @Test
    void several_tasks_are_averaged_and_kept() throws Exception {
        Scores scores = read(Task.MMLU, 0).rows().get(0).scores().orElseThrow();
        assertThat(scores.metrics().get("acc")).isCloseTo(0.3, within(1e-15));
        assertThat(scores.metrics().get("acc_stderr")).isCloseTo(0.025, within(1e-15));
        assertThat(scores.tasks().get("hendrycksTest-anatomy")).containsEntry("acc", 0.4);
    }

    @Test
    void what_was_read_once_needs_no_connection() throws Exception {
        PublishedResults before = read(Task.ARC, 0, 2);
        hub.with("HF_HUB_OFFLINE", "1");
        assertThat(read(Task.ARC, 0, 2)).isEqualTo(before);
        assertThat(read(Task.MMLU, 0).rows())
                .extracting(Row::missing)
                .allSatisfy(why -> assertThat(why.orElseThrow()).contains("connections are off"));
    }

    @Test
    void a_hub_that_refuses_is_no_empty_table() {
        server.hubFault(
                (exchange, file) -> {
                    HubServer.error(exchange, 403, "GatedRepo");
                    return true;
                });
        assertThatThrownBy(() -> read(Task.ARC, 0, 2)).isInstanceOf(HubException.class);
    }
}
