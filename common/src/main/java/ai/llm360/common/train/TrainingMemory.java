package ai.llm360.common.train;

import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.train.TrainingConfig.Lora;
import ai.llm360.common.train.TrainingConfig.Optimizer;
import ai.llm360.common.train.TrainingConfig.Precision;

/**
 * The memory that training takes on one device, in bytes.
 *
 * <p>With n = batch.micro · T positions at a time, a layer keeps for its gradient, per position,
 * {@code 40 C + 16 F} bytes in fp32 and {@code 34 C + 8 F} in bf16. These are, for each of its two
 * norms, what goes in and what it makes before the weight (4 C each); the operands of its seven
 * products, once in float32 and once for each product in bfloat16; queries, keys, values; gate, up
 * and their activation. Counted with PyTorch's saved-tensor hooks on Amber's page; what has no
 * factor C or F is left out, and attention keeps no T² scores. What the JVM and libtorch take
 * themselves, about half a gigabyte, isn't in it.
 *
 * @param weights 4 a parameter that is trained, float32 in any case; frozen ones as they are held
 * @param gradients 4 a parameter that is trained
 * @param optimizer 8 a parameter that is trained: AdamW's two means; RMSprop has one
 * @param copies of weights in the type of the products: in bf16 2 a matrix element, of all layers,
 *     or of one at a time if they are computed again, and of the head; of an int8 base 4 a matrix
 *     element of one layer
 * @param activations of all layers, or with recomputation each layer's input (4 C a position) and
 *     one layer whole; and as much as one layer's again for the gradients on their way back
 * @param loss the final norm and its gradient (20 C a position), and three times the logits of
 *     {@value DecoderGradients#LOSS_ROWS} positions
 */
public record TrainingMemory(
        long weights, long gradients, long optimizer, long copies, long activations, long loss) {

    /**
     * Estimates what a model takes.
     *
     * @param model its sizes
     * @param config says what products are computed in, and the rule of the updates
     * @param recomputeLayers how many layers are computed again for their gradients
     * @param positions the positions of a micro-batch
     * @param trained the parameters that are trained
     */
    static TrainingMemory of(
            ModelSize model,
            TrainingConfig config,
            int recomputeLayers,
            long positions,
            long trained) {
        boolean half = config.precision() == Precision.BF16;
        int means = config.optimizer().kind() == Optimizer.Kind.ADAMW ? 2 : 1;
        long c = model.hidden();
        long f = model.intermediate();
        long layer = positions * (half ? 34 * c + 8 * f : 40 * c + 16 * f);
        boolean int8 = config.lora().r() > 0 && config.lora().base() == Lora.Base.INT8;
        long recomputed = int8 ? model.layers() : Math.min(recomputeLayers, model.layers());
        long layersWhole = Math.max(1, model.layers() - recomputed);
        return new TrainingMemory(
                4 * trained + frozen(model, config),
                4 * trained,
                4L * means * trained,
                copies(model, config, layersWhole),
                recomputed * positions * 4 * c + (layersWhole + 1) * layer,
                positions * 20 * c
                        + 3L
                                * 4
                                * Math.min(DecoderGradients.LOSS_ROWS, positions)
                                * model.vocabulary());
    }

    private static long copies(ModelSize model, TrainingConfig config, long layers) {
        return switch (config.lora().base()) {
            case FP32 ->
                    config.precision() == Precision.BF16
                            ? 2
                                    * (layers * model.layerMatrices()
                                            + (long) model.hidden() * model.vocabulary())
                            : 0;
            case BF16 -> 0;
            case INT8 -> 4 * model.layerMatrices();
        };
    }

    private static long frozen(ModelSize model, TrainingConfig config) {
        if (config.lora().r() == 0) {
            return 0;
        }
        return switch (config.lora().base()) {
            case FP32 -> 4 * model.parameters();
            case BF16 -> 2 * model.parameters();
            case INT8 -> model.parameters();
        };
    }

    /** Returns what doesn't depend on the batch: weights, their gradients and the optimizer. */
    public long state() {
        return weights + gradients + optimizer;
    }

    /** Returns all of it. */
    public long total() {
        return state() + copies + activations + loss;
    }
}
