package ai.llm360.common.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LayerStepsTest {

    private static WeightSpec matrix() {
        return WeightSpec.linear("w", 2, 2);
    }

    private static WeightSpec vector() {
        return WeightSpec.gain("v", 2);
    }

    private static List<List<Integer>> vectors(LayerSteps steps) {
        return IntStream.range(0, steps.count()).mapToObj(steps::vectors).toList();
    }

    private static List<List<Integer>> matrices(LayerSteps steps) {
        return IntStream.range(0, steps.count()).mapToObj(steps::matrices).toList();
    }

    @Test
    void norms_come_before_the_products_of_what_they_give() {
        LayerSteps steps =
                new LayerSteps(
                        List.of(
                                vector(), matrix(), matrix(), matrix(), matrix(), vector(),
                                matrix(), matrix(), matrix()),
                        List.of(3, 1, 2, 1));
        assertThat(vectors(steps))
                .containsExactly(List.of(0), List.of(), List.of(5), List.of(), List.of());
        assertThat(matrices(steps))
                .containsExactly(
                        List.of(1, 2, 3), List.of(4), List.of(6, 7), List.of(8), List.of());
    }

    @Test
    void biases_come_after_their_products_also_between_two_matrices_of_one() {
        LayerSteps steps =
                new LayerSteps(
                        List.of(
                                vector(), vector(), matrix(), vector(), matrix(), vector(),
                                vector(), vector(), matrix(), vector(), matrix(), vector(),
                                matrix(), vector()),
                        List.of(1, 1, 2, 1));
        assertThat(vectors(steps))
                .containsExactly(
                        List.of(0, 1), List.of(3), List.of(5, 6, 7), List.of(9, 11), List.of(13));
        assertThat(matrices(steps))
                .containsExactly(List.of(2), List.of(4), List.of(8, 10), List.of(12), List.of());
    }
}
