package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import ai.llm360.common.torch.TorchScript;
import java.util.List;

/**
 * One layer of a decoder, as a block of its own: (B, T, C) hidden states and the two rotary tables
 * in, hidden states out.
 */
public final class DecoderLayer extends HubBlock {

    private final List<WeightSpec> weights;
    private final CausalDecoder decoder;

    DecoderLayer(CausalDecoder decoder, List<WeightSpec> weights) {
        this.decoder = decoder;
        this.weights = weights;
        addWeights(weights);
    }

    /** {@inheritDoc} */
    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        NDArray x = inputs.get(0);
        Object[] arguments = new Object[3 + weights.size()];
        for (int i = 0; i < 3; i++) {
            arguments[i] = inputs.get(i);
        }
        for (int i = 0; i < weights.size(); i++) {
            arguments[3 + i] =
                    store.getValue(parameter(weights.get(i).name()), x.getDevice(), training);
        }
        return decoder.whileOpen(
                () -> {
                    TorchScript page = decoder.runtime().plain();
                    return new NDList(
                            training
                                    ? page.train(x.getManager(), "layer", arguments)
                                    : page.infer(x.getManager(), "layer", arguments));
                });
    }

    /** Returns this layer's parameters in the order of the page's arguments. */
    List<Parameter> ordered() {
        return weights.stream().map(weight -> parameter(weight.name())).toList();
    }

    /** {@inheritDoc} */
    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
