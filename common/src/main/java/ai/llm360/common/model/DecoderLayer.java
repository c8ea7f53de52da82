package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;

/**
 * One layer of a decoder, as a block of its own: (B, T, C) hidden states of whole rows in, hidden
 * states out.
 */
public final class DecoderLayer extends HubBlock {

    private final DecoderBlock decoder;
    private final int number;

    DecoderLayer(DecoderBlock decoder, int number) {
        this.decoder = decoder;
        this.number = number;
        addWeights(decoder.layout().layer());
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        NDArray x = inputs.singletonOrThrow();
        return decoder.whileOpen(
                () -> {
                    try (PageWeights weights = decoder.weights(store, x.getDevice(), training)) {
                        DecoderPass pass =
                                DecoderPass.onPage(decoder, x.getManager(), weights, training);
                        return new NDList(pass.layer(number, x));
                    }
                });
    }

    /** Returns this layer's parameters in the order of the page's arguments. */
    List<Parameter> ordered() {
        return decoder.layout().layer().stream().map(spec -> parameter(spec.name())).toList();
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
