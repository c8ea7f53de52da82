package ai.llm360.common.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.train.TrainingConfig.Goal;
import ai.llm360.common.train.TrainingConfig.Goal.Preference;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferenceLossTest {

    private static PreferenceLoss loss(Preference preference, double smoothing) {
        return new PreferenceLoss(
                new Goal(Goal.Kind.DPO, Goal.Normalisation.TOKENS, preference, 0.1, smoothing));
    }

    @ParameterizedTest
    @CsvSource({
        "SIGMOID, 0, loss",
        "SIGMOID, 0.1, loss_smoothing_0.1",
        "IPO, 0, loss_ipo",
    })
    void losses_are_those_of_the_reference_implementation(
            Preference preference, double smoothing, String name) throws IOException {
        JsonObject golden =
                JsonParser.parseString(
                                Files.readString(Fixtures.shared("fixtures/finetune/golden.json")))
                        .getAsJsonObject()
                        .getAsJsonObject("dpo.after");
        for (int i = 0; i < 4; i++) {
            double chosen = at(golden, "policy_chosen", i) - at(golden, "reference_chosen", i);
            double rejected =
                    at(golden, "policy_rejected", i) - at(golden, "reference_rejected", i);
            assertThat(loss(preference, smoothing).of(chosen, rejected, 7, 3).loss())
                    .isCloseTo(at(golden, name, i), within(1e-5));
        }
    }

    private static double at(JsonObject golden, String name, int i) {
        return golden.getAsJsonArray(name).get(i).getAsDouble();
    }

    /** With beta 0.1: sigmoid -log(1 / (1 + e^-0.2)), IPO (2 - 5)^2, of means (2 - 0.5 - 5)^2. */
    @Test
    void losses_of_a_pair_are_those_of_the_formulas() {
        double right = Math.log1p(Math.exp(-0.2));
        double wrong = Math.log1p(Math.exp(0.2));
        assertThat(loss(Preference.SIGMOID, 0).of(3, 1, 1, 1).loss())
                .isCloseTo(right, within(1e-15));
        assertThat(loss(Preference.SIGMOID, 0.25).of(3, 1, 1, 1).loss())
                .isCloseTo(0.75 * right + 0.25 * wrong, within(1e-15));
        assertThat(loss(Preference.IPO, 0).of(3, 1, 1, 1).loss()).isEqualTo(9);
        assertThat(loss(Preference.IPO_MEAN, 0).of(4, 1, 2, 2).loss())
                .isCloseTo(12.25, within(1e-14));
        assertThat(loss(Preference.SIGMOID, 0).of(1e9, 0, 1, 1).loss()).isZero();
        assertThat(loss(Preference.SIGMOID, 0).of(-1e9, 0, 1, 1).loss()).isEqualTo(1e8);
    }

    @ParameterizedTest
    @CsvSource({"SIGMOID, 0", "SIGMOID, 0.2", "IPO, 0", "IPO_MEAN, 0"})
    void slopes_are_those_of_the_losses(Preference preference, double smoothing) {
        PreferenceLoss loss = loss(preference, smoothing);
        double step = 1e-5;
        for (double chosen : new double[] {-7, 0, 12}) {
            PreferenceLoss.Value value = loss.of(chosen, 2, 9, 4);
            double byChosen =
                    loss.of(chosen + step, 2, 9, 4).loss() - loss.of(chosen - step, 2, 9, 4).loss();
            double byRejected =
                    loss.of(chosen, 2 + step, 9, 4).loss() - loss.of(chosen, 2 - step, 9, 4).loss();
            assertThat(value.byChosen()).isCloseTo(byChosen / (2 * step), within(1e-8));
            assertThat(value.byRejected()).isCloseTo(byRejected / (2 * step), within(1e-8));
        }
    }
}
