package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.train.TrainingConfig.Schedule;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {

    private static final LearningRate AMBER =
            new LearningRate(new Schedule(Schedule.Kind.COSINE, 3e-4, 3e-5, 2000, 0, 274_320), 1);

    private static JsonObject golden(String name) throws IOException {
        String text = Files.readString(Fixtures.shared("fixtures/llm360/golden/lr_schedules.json"));
        return JsonParser.parseString(text).getAsJsonObject().getAsJsonObject(name);
    }

    /** The originals add and subtract the peak, so a rate has the rounding of the largest. */
    private static void assertRates(LearningRate rates, JsonObject golden, double peak) {
        for (Map.Entry<String, JsonElement> entry : golden.getAsJsonObject("lr").entrySet()) {
            double expected = entry.getValue().getAsDouble();
            assertThat(rates.at(Long.parseLong(entry.getKey())))
                    .as("step %s", entry.getKey())
                    .isCloseTo(expected, within(1e-15 * peak));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1.5e-07",
        "762, 0.0001143",
        "2000, 0.0003",
        "2001, 0.0002999999999910165",
        "100000, 0.00022252980312309847",
        "138160, 0.000165", // half-way from 2,000 to 274,320
        "274319, 3.0000000008983483e-05",
        "274320, 3e-05",
        "274321, 3e-05",
    })
    void ambers_rates_are_those_of_its_code(long step, double expected) {
        assertThat(AMBER.at(step)).isCloseTo(expected, within(1e-14 * expected));
    }

    @Test
    void ambers_rates_are_the_golden_ones() throws IOException {
        assertRates(AMBER, golden("amber"), 3e-4);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "43, 0.006",
        "85, 0.01186046511627907",
        "86, 0.012",
        "87, 0.011999959651963566",
        "79721, 0.00878688411854439",
        "294423, 0.00012408",
        "294424, 0.00012408",
    })
    void crystalcoders_first_phase_ends_before_its_line_does(long step, double expected) {
        Schedule schedule =
                new Schedule(Schedule.Kind.LINEAR, 0.012, 0.00012408, 86, 0, 86 + 294_337);
        assertThat(new LearningRate(schedule, 79_721).at(step))
                .isCloseTo(expected, within(1e-14 * expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"phase1", "phase2", "phase3"})
    void crystalcoders_rates_are_the_golden_ones(String phase) throws IOException {
        JsonObject golden = golden(phase);
        JsonArray warmup = golden.getAsJsonArray("segments").get(0).getAsJsonArray();
        JsonArray line = golden.getAsJsonArray("segments").get(1).getAsJsonArray();
        Schedule schedule =
                new Schedule(
                        Schedule.Kind.LINEAR,
                        line.get(1).getAsDouble(),
                        line.get(2).getAsDouble(),
                        warmup.get(0).getAsLong(),
                        0,
                        warmup.get(0).getAsLong() + line.get(0).getAsLong());
        assertRates(new LearningRate(schedule, 1), golden, schedule.peak());
    }

    @Test
    void a_constant_rate_stays_at_the_peak_after_its_warm_up() {
        LearningRate rates =
                new LearningRate(new Schedule(Schedule.Kind.CONSTANT, 0.5, 0, 4, 0, 10), 10);
        assertThat(rates.at(0)).isZero();
        assertThat(rates.at(3)).isEqualTo(0.375);
        assertThat(rates.at(4)).isEqualTo(0.5);
        assertThat(rates.at(11)).isEqualTo(0.5);
    }

    @Test
    void without_a_total_the_runs_steps_are_it() {
        LearningRate rates =
                new LearningRate(new Schedule(Schedule.Kind.LINEAR, 1, 0.5, 0, 0, 0), 10);
        assertThat(rates.at(0)).isEqualTo(1);
        assertThat(rates.at(5)).isEqualTo(0.75);
        assertThat(rates.at(10)).isEqualTo(0.5);
        assertThat(rates.at(11)).isEqualTo(0.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"COSINE", "LINEAR"})
    void a_warm_up_as_long_as_the_schedule_leaves_the_end_alone(Schedule.Kind kind) {
        LearningRate rates = new LearningRate(new Schedule(kind, 1, 0.5, 4, 0, 4), 4);
        assertThat(rates.at(3)).isEqualTo(0.75);
        assertThat(rates.at(4)).isEqualTo(0.5);
    }

    /**
     * transformers' get_cosine_schedule_with_warmup: 50 steps, a ratio of 0.03, so 2 to warm up.
     */
    @Test
    void a_warm_up_may_be_a_part_of_all_steps() {
        LearningRate rates =
                new LearningRate(new Schedule(Schedule.Kind.COSINE, 2e-5, 0, 2000, 0.03, 0), 50);
        assertThat(rates.at(0)).isZero();
        assertThat(rates.at(1)).isEqualTo(1e-5);
        assertThat(rates.at(2)).isEqualTo(2e-5);
        assertThat(rates.at(26)).isCloseTo(1e-5, within(1e-18));
        assertThat(rates.at(50)).isZero();
    }

    @Test
    void the_reference_warms_up_from_above_zero_and_stays() {
        LearningRate rates =
                new LearningRate(new Schedule(Schedule.Kind.REFERENCE, 5e-7, 1, 150, 0, 0), 1000);
        assertThat(rates.at(0)).isEqualTo(5e-7 * (1 / 151.0));
        assertThat(rates.at(149)).isEqualTo(5e-7 * (150 / 151.0));
        assertThat(rates.at(150)).isEqualTo(5e-7);
        assertThat(rates.at(999)).isEqualTo(5e-7);
    }
}
