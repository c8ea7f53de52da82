package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.model.WeightSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerPlanTest {

    private static WeightSpec matrix() {
        return WeightSpec.linear("w", 2, 2);
    }

    private static WeightSpec gain() {
        return WeightSpec.gain("g", 2);
    }

    private static WeightSpec bias() {
        return WeightSpec.bias("b", 2);
    }

    private static LayerPlan.Product product(List<Integer> matrices, List<Integer> biases) {
        return new LayerPlan.Product(matrices, biases);
    }

    @Test
    void matrices_go_to_products_in_order() {
        LayerPlan plan =
                LayerPlan.of(
                        List.of(
                                gain(), matrix(), matrix(), matrix(), matrix(), gain(), matrix(),
                                matrix(), matrix()),
                        List.of(3, 1, 2, 1));
        assertThat(plan.norms())
                .containsExactly(new LayerPlan.Norm(0, -1), new LayerPlan.Norm(5, -1));
        assertThat(plan.products())
                .containsExactly(
                        product(List.of(1, 2, 3), List.of(-1, -1, -1)),
                        product(List.of(4), List.of(-1)),
                        product(List.of(6, 7), List.of(-1, -1)),
                        product(List.of(8), List.of(-1)));
    }

    @Test
    void a_bias_belongs_to_what_is_before_it() {
        LayerPlan plan =
                LayerPlan.of(
                        List.of(
                                gain(), bias(), matrix(), bias(), matrix(), gain(), bias(),
                                matrix(), bias(), matrix(), bias(), matrix(), bias()),
                        List.of(1, 1, 2, 1));
        assertThat(plan.norms())
                .containsExactly(new LayerPlan.Norm(0, 1), new LayerPlan.Norm(5, 6));
        assertThat(plan.products())
                .containsExactly(
                        product(List.of(2), List.of(3)),
                        product(List.of(4), List.of(-1)),
                        product(List.of(7, 9), List.of(8, 10)),
                        product(List.of(11), List.of(12)));
    }
}
