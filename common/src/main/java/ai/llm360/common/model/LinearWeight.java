package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * The matrix of a linear layer.
 *
 * @param name its full name
 * @param spec its role and shape
 * @param parameter its array
 */
record LinearWeight(String name, WeightSpec spec, NDArray parameter) {

    /** The matrices of a decoder's linear layers, the head's among them, in order. */
    static List<LinearWeight> of(CausalDecoder decoder) {
        DecoderLayout layout = decoder.layout();
        List<LinearWeight> weights = new ArrayList<>();
        for (int i = 0; i < layout.layers(); i++) {
            List<Parameter> parameters = decoder.layers().get(i).ordered();
            add(layout.layerPrefix(i), layout.layer(), parameters, weights);
        }
        add("", layout.last(), decoder.lastParameters(), weights);
        return weights;
    }

    private static void add(
            String prefix,
            List<WeightSpec> specs,
            List<Parameter> parameters,
            List<LinearWeight> to) {
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            if (spec.linear()) {
                String name = prefix + spec.name();
                to.add(new LinearWeight(name, spec, parameters.get(i).getArray()));
            }
        }
    }
}
