package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Pair;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The next-token loss of a decoder with float32 weights, and its gradient.
 *
 * <p>It does what DJL's trainer does with {@code GradientCollector} and a loss, in less memory: the
 * logits of a batch are never held whole, and a layer's activations needn't be kept.
 *
 * <p>The loss of a batch is the sum of its positions' losses divided by B * T. A mask leaves
 * positions out of the sum; what it is divided by stays, as CrystalCoder was trained (Cerebras'
 * {@code loss_scaling: batch_size}, {@code loss_weight: 1/T}). An object belongs to one thread at a
 * time.
 */
public final class DecoderGradients implements AutoCloseable {

    /** The logits of so many positions are held at a time: 32 MB for a vocabulary of 32,000. */
    public static final int LOSS_ROWS = 256;

    private final CausalDecoder decoder;
    private final int recomputed;
    private final NDManager manager;
    private final TorchScript page;
    private final TorchScript lossPage;
    private final Map<String, NDArray> gradients = new LinkedHashMap<>();
    private NDArray headGradient;

    /**
     * Makes a decoder's parameters trainable.
     *
     * @param decoder a decoder with float32 weights
     * @param bfloat16 whether matrix products are computed in bfloat16
     * @param recomputeLayers how many layers, from the first on, have their activations computed
     *     again for the gradient instead of kept, as {@code torch.utils.checkpoint} does; all of
     *     them, if there are no more
     * @throws IllegalArgumentException if a weight is not float32
     */
    public DecoderGradients(CausalDecoder decoder, boolean bfloat16, int recomputeLayers) {
        this.decoder = decoder;
        recomputed = Math.min(recomputeLayers, decoder.layers().size());
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            NDArray weight = pair.getValue().getArray();
            if (weight.getDataType() != DataType.FLOAT32) {
                throw new IllegalArgumentException(
                        "weights are trained in float32, but %s is %s; load the model as fp32"
                                .formatted(pair.getKey(), TensorLoader.typeOf(weight)));
            }
            weight.setRequiresGradient(true);
        }
        decoder.requireUnchangedFiles();
        manager = decoder.newRequestManager();
        LinearKind kind = kind(bfloat16);
        page = decoder.whileOpen(() -> decoder.runtime().page(kind));
        lossPage =
                TorchScript.compile(
                        manager,
                        TorchScript.source(DecoderGradients.class, "loss.torchscript"),
                        Map.of("operands", operands(kind)));
        decoder.whileOpen(
                () -> {
                    headGradient = manager.zeros(head().getShape());
                    makeGradients();
                    return null;
                });
    }

    private LinearKind kind(boolean bfloat16) {
        if (!bfloat16) {
            return LinearKind.PLAIN;
        }
        boolean slow =
                !manager.getDevice().isGpu() && CpuKernels.get().bfloat16() == LinearKind.BFLOAT16;
        return slow ? LinearKind.BFLOAT16_ROUNDED : LinearKind.BFLOAT16_COMPUTE;
    }

    private static int operands(LinearKind kind) {
        return switch (kind) {
            case BFLOAT16_COMPUTE -> 1;
            case BFLOAT16_ROUNDED -> 2;
            default -> 0;
        };
    }

    /**
     * Computes a batch's loss and adds its gradient to what earlier calls left.
     *
     * @param batch the rows, on the decoder's device
     * @param scale what the gradient of the loss is multiplied by, such as one over the
     *     micro-batches of a step
     * @return the loss, in nats
     */
    public double add(TokenBatch batch, double scale) {
        return decoder.whileOpen(() -> addWhileOpen(batch, scale));
    }

    private double addWhileOpen(TokenBatch batch, double scale) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray ids = lossPage.train(scope, "inputs", batch.ids());
            long positions = ids.size();
            JniUtils.setGradMode(false);
            List<NDArray> states = recomputed > 0 ? forward(scope, ids, recomputed) : List.of();
            JniUtils.setGradMode(true);
            NDArray first = recomputed > 0 ? leaf(scope, states.get(recomputed)) : null;
            NDArray x = first == null ? embed(scope, ids) : first;
            for (DecoderLayer layer : kept()) {
                NDArray y = runLayer(scope, layer, x);
                if (x != first) {
                    x.close(); // autograd keeps what it needs of it
                }
                x = y;
            }
            NDArray h = headInput(scope, x);
            JniUtils.setGradMode(false);
            NDArray[] loss = lossAndGradient(scope, h, batch, scale / positions);
            backward(h, loss[1]);
            if (first != null) {
                backwardThroughLayers(scope, ids, states, gradientOf(scope, first));
            }
            return loss[0].getDouble() / positions;
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    /**
     * Computes a batch's loss alone.
     *
     * @param batch the rows, on the decoder's device
     * @return the loss, in nats
     */
    public double loss(TokenBatch batch) {
        return decoder.whileOpen(() -> lossWhileOpen(batch));
    }

    private double lossWhileOpen(TokenBatch batch) {
        JniUtils.setGradMode(false);
        try (NDManager scope = manager.newSubManager()) {
            NDArray ids = lossPage.train(scope, "inputs", batch.ids());
            NDArray x = embed(scope, ids);
            for (DecoderLayer layer : decoder.layers()) {
                NDArray y = runLayer(scope, layer, x);
                x.close();
                x = y;
            }
            NDArray h = headInput(scope, x);
            return lossPage.train(
                                    scope,
                                    "loss",
                                    h,
                                    head(),
                                    batch.ids(),
                                    mask(scope, batch),
                                    LOSS_ROWS)
                            .getDouble()
                    / ids.size();
        }
    }

    /** The layers whose activations are kept. */
    private List<DecoderLayer> kept() {
        return decoder.layers().subList(recomputed, decoder.layers().size());
    }

    private NDArray embed(NDManager scope, NDArray ids) {
        return page.train(scope, "embed", ids, decoder.embedding().getArray());
    }

    /** Embeds and runs the first layers; returns every state before and after them. */
    private List<NDArray> forward(NDManager scope, NDArray ids, int layers) {
        List<NDArray> states = new ArrayList<>(List.of(embed(scope, ids)));
        for (DecoderLayer layer : decoder.layers().subList(0, layers)) {
            states.add(runLayer(scope, layer, states.get(states.size() - 1)));
        }
        return states;
    }

    private NDArray runLayer(NDManager scope, DecoderLayer layer, NDArray x) {
        NDArray[] tables = decoder.runtime().rotaryTables();
        List<Object> arguments = new ArrayList<>(List.of(x, tables[0], tables[1]));
        layer.ordered().forEach(parameter -> arguments.add(parameter.getArray()));
        return page.train(scope, "layer", arguments.toArray());
    }

    /**
     * From the last such layer to the first: computes it again, recorded this time, and goes back.
     */
    private void backwardThroughLayers(
            NDManager scope, NDArray ids, List<NDArray> states, NDArray last) {
        NDArray gradient = last;
        List<DecoderLayer> layers = decoder.layers();
        for (int i = recomputed - 1; i >= 0; i--) {
            try (NDManager step = scope.newSubManager()) {
                NDArray x = leaf(step, states.get(i));
                JniUtils.setGradMode(true);
                NDArray y = runLayer(step, layers.get(i), x);
                JniUtils.setGradMode(false);
                backward(y, gradient);
                gradient.close();
                gradient = gradientOf(scope, x);
            }
        }
        JniUtils.setGradMode(true);
        NDArray x = embed(scope, ids);
        JniUtils.setGradMode(false);
        backward(x, gradient);
    }

    private NDArray[] lossAndGradient(NDManager scope, NDArray h, TokenBatch batch, double scale) {
        return lossPage.run(
                "loss_and_gradient",
                true,
                result -> result.toTensorArray((PtNDManager) scope),
                h,
                head(),
                batch.ids(),
                mask(scope, batch),
                LOSS_ROWS,
                scale,
                headGradient);
    }

    /** The page takes an empty mask for none. */
    private static NDArray mask(NDManager scope, TokenBatch batch) {
        return batch.mask().orElseGet(() -> scope.create(new Shape(0)));
    }

    private static void backward(NDArray y, NDArray gradient) {
        JniUtils.backward((PtNDArray) y, (PtNDArray) gradient, false, false);
    }

    /** The same values as a tensor of its own, which autograd starts from. */
    private static NDArray leaf(NDManager scope, NDArray x) {
        PtNDArray leaf = JniUtils.detachGradient((PtNDArray) x);
        leaf.attach(scope);
        leaf.setRequiresGradient(true);
        return leaf;
    }

    private static NDArray gradientOf(NDManager scope, NDArray leaf) {
        NDArray gradient = leaf.getGradient();
        gradient.attach(scope);
        return gradient;
    }

    /**
     * Autograd makes a parameter's gradient at the first backward pass and adds to it later, so one
     * handle of it serves for good. That pass is made here, on two tokens: later, the gradients
     * would come to lie between a batch's activations, and what those leave could not be used again
     * as a whole (8 % more memory in all, for a model of 58 million parameters).
     *
     * <p>The head's gradient is not autograd's but ours; where the head is the embedding table,
     * both are one.
     */
    private void makeGradients() {
        NDArray ids = manager.zeros(new Shape(1, 2), DataType.INT64);
        try (TokenBatch batch = new TokenBatch(ids, Optional.empty())) {
            add(batch, 0);
        }
        boolean tied = head() == decoder.embedding().getArray();
        parameters()
                .forEach(
                        (name, weight) -> {
                            boolean ours = weight == head() && !tied;
                            NDArray gradient = ours ? headGradient : weight.getGradient();
                            gradient.attach(manager);
                            gradients.put(name, gradient);
                        });
        if (tied) {
            headGradient.close();
            headGradient = gradients.get(decoder.embedding().getName());
        }
        clear(); // also of what an earlier training of these weights left
    }

    private NDArray headInput(NDManager scope, NDArray x) {
        List<Object> arguments = new ArrayList<>(List.of(x));
        List<Parameter> last = decoder.lastParameters();
        last.subList(0, last.size() - 1).forEach(norm -> arguments.add(norm.getArray()));
        return page.train(scope, "head_input", arguments.toArray());
    }

    private NDArray head() {
        List<Parameter> last = decoder.lastParameters();
        return last.get(last.size() - 1).getArray();
    }

    /**
     * Returns the weights by parameter name.
     *
     * @return the weights themselves, in the model's order
     */
    public Map<String, NDArray> parameters() {
        Map<String, NDArray> all = new LinkedHashMap<>();
        decoder.getParameters().forEach(pair -> all.put(pair.getKey(), pair.getValue().getArray()));
        return all;
    }

    /**
     * Returns the gradients by parameter name: what all calls of {@link #add} since the last {@link
     * #clear} came to. They are the same arrays from the first call to the last.
     *
     * @return float32 arrays of the parameters' shapes in the order of {@link #parameters}, which
     *     belong to this object
     */
    public Map<String, NDArray> gradients() {
        return Collections.unmodifiableMap(gradients);
    }

    /** Sets all gradients to zero. */
    public void clear() {
        Object all = gradients.values().toArray(NDArray[]::new);
        decoder.whileOpen(() -> lossPage.train(manager, "clear", all)).close();
    }

    /** Frees the pages and the handles of the gradients. The weights stay the model's. */
    @Override
    public void close() {
        manager.close();
    }
}
