package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Computes the weighted next-token loss of a decoder and its gradient.
 *
 * <p>It does what DJL's trainer does with {@code GradientCollector} and a loss, in less memory: the
 * logits of a batch are never held whole, a layer's activations needn't be kept, and a frozen
 * weight has no gradient.
 *
 * <p>The loss of a batch is the sum of its labels' losses, each times its weight, divided by a
 * number that the caller gives. An object belongs to one thread at a time.
 */
public final class DecoderGradients implements AutoCloseable {

    /** The logits of so many positions are held at a time: 32 MB for a vocabulary of 32,000. */
    public static final int LOSS_ROWS = 256;

    private final CausalDecoder decoder;
    private final Map<String, NDArray> weights;
    private final boolean trainsEmbedding;
    private final boolean trainsBelowHead;

    /** Nothing is trained below this layer; autograd needn't reach it. */
    private final int lowest;

    /** The layers from the lowest to this one, exclusive, are computed again. */
    private final int recomputed;

    private final NDManager manager;
    private final LinearKind kind;
    private final Optional<AdapterDropout> dropout;
    private final Optional<PageWeights> dropping;
    private final TorchScript lossPage;
    private final Map<String, NDArray> gradients = new LinkedHashMap<>();
    private NDArray headGradient;

    /**
     * Prepares to train a decoder's parameters, but for those that are frozen.
     *
     * @param decoder a decoder with float32 weights
     * @param bfloat16 whether matrix products are computed in bfloat16
     * @param recomputeLayers as in the other constructor
     * @throws IllegalArgumentException if a weight to train is not float32, or there is none
     */
    public DecoderGradients(CausalDecoder decoder, boolean bfloat16, int recomputeLayers) {
        this(Trainable.of(decoder), bfloat16, recomputeLayers);
    }

    /**
     * Prepares to train some weights.
     *
     * @param trainable a decoder's weights to train; frozen ones that are bfloat16 or int8 are
     *     multiplied as such, whatever {@code bfloat16} says, and as float32 on a CPU without
     *     bfloat16 arithmetic
     * @param bfloat16 whether matrix products are computed in bfloat16
     * @param recomputeLayers how many layers, from the first on, have their activations computed
     *     again for the gradient instead of kept, as {@code torch.utils.checkpoint} does; all of
     *     them, if there are no more, or if autograd would else keep a wider copy of each frozen
     *     weight
     * @throws IllegalArgumentException if a weight to train is not float32, or there is none
     */
    public DecoderGradients(Trainable trainable, boolean bfloat16, int recomputeLayers) {
        decoder = trainable.decoder();
        weights = trainable.weights();
        decoder.getParameters().values().forEach(weight -> require(weight.getArray()));
        for (Adapter adapter : decoder.adapters().values()) {
            require(adapter.a());
            require(adapter.b());
        }
        trainsEmbedding = isTrained(decoder.embedding().getArray());
        trainsBelowHead = trainsEmbedding || weights.values().stream().anyMatch(w -> w != head());
        lowest = trainsEmbedding ? 0 : lowestTrained();
        decoder.requireUnchangedFiles();
        manager = decoder.newRequestManager();
        kind = kind(bfloat16);
        int again = kind.copiesInTraining() ? count() : Math.min(recomputeLayers, count());
        recomputed = Math.max(lowest, again);
        dropout = dropout(trainable);
        dropping = dropout.map(this::dropping);
        lossPage =
                TorchScript.compile(
                        manager,
                        TorchScript.source(DecoderGradients.class, "loss.torchscript"),
                        Map.of("operands", operands(kind)));
        decoder.whileOpen(
                () -> {
                    Shape shape = isTrained(head()) ? head().getShape() : new Shape(0);
                    headGradient = manager.zeros(shape);
                    makeGradients();
                    return null;
                });
    }

    private Optional<AdapterDropout> dropout(Trainable trainable) {
        return trainable.dropout() > 0 && !decoder.adapters().isEmpty()
                ? Optional.of(
                        new AdapterDropout(
                                trainable.dropout(),
                                trainable.dropoutSeed(),
                                decoder.adapters().keySet(),
                                manager))
                : Optional.empty();
    }

    private PageWeights dropping(AdapterDropout made) {
        DecoderRuntime runtime = decoder.runtime();
        PageWeights own = runtime.weights(kind, WeightSource.PARAMETERS, Parameter::getArray);
        own.adapt(runtime.adapters(), made);
        return own;
    }

    /**
     * Says which part of a training comes next: it decides what the dropout of adapters drops.
     *
     * @param step the number of the step
     * @param row the place in the step of the next rows that are added
     */
    public void setStep(long step, long row) {
        dropout.ifPresent(drop -> drop.set(step, row));
    }

    private boolean isTrained(NDArray weight) {
        return weights.values().stream().anyMatch(trained -> trained == weight);
    }

    /** Lets autograd record what comes of a weight, if it is trained. */
    private void require(NDArray weight) {
        if (weight.hasGradient() != isTrained(weight)) {
            weight.setRequiresGradient(isTrained(weight));
        }
    }

    /** Returns the first layer that has a weight to train, or the number of layers. */
    private int lowestTrained() {
        int i = 0;
        while (i < count() && !hasTrained(i)) {
            i++;
        }
        return i;
    }

    private boolean hasTrained(int layer) {
        String prefix = decoder.layout().layerPrefix(layer);
        return decoder.layers().get(layer).ordered().stream()
                        .anyMatch(parameter -> isTrained(parameter.getArray()))
                || decoder.adapters().entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith(prefix))
                        .map(Map.Entry::getValue)
                        .anyMatch(adapter -> isTrained(adapter.a()) || isTrained(adapter.b()));
    }

    private LinearKind kind(boolean bfloat16) {
        if (decoder.runtime().int8()) {
            return LinearKind.FROZEN_INT8;
        }
        boolean slow = !manager.getDevice().isGpu() && CpuKernels.get().slowBfloat16();
        boolean half = TensorLoader.typeOf(decoder.embedding().getArray()) == TensorType.BF16;
        if (slow && half) {
            return LinearKind.FROZEN_BFLOAT16;
        }
        if (!bfloat16) {
            return LinearKind.PLAIN;
        }
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
     * @param divisor the number that the sum of the losses is divided by, and its gradient with it,
     *     such as the positions of a whole step
     * @return the quotient, in nats
     */
    public double add(TokenBatch batch, double divisor) {
        return decoder.whileOpen(() -> addWhileOpen(batch, divisor, false, null));
    }

    /**
     * Does as {@link #add(TokenBatch, double)}, but for labels of weight 0 the head computes
     * nothing: where few count, that saves most of its time and memory. Its products are of fewer
     * rows, so their last bits may be others.
     *
     * @param batch the rows, with weights
     * @param divisor as there
     * @return the quotient, in nats
     */
    public double addCounted(TokenBatch batch, double divisor) {
        return decoder.whileOpen(() -> addWhileOpen(batch, divisor, true, null));
    }

    /**
     * Adds the gradient of a loss of whole rows, by one pass through the layers. The head computes
     * what counts twice: for the log-probabilities, then for their gradients.
     *
     * @param batch the rows, with weights of ones and zeros
     * @param slopes is told each row's log-probability, that of all its labels that count together
     *     (B), and returns the loss's derivative by each (B)
     */
    public void addWeighed(TokenBatch batch, UnaryOperator<double[]> slopes) {
        decoder.whileOpen(() -> addWhileOpen(batch, 1, true, slopes));
    }

    /**
     * Computes the log-probability of each row's labels that count, together.
     *
     * @param batch the rows, with weights of ones and zeros
     * @return natural logarithms (B)
     */
    public double[] logProbabilities(TokenBatch batch) {
        return decoder.whileOpen(
                () -> {
                    JniUtils.setGradMode(false);
                    try (NDManager scope = manager.newSubManager()) {
                        return sums(scope, headInput(scope, batch), batch);
                    }
                });
    }

    private double[] sums(NDManager scope, NDArray h, TokenBatch batch) {
        Object[] arguments = {h, head(), batch.ids(), batch.weights().orElseThrow(), LOSS_ROWS};
        return lossPage.train(scope, "sums", arguments).toDoubleArray();
    }

    /** The weights whose weighted loss has the gradient that a loss of rows has. */
    private NDArray weighed(
            NDManager scope, NDArray h, TokenBatch batch, UnaryOperator<double[]> slopes) {
        double[] byRow = slopes.apply(sums(scope, h, batch));
        float[] factors = new float[byRow.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) -byRow[i]; // the page weighs losses
        }
        NDArray rows = scope.create(factors, new Shape(factors.length, 1));
        NDArray weights = batch.weights().orElseThrow().mul(rows);
        weights.attach(scope);
        return weights;
    }

    private double addWhileOpen(
            TokenBatch batch, double divisor, boolean counted, UnaryOperator<double[]> slopes) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray ids = lossPage.train(scope, "inputs", batch.ids());
            boolean again = recomputed > lowest;
            List<NDArray> inputs = new ArrayList<>(); // of the layers to compute again
            JniUtils.setGradMode(recomputed == 0);
            DecoderPass pass = pass(scope, true, batch);
            NDArray low = pass.layers(pass.embed(ids), 0, lowest, input -> false);
            NDArray mid = pass.layers(low, lowest, recomputed, inputs::add);
            NDArray from = again ? leaf(scope, mid) : mid;
            JniUtils.setGradMode(true);
            NDArray x = pass.layers(from, recomputed, count(), input -> again && input == from);
            NDArray h = pass.headInput(x);
            JniUtils.setGradMode(false);
            NDArray factors =
                    slopes == null ? factors(scope, batch) : weighed(scope, h, batch, slopes);
            NDArray[] loss = lossAndGradient(scope, h, batch.ids(), factors, counted, 1 / divisor);
            if (trainsBelowHead) {
                backward(h, loss[1]);
            }
            if (again) {
                backwardThroughLayers(scope, pass, ids, inputs, gradientOf(scope, from));
            }
            return loss[0].getDouble() / divisor;
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    /**
     * Computes a batch's loss alone. For labels of weight 0 the head computes nothing.
     *
     * @param batch the rows, on the decoder's device
     * @param divisor the number that the sum of the losses is divided by
     * @return the quotient, in nats
     */
    public double loss(TokenBatch batch, double divisor) {
        return decoder.whileOpen(() -> lossWhileOpen(batch, divisor));
    }

    private double lossWhileOpen(TokenBatch batch, double divisor) {
        JniUtils.setGradMode(false);
        try (NDManager scope = manager.newSubManager()) {
            NDArray h = headInput(scope, batch);
            boolean some = batch.weights().isPresent();
            Object[] arguments = {h, head(), batch.ids(), factors(scope, batch), LOSS_ROWS, some};
            return lossPage.train(scope, "loss", arguments).getDouble() / divisor;
        }
    }

    private NDArray headInput(NDManager scope, TokenBatch batch) {
        NDArray ids = lossPage.train(scope, "inputs", batch.ids());
        DecoderPass pass = pass(scope, false, batch);
        return pass.headInput(pass.states(ids, input -> false));
    }

    private int count() {
        return decoder.layers().size();
    }

    private DecoderPass pass(NDManager scope, boolean drops, TokenBatch batch) {
        PageWeights all =
                drops && dropping.isPresent() ? dropping.get() : decoder.runtime().weights(kind);
        return DecoderPass.onPage(decoder, scope, all, true, batch.texts());
    }

    /**
     * From the last such layer to the first: computes it again, recorded this time, and goes back.
     */
    private void backwardThroughLayers(
            NDManager scope, DecoderPass pass, NDArray ids, List<NDArray> inputs, NDArray last) {
        NDArray gradient = last;
        for (int i = inputs.size() - 1; i >= 0; i--) {
            boolean further = i > 0 || trainsEmbedding;
            try (NDManager step = scope.newSubManager()) {
                NDArray x = further ? leaf(step, inputs.get(i)) : inputs.get(i);
                JniUtils.setGradMode(true);
                NDArray y = pass.layer(lowest + i, x);
                JniUtils.setGradMode(false);
                backward(y, gradient);
                gradient.close();
                gradient = further ? gradientOf(scope, x) : null;
            }
        }
        if (trainsEmbedding) {
            JniUtils.setGradMode(true);
            NDArray x = pass.embed(ids);
            JniUtils.setGradMode(false);
            backward(x, gradient);
        }
    }

    private NDArray[] lossAndGradient(
            NDManager scope, NDArray h, NDArray ids, NDArray factors, boolean some, double scale) {
        return lossPage.run(
                "loss_and_gradient",
                true,
                result -> result.toTensorArray((PtNDManager) scope),
                h,
                head(),
                ids,
                factors,
                LOSS_ROWS,
                scale,
                headGradient,
                some);
    }

    /** The page takes an empty tensor for ones. */
    private static NDArray factors(NDManager scope, TokenBatch batch) {
        return batch.weights().orElseGet(() -> scope.create(new Shape(0)));
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
            add(batch, Double.POSITIVE_INFINITY);
        }
        boolean tied = head() == decoder.embedding().getArray();
        weights.forEach(
                (name, weight) -> {
                    boolean ours = weight == head() && !tied;
                    NDArray gradient = ours ? headGradient : weight.getGradient();
                    gradient.attach(manager);
                    gradients.put(name, gradient);
                });
        if (tied && trainsEmbedding) {
            headGradient.close();
            headGradient = gradients.get(decoder.embedding().getName());
        }
        clear(); // also of what an earlier training of these weights left
    }

    private NDArray head() {
        List<Parameter> last = decoder.lastParameters();
        Parameter head = last.get(last.size() - 1);
        if (decoder.adapters().containsKey(head.getName())) {
            throw new IllegalStateException(
                    "training can't compute with an adapter of the head, " + head.getName());
        }
        return head.getArray();
    }

    /** {@return the trained weights themselves by name, in the model's order} */
    public Map<String, NDArray> weights() {
        return weights;
    }

    /**
     * Returns the gradients of the trained weights by name: what all calls of {@link #add} since
     * the last {@link #clear} came to. They are the same arrays from the first call to the last.
     *
     * @return float32 arrays of the weights' shapes in the order of {@link #weights}, which belong
     *     to this object
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
        dropping.ifPresent(PageWeights::close);
        manager.close();
    }
}
