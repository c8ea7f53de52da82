package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.torch.Machine;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a run counts as the same, and what is said of it. */
class ReproductionResultTest {

    private static final Machine PUBLISHED = new Machine("a processor", 2, "2.7.1", null, null);
    private static final Machine OTHER = new Machine("another", 1, "2.7.1", null, null);

    private static ReproductionResult result(
            Machine here, int equal, double difference, double loss) {
        return result(PUBLISHED, here, equal, difference, loss);
    }

    private static ReproductionResult result(
            Machine published, Machine here, int equal, double difference, double loss) {
        String differing = equal == 3 ? null : "head";
        return new ReproductionResult(
                published,
                here,
                List.of(
                        new CheckpointComparison("ckpt-000", 8, 3, 3, 0, null, 4, 4),
                        new CheckpointComparison(
                                "ckpt-001", 16, 3, equal, difference, differing, 3, loss)));
    }

    @Test
    void equal_bits_are_the_same_anywhere() {
        for (Machine machine : List.of(PUBLISHED, OTHER)) {
            ReproductionResult same = result(machine, 3, 0, 3);
            assertThat(same.identical()).isTrue();
            assertThat(same.reproduced()).isTrue();
            assertThat(same.explanation())
                    .isEqualTo("All tensors of all 2 checkpoints are equal, bit for bit.");
        }
    }

    @Test
    void on_another_machine_the_losses_decide_and_the_machines_differences_are_named() {
        ReproductionResult close = result(OTHER, 1, 0.01, 3.002);
        assertThat(close.identical()).isFalse();
        assertThat(close.reproduced()).isTrue();
        assertThat(close.explanation())
                .startsWith("The weights differ by at most 0.010 (head of ckpt-001), the losses by")
                .contains("at most 0.0020", "another, not a processor; 1 thread, not 2")
                .endsWith("The losses agree (tolerance 0.05).");
        ReproductionResult far = result(OTHER, 1, 0.5, 2.9);
        assertThat(far.reproduced()).isFalse();
        assertThat(far.explanation()).contains("The losses don't agree");
    }

    @Test
    void on_the_same_machine_nothing_but_the_bits_counts() {
        ReproductionResult close = result(PUBLISHED, 2, 0, 3);
        assertThat(close.reproduced()).isFalse();
        assertThat(close.explanation()).contains("so the bits should be equal");
    }

    @Test
    void a_portable_series_has_its_bits_on_every_processor_and_other_systems_compare_losses() {
        Machine published = portable("a processor");
        ReproductionResult other = result(published, portable("another"), 1, 0.01, 3.002);
        assertThat(other.reproduced()).isFalse();
        assertThat(other.explanation())
                .contains("portable mode, so the bits should be equal on this x86-64 Linux")
                .contains("it has another, the series was made on a processor");
        Machine mac = new Machine("aarch64", 2, "2.7.1", null, "Mac OS X aarch64");
        ReproductionResult elsewhere = result(published, mac, 1, 0.01, 3.002);
        assertThat(elsewhere.reproduced()).isTrue();
        assertThat(elsewhere.explanation())
                .contains("the same bits wherever it is made on x86-64 Linux")
                .contains("Mac OS X aarch64, not Linux amd64")
                .endsWith("The losses agree (tolerance 0.05).");
    }

    private static Machine portable(String processor) {
        return new Machine(processor, 2, "2.7.1", Machine.PORTABLE, "Linux amd64");
    }

    @Test
    void a_loss_that_is_no_number_agrees_with_nothing() {
        assertThat(result(OTHER, 1, 0.01, Double.NaN).reproduced()).isFalse();
    }
}
