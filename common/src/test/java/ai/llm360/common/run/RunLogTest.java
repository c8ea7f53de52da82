package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {

    @TempDir Path folder;

    private Path run;
    private Path metrics;

    @BeforeEach
    void makes_a_run() throws IOException {
        run = folder.resolve("run");
        metrics = run.resolve("metrics.jsonl");
        RunDirectory.create(run, "", "").close();
    }

    static StepMetrics step(long step) {
        return new StepMetrics(
                step,
                Math.PI / (double) step,
                3e-4 * (double) step,
                Math.sqrt((double) step),
                64 * step,
                1234.5,
                OptionalDouble.of(0.1 + 0.2),
                1L << 40);
    }

    private void log(long from, long to) throws IOException {
        try (RunDirectory directory = RunDirectory.open(run);
                RunLog log = directory.openLog(from)) {
            for (long step = from + 1; step <= to; step++) {
                log.metrics(step(step));
            }
        }
    }

    private static List<StepMetrics> steps(long to) {
        List<StepMetrics> steps = new ArrayList<>();
        for (long step = 1; step <= to; step++) {
            steps.add(step(step));
        }
        return steps;
    }

    @Test
    void a_line_holds_a_step_in_plain_json() throws IOException {
        log(0, 1);
        String line = Files.readString(metrics);
        String time = line.replaceAll(".*\"time\":\"([^\"]*)\".*\n", "$1");
        assertThat(Instant.parse(time)).isBetween(Instant.now().minusSeconds(60), Instant.now());
        assertThat(line)
                .isEqualTo(
                        "{\"step\":1,\"loss\":3.141592653589793,\"lr\":3.0E-4,\"grad_norm\":1.0,"
                                + "\"tokens\":64,\"tokens_per_second\":1234.5,"
                                + "\"mfu\":0.30000000000000004,\"memory_bytes\":1099511627776,"
                                + "\"time\":\""
                                + time
                                + "\"}\n");
    }

    @Test
    void numbers_read_back_exactly_also_those_that_are_none() throws IOException {
        List<StepMetrics> odd = new ArrayList<>();
        double[] values = {
            Double.MIN_VALUE, Double.MAX_VALUE, -0.0, 1 / 3.0, Math.nextUp(1), (float) 0.1
        };
        for (double value : values) {
            odd.add(odd(odd.size() + 1, value, OptionalDouble.of(-value)));
        }
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1 / 0.0}) {
            odd.add(odd(odd.size() + 1, value, OptionalDouble.empty()));
        }
        try (RunDirectory directory = RunDirectory.open(run);
                RunLog log = directory.openLog(0)) {
            for (StepMetrics step : odd) {
                log.metrics(step);
            }
        }
        assertThat(StepMetrics.read(run)).isEqualTo(odd);
        assertThat(Files.readString(metrics))
                .contains("\"loss\":\"NaN\"", "\"loss\":\"Infinity\"", "\"loss\":\"-Infinity\"");
    }

    private static StepMetrics odd(long step, double value, OptionalDouble mfu) {
        return new StepMetrics(step, value, value, value, Long.MAX_VALUE, value, mfu, 0);
    }

    @Test
    void going_on_from_a_step_drops_the_lines_past_it() throws IOException {
        log(0, 7);
        byte[] kept = Files.readAllBytes(metrics);
        log(7, 20);
        log(7, 7);
        assertThat(metrics).hasBinaryContent(kept);
        log(7, 9);
        assertThat(StepMetrics.read(run)).isEqualTo(steps(9));
        log(0, 0);
        assertThat(metrics).isEmptyFile();
    }

    @Test
    void a_half_line_is_dropped() throws IOException {
        log(0, 3);
        byte[] whole = Files.readAllBytes(metrics);
        int third = new String(whole, StandardCharsets.UTF_8).indexOf("{\"step\":3");
        for (int cut = third; cut < whole.length; cut++) {
            Files.write(metrics, Arrays.copyOf(whole, cut));
            assertThat(StepMetrics.read(run)).isEqualTo(steps(2));
            if (cut % 16 == 0) {
                log(3, 4); // the step's state was saved, its line was not: a log is no proof
                assertThat(StepMetrics.read(run)).containsExactly(step(1), step(2), step(4));
            }
        }
    }

    @Test
    void what_a_power_cut_left_at_the_end_is_dropped() throws IOException {
        log(0, 3);
        Files.write(metrics, new byte[100], StandardOpenOption.APPEND);
        Files.writeString(metrics, "\n{\"step\n", StandardOpenOption.APPEND);
        log(3, 4);
        assertThat(StepMetrics.read(run)).isEqualTo(steps(4));
    }

    @Test
    void a_damaged_line_before_good_ones_is_named_and_nothing_is_dropped() throws IOException {
        log(0, 5);
        String harmed = Files.readString(metrics).replace("{\"step\":2", "{step\":2");
        Files.writeString(metrics, harmed);
        assertThatThrownBy(() -> log(5, 6))
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(metrics.toString())
                .hasMessageContaining("line 2 is damaged");
        assertThat(metrics).hasContent(harmed);
        assertThatThrownBy(() -> StepMetrics.read(run)).hasMessageContaining("line 2");
    }

    @Test
    void events_and_validation_losses_read_back() throws IOException {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("loss", Double.NaN);
        details.put("weights", Map.of("arxiv", 0.25));
        details.put("rows", List.of(1L, 2L));
        details.put("by", null);
        details.put("again", true);
        try (RunDirectory directory = RunDirectory.open(run);
                RunLog log = directory.openLog(0)) {
            log.event(new RunEvent(4, "non_finite", details));
            log.event(new RunEvent(6, "resumed", Map.of()));
            log.validation(new ValidationLoss(4, "books", 3.25, 4096));
            log.validation(new ValidationLoss(6, "books", 3.125, 4096));
            assertThatThrownBy(() -> log.event(new RunEvent(6, "x", Map.of("path", run))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(ValidationLoss.read(run))
                .hasSize(2)
                .contains(new ValidationLoss(4, "books", 3.25, 4096));
        List<RunEvent> events = RunEvent.read(run);
        assertThat(events).extracting(RunEvent::kind).containsExactly("non_finite", "resumed");
        assertThat(events.get(0).details().toString())
                .isEqualTo("{loss=NaN, weights={arxiv=0.25}, rows=[1, 2], by=null, again=true}");
        log(5, 5);
        assertThat(ValidationLoss.read(run))
                .containsExactly(new ValidationLoss(4, "books", 3.25, 4096));
        assertThat(RunEvent.read(run)).extracting(RunEvent::step).containsExactly(4L);
    }

    @Test
    void a_log_may_be_closed_before_the_last_state_is_saved() throws IOException {
        try (RunDirectory directory = RunDirectory.open(run)) {
            RunLog log = directory.openLog(0);
            log.metrics(step(1));
            log.close();
            directory.saveResumePoint(States.of(1)).verify();
        }
    }
}
