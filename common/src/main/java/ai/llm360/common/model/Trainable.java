package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.llm360.common.torch.TensorLoader;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Chooses the weights of a decoder that a training changes. They are float32. All others are
 * frozen: of any type, without memory for gradients, and with the same bits after as before.
 *
 * <p>What is chosen is looked up when {@link DecoderGradients} is made, so the decoder may have no
 * weights before.
 */
public final class Trainable {

    private final CausalDecoder decoder;
    private final Supplier<Map<String, NDArray>> chosen;
    private final Supplier<Map<String, NDArray>> model;

    private Trainable(
            CausalDecoder decoder,
            Supplier<Map<String, NDArray>> chosen,
            Supplier<Map<String, NDArray>> model) {
        this.decoder = decoder;
        this.chosen = chosen;
        this.model = model;
    }

    private static Trainable of(CausalDecoder decoder, BiPredicate<String, Parameter> trained) {
        return new Trainable(
                decoder, () -> weights(decoder, trained), () -> weights(decoder, (n, p) -> true));
    }

    private static Map<String, NDArray> weights(
            CausalDecoder decoder, BiPredicate<String, Parameter> chosen) {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            if (chosen.test(pair.getKey(), pair.getValue())) {
                weights.put(pair.getKey(), pair.getValue().getArray());
            }
        }
        return weights;
    }

    /**
     * Chooses the parameters that DJL's {@code freezeParameters} and {@code Parameter.freeze} leave
     * trainable.
     *
     * <p>Loading freezes every parameter. So a decoder that was loaded is trained whole if nobody
     * has called {@code freezeParameters}; to train a part of it, unfreeze that part: {@code
     * decoder.freezeParameters(false, parameter -> ...)}.
     */
    public static Trainable of(CausalDecoder decoder) {
        return of(
                decoder,
                (name, parameter) ->
                        parameter.requiresGradient()
                                || (!decoder.isFreezingChosen()
                                        && decoder.getParameters().values().stream()
                                                .noneMatch(Parameter::requiresGradient)));
    }

    /**
     * Chooses parameters by name, whatever DJL holds frozen.
     *
     * @param names tells by a full name, such as {@code model.norm.weight}, if it is trained
     */
    public static Trainable of(CausalDecoder decoder, Predicate<String> names) {
        return of(decoder, (name, parameter) -> names.test(name));
    }

    /**
     * Chooses the matrices of a decoder's adapters. All parameters are frozen.
     *
     * @param decoder the decoder, which has its adapters when the training begins
     * @return A and B of each adapter, named as PEFT names them: {@code
     *     model.layers.0.self_attn.q_proj.lora_A.weight}
     */
    public static Trainable adapters(CausalDecoder decoder) {
        Supplier<Map<String, NDArray>> matrices =
                () -> {
                    Map<String, NDArray> all = new LinkedHashMap<>();
                    decoder.adapters()
                            .forEach(
                                    (name, adapter) -> {
                                        String layer = name.replaceFirst("\\.weight$", "");
                                        all.put(layer + ".lora_A.weight", adapter.a());
                                        all.put(layer + ".lora_B.weight", adapter.b());
                                    });
                    return all;
                };
        return new Trainable(decoder, matrices, matrices);
    }

    /** Returns the decoder. */
    CausalDecoder decoder() {
        return decoder;
    }

    /**
     * Returns what a checkpoint of the training holds: all weights of the decoder, frozen ones
     * included; or its adapters alone, if they are trained.
     *
     * @return the weights themselves by full name, in the model's order
     */
    public Map<String, NDArray> model() {
        return model.get();
    }

    /**
     * Returns the weights that are trained.
     *
     * @return the weights themselves by full name, in the model's order
     * @throws IllegalArgumentException if there are none, or one is not float32
     */
    public Map<String, NDArray> weights() {
        Map<String, NDArray> weights = chosen.get();
        if (weights.isEmpty()) {
            throw new IllegalArgumentException(
                    "every parameter is frozen, so there is nothing to train; unfreeze some: a"
                            + " model that was loaded is frozen whole, and"
                            + " decoder.freezeParameters(false, parameter -> ...) chooses; or add"
                            + " adapters");
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
