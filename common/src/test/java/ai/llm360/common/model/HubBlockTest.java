package ai.llm360.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HubBlockTest {

    /** A tree of two levels, which computes nothing. */
    private static final class Tree extends HubBlock {

        Tree(int depth) {
            addWeights(List.of(WeightSpec.embedding("table.weight", 4, 2)));
            for (int i = 0; i < depth; i++) {
                addNamed("model.layers." + i, new Tree(0));
            }
            addWeights(List.of(WeightSpec.gain("norm.weight", 2)));
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store,
                NDList inputs,
                boolean training,
                PairList<String, Object> params) {
            return inputs;
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return inputShapes;
        }
    }

    private static final String[] NAMES = {
        "table.weight",
        "norm.weight",
        "model.layers.0.table.weight",
        "model.layers.0.norm.weight",
        "model.layers.1.table.weight",
        "model.layers.1.norm.weight"
    };

    @Test
    void parameters_have_the_hubs_names_in_one_order() {
        Tree tree = new Tree(2);
        assertThat(tree.getParameters().keys()).containsExactly(NAMES);
        assertThat(tree.parameterShapes().keySet()).containsExactly(NAMES);
        assertThat(tree.parameterShapes())
                .containsEntry("model.layers.1.norm.weight", new Shape(2))
                .containsEntry("table.weight", new Shape(4, 2));
    }

    @Test
    void initialising_gives_every_parameter_its_shape_and_gains_their_ones() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Tree tree = new Tree(2);
            tree.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
            tree.parameterShapes()
                    .forEach(
                            (name, shape) ->
                                    assertThat(tree.getParameters().get(name).getArray().getShape())
                                            .as(name)
                                            .isEqualTo(shape));
            assertThat(
                            tree.getParameters()
                                    .get("model.layers.0.norm.weight")
                                    .getArray()
                                    .toFloatArray())
                    .containsExactly(1, 1);
        }
    }
}
