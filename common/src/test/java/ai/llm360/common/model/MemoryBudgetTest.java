package ai.llm360.common.model;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

    private static final long AMBER = 6_738_415_616L;

    private static MemoryBudget gigabytes(long count) {
        return new MemoryBudget(count * 1_000_000_000L, "this machine");
    }

    @Test
    void weights_that_fit_pass() {
        assertThatCode(() -> gigabytes(32).check(WeightType.FP32, AMBER))
                .doesNotThrowAnyException();
        assertThatCode(() -> gigabytes(16).check(WeightType.BF16, AMBER))
                .doesNotThrowAnyException();
    }

    @Test
    void weights_that_do_not_fit_are_refused_with_the_largest_type_that_does() {
        assertThatThrownBy(() -> gigabytes(16).check(WeightType.FP32, AMBER))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "6,738,415,616 parameters in fp32 take 27.0 GB, but this machine has"
                                + " 16.0 GB free; load it with dtype bf16, which takes 13.5 GB");
        assertThatThrownBy(() -> gigabytes(8).check(WeightType.BF16, AMBER))
                .hasMessageContaining("load it with dtype int8, which takes 6.7 GB");
    }

    @Test
    void where_nothing_fits_it_says_so() {
        assertThatThrownBy(() -> gigabytes(4).check(WeightType.INT8, AMBER))
                .hasMessageEndingWith("no dtype makes it fit");
    }

    @Test
    void some_memory_is_left_for_everything_else() {
        assertThatThrownBy(() -> new MemoryBudget(100, "it").check(WeightType.INT8, 95))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatCode(() -> new MemoryBudget(100, "it").check(WeightType.INT8, 90))
                .doesNotThrowAnyException();
    }

    @Test
    void this_machine_can_hold_a_small_model() {
        assertThatCode(() -> MemoryBudget.of(Device.cpu()).check(WeightType.FP32, 1000))
                .doesNotThrowAnyException();
    }
}
