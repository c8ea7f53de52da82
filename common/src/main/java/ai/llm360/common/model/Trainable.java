package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.llm360.common.torch.TensorLoader;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Chooses the weights of a decoder that a training changes. They are float32. All others are
 * frozen: of any type, without memory for gradients, and with the same bits after as before.
 *
 * <p>What is chosen is looked up when {@link DecoderGradients} is made, so the decoder may have no
 * weights before.
 */
public final class Trainable {

    private final CausalDecoder decoder;
    private final Predicate<Pair<String, Parameter>> chosen;

    private Trainable(CausalDecoder decoder, Predicate<Pair<String, Parameter>> chosen) {
        this.decoder = decoder;
        this.chosen = chosen;
    }

    /**
     * Chooses the parameters that DJL's {@code freezeParameters} and {@code Parameter.freeze} leave
     * trainable.
     *
     * <p>Loading freezes every parameter. So a decoder that was loaded is trained whole if nobody
     * has called {@code freezeParameters}; to train a part of it, unfreeze that part: {@code
     * decoder.freezeParameters(false, parameter -> ...)}.
     *
     * @param decoder the decoder
     * @return its trainable parameters
     */
    public static Trainable of(CausalDecoder decoder) {
        return new Trainable(
                decoder,
                pair ->
                        pair.getValue().requiresGradient()
                                || !decoder.isFreezingChosen()
                                        && decoder.getParameters().values().stream()
                                                .noneMatch(Parameter::requiresGradient));
    }

    /**
     * Chooses parameters by name, whatever DJL holds frozen.
     *
     * @param decoder the decoder
     * @param names tells by a full name, such as {@code model.norm.weight}, if it is trained
     * @return those parameters
     */
    public static Trainable of(CausalDecoder decoder, Predicate<String> names) {
        return new Trainable(decoder, pair -> names.test(pair.getKey()));
    }

    /** Returns the decoder. */
    CausalDecoder decoder() {
        return decoder;
    }

    /**
     * Returns what a checkpoint of the training holds: all weights of the decoder, frozen ones
     * included.
     *
     * @return the weights themselves by full name, in the model's order
     */
    public Map<String, NDArray> model() {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        decoder.getParameters()
                .forEach(pair -> weights.put(pair.getKey(), pair.getValue().getArray()));
        return weights;
    }

    /**
     * Returns the weights that are trained.
     *
     * @return the weights themselves by full name, in the model's order
     * @throws IllegalArgumentException if there are none, or one is not float32
     */
    public Map<String, NDArray> weights() {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            if (chosen.test(pair)) {
                weights.put(pair.getKey(), pair.getValue().getArray());
            }
        }
        if (weights.isEmpty()) {
            throw new IllegalArgumentException(
                    "every parameter is frozen, so there is nothing to train; unfreeze some: a"
                            + " model that was loaded is frozen whole, and"
                            + " decoder.freezeParameters(false, parameter -> ...) chooses");
        }
        weights.forEach(Trainable::requireFloat32);
        return Collections.unmodifiableMap(weights);
    }

    private static void requireFloat32(String name, NDArray weight) {
        if (weight.getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException(
                    "weights are trained in float32, but %s is %s; load the model as fp32"
                            .formatted(name, TensorLoader.typeOf(weight)));
        }
    }
}
