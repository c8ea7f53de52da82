package ai.llm360.common.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.jni.IValue;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.TensorType;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A decoder-only transformer as a DJL block: token ids (B, T) of type INT64 in, float32 logits (B,
 * T, V) out.
 *
 * <p>What differs between architectures is their {@link DecoderLayout}: names, shapes and a page of
 * TorchScript. What they share is here: an embedding, layers, a norm and a head, run one page
 * method at a time; whole sequences for training and scoring, and cached sequences for generation.
 * These three share nearly all that is private here, so the file passes 400 lines.
 */
public abstract class CausalDecoder extends HubBlock implements CausalLanguageModel {

    private final DecoderLayout layout;
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final DecoderRuntime runtime;

    /**
     * Creates a decoder without weights.
     *
     * @param layout what it is made of
     */
    @SuppressWarnings("this-escape")
    protected CausalDecoder(DecoderLayout layout) {
        this.layout = layout;
        addWeights(List.of(layout.embedding()));
        runtime = new DecoderRuntime(layout, embedding(), this::getParameters);
        for (int i = 0; i < layout.layers(); i++) {
            DecoderLayer layer = new DecoderLayer(this, layout.layer());
            layers.add(layer);
            addNamed(layout.layerPrefix() + "." + i, layer);
        }
        List<WeightSpec> last = new ArrayList<>(layout.finalNorm());
        layout.head().ifPresent(last::add);
        addWeights(last);
    }

    /** {@inheritDoc} */
    @Override
    public int vocabularySize() {
        return layout.vocabulary();
    }

    /** {@inheritDoc} */
    @Override
    public int contextLength() {
        return layout.context();
    }

    /** {@inheritDoc} */
    @Override
    public NDManager newRequestManager() {
        return whileOpen(() -> runtime.manager().newSubManager());
    }

    /** {@inheritDoc} */
    @Override
    public <T> T whileOpen(Supplier<T> step) {
        return runtime.whileOpen(step);
    }

    /** {@inheritDoc} It waits for the steps in progress. */
    @Override
    public void clear() {
        runtime.release();
        super.clear();
    }

    /** Returns the decoder layers in order. */
    public List<DecoderLayer> layers() {
        return List.copyOf(layers);
    }

    /**
     * Returns which tensors of a released checkpoint this model has no use for.
     *
     * @return the rules, none by default
     */
    public List<IgnoreRule> ignoredTensors() {
        return List.of();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if T is beyond the context length
     * @throws IllegalStateException if the model was loaded as int8 and {@code training} is true
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        if (inputs instanceof BlockCall call) {
            return call.run(this);
        }
        return whileOpen(() -> forward(store, inputs.singletonOrThrow(), training));
    }

    private NDList forward(ParameterStore store, NDArray ids, boolean training) {
        checkLength(ids.getShape().get(1));
        Device device = ids.getDevice();
        NDArray table = store.getValue(embedding(), device, training);
        if (!training && table == embedding().getArray()) {
            return new NDList(compute(ids.getManager(), scope -> inferLogits(scope, ids)));
        }
        if (training && runtime.int8()) {
            throw new IllegalStateException(
                    "this model was loaded as int8, for inference only; load it as fp32 or bf16 to"
                            + " train it");
        }
        NDManager manager = ids.getManager();
        TorchScript page = runtime.plain();
        NDArray x = call(page, manager, training, "embed", ids, table);
        NDArray[] tables = runtime.rotaryTables();
        for (DecoderLayer layer : layers) {
            NDList in = new NDList(x, onDevice(tables[0], device), onDevice(tables[1], device));
            x = layer.forward(store, in, training).singletonOrThrow();
        }
        List<Object> norm = new ArrayList<>(List.of(x));
        for (Parameter parameter : lastParameters()) {
            norm.add(store.getValue(parameter, device, training));
        }
        Object head = norm.remove(norm.size() - 1);
        NDArray h = call(page, manager, training, "head_input", norm.toArray());
        return new NDList(call(page, manager, training, "logits", h, head));
    }

    private static NDArray call(
            TorchScript page, NDManager manager, boolean training, String method, Object... args) {
        return training ? page.train(manager, method, args) : page.infer(manager, method, args);
    }

    private static NDArray onDevice(NDArray array, Device device) {
        return array.getDevice().equals(device) ? array : array.toDevice(device, false);
    }

    /** {@inheritDoc} */
    @Override
    public NDArray logits(NDManager manager, long[][] ids) {
        return compute(manager, scope -> inferLogits(scope, tokens(scope, ids)));
    }

    /**
     * Computes in memory that is closed with the model alone, and then hands the result over: the
     * caller's manager may be closed at any time, as those of a DJL predictor are with the model.
     */
    private NDArray compute(NDManager manager, Function<NDManager, NDArray> step) {
        return whileOpen(
                () -> {
                    try (NDManager scope = runtime.manager().newSubManager()) {
                        return handOver(step.apply(scope), manager);
                    }
                });
    }

    private static NDArray handOver(NDArray result, NDManager manager) {
        try {
            result.attach(manager);
            return result;
        } catch (RuntimeException e) {
            result.close();
            throw e;
        }
    }

    private NDArray inferLogits(NDManager scope, NDArray ids) {
        return head(scope, inferStates(scope, ids, state -> {}), false);
    }

    /**
     * The final norm and the head: (B, T, C) hidden states to logits, the last position's or all.
     */
    private NDArray head(NDManager scope, NDArray x, boolean last) {
        Shape shape = x.getShape();
        long rows = last ? shape.get(0) : shape.get(0) * shape.get(1);
        KernelDecoder kernels = kernels(rows, Float.BYTES * rows * layout.vocabulary());
        if (kernels != null) {
            return kernels.logits(scope, x, last, lastParameters());
        }
        InferenceWeights weights = runtime.weights();
        IValue[] prepared = lastWeights(weights);
        TorchScript page = weights.page();
        NDArray h = page.infer(scope, "head_input", all(x, norm(prepared)));
        Object head = prepared[prepared.length - 1];
        return page.infer(scope, last ? "last_logits" : "logits", h, head);
    }

    /**
     * This project's kernels where they take so many rows.
     *
     * @param bytes of the largest array that they share with libtorch, in a direct buffer
     */
    private KernelDecoder kernels(long rows, long bytes) {
        return bytes <= Integer.MAX_VALUE ? runtime.kernels(rows) : null;
    }

    private static Object[] norm(IValue[] last) {
        return Arrays.copyOf(last, last.length - 1, Object[].class);
    }

    /**
     * Returns the residual stream along the model: the embeddings, then each layer's output, the
     * last of them through the final norm.
     *
     * @param manager the manager that the results are attached to
     * @param ids sequences of one length: (B, T)
     * @return layers + 1 float32 arrays of (B, T, C)
     */
    public List<NDArray> hiddenStates(NDManager manager, long[][] ids) {
        return whileOpen(
                () -> {
                    try (NDManager scope = runtime.manager().newSubManager()) {
                        List<NDArray> states = new ArrayList<>();
                        NDArray last =
                                inferStates(
                                        scope,
                                        tokens(scope, ids),
                                        state -> states.add(state.duplicate()));
                        states.add(finalNorm(scope, last));
                        states.forEach(state -> handOver(state, manager));
                        return states;
                    }
                });
    }

    private NDArray finalNorm(NDManager scope, NDArray x) {
        List<Object> arguments = new ArrayList<>(List.of(x));
        for (int i = 0; i < layout.finalNorm().size(); i++) {
            arguments.add(lastParameters().get(i).getArray());
        }
        return runtime.plain().infer(scope, "final_norm", arguments.toArray());
    }

    /** {@inheritDoc} */
    @Override
    public Optional<String> firstNotFinite(long[] ids) {
        return whileOpen(
                () -> {
                    try (NDManager scope = runtime.manager().newSubManager()) {
                        List<Boolean> finite = new ArrayList<>();
                        NDArray last =
                                inferStates(
                                        scope,
                                        tokens(scope, new long[][] {ids}),
                                        state -> finite.add(isFinite(state)));
                        finite.add(isFinite(last));
                        int first = finite.indexOf(false);
                        return switch (Integer.signum(first)) {
                            case -1 -> Optional.empty();
                            case 0 -> Optional.of("the embedding");
                            default ->
                                    Optional.of(
                                            "layer %d of 0 to %d"
                                                    .formatted(first - 1, layers.size() - 1));
                        };
                    }
                });
    }

    private static boolean isFinite(NDArray x) {
        try (NDArray zeros = x.mul(0);
                NDArray sum = zeros.sum()) {
            return !Float.isNaN(sum.getFloat()); // 0 times what is infinite is NaN, too
        }
    }

    /**
     * Runs embedding and layers; returns the last layer's output.
     *
     * @param before told of each layer's input, which lives no longer than the call
     */
    private NDArray inferStates(NDManager scope, NDArray ids, Consumer<NDArray> before) {
        Shape shape = ids.getShape();
        checkLength(shape.get(1));
        requireUnchangedFiles();
        NDArray x = embed(scope, ids);
        long kept = (long) layout.keyValueHeads() * layout.headDim();
        long widest = Math.max(x.getShape().get(2), kept);
        KernelDecoder kernels = kernels(shape.size(), Float.BYTES * shape.size() * widest);
        if (kernels != null) {
            try (KernelPass pass = kernels.begin(scope, x, null)) {
                for (int i = 0; i < layers.size(); i++) {
                    before.accept(x);
                    kernels.layer(pass, i, layers.get(i).ordered());
                }
            }
            return x;
        }
        long tokens = shape.get(1);
        NDArray cos = runtime.plain().infer(scope, "first", runtime.rotaryTables()[0], tokens);
        NDArray sin = runtime.plain().infer(scope, "first", runtime.rotaryTables()[1], tokens);
        InferenceWeights weights = runtime.weights();
        for (int i = 0; i < layers.size(); i++) {
            before.accept(x);
            Object[] arguments = all(x, cos, sin, layerWeights(weights, i));
            NDArray y = weights.page().infer(scope, "layer", arguments);
            x.close();
            x = y;
        }
        return x;
    }

    private NDArray embed(NDManager manager, NDArray ids) {
        return runtime.plain().infer(manager, "embed", ids, embedding().getArray());
    }

    /** {@inheritDoc} */
    @Override
    public KvCache newCache(int rows, int capacity) {
        checkLength(capacity);
        requireUnchangedFiles();
        return whileOpen(
                () -> {
                    TensorType stored = TensorLoader.typeOf(embedding().getArray());
                    boolean half = stored != TensorType.F32 && stored != TensorType.F64;
                    return new KvCache(
                            runtime.manager(),
                            runtime.loader(),
                            layout.layers(),
                            new Shape(
                                    rows,
                                    layout.keyValueHeads(),
                                    aligned(capacity),
                                    layout.headDim()),
                            half ? TensorType.BF16 : TensorType.F32);
                });
    }

    /**
     * Checks that the files which weights are mapped from are those that were loaded. It costs a
     * look at each file's size and time; {@link #newCache}, {@link #logits} and {@link
     * #hiddenStates} do it themselves.
     *
     * @throws UncheckedIOException if one was changed, replaced or removed; the message names it
     */
    public void requireUnchangedFiles() {
        runtime.requireUnchangedFiles();
    }

    /**
     * Rounds up to 32 positions, so that every row and head starts at a multiple of 64 bytes: MKL's
     * order of summation depends on its operands' alignment, and a row's must not depend on how
     * long its neighbours are.
     */
    private static int aligned(int capacity) {
        return (capacity + 31) / 32 * 32;
    }

    /** {@inheritDoc} */
    @Override
    public NDArray advance(NDManager manager, KvCache cache, int[] slots, long[][] ids) {
        return compute(manager, scope -> advance(scope, cache, slots, tokens(scope, ids)));
    }

    private NDArray advance(NDManager scope, KvCache cache, int[] slots, NDArray ids) {
        cache.requireOf(runtime.manager());
        int tokens = Math.toIntExact(ids.getShape().get(1));
        CachedRows cached = new CachedRows(cache, slots, tokens);
        NDArray x = embed(scope, ids);
        KernelDecoder kernels = kernels((long) slots.length * tokens, cache.layerBytes());
        if (kernels == null) {
            x = advance(scope, x, cached);
        } else {
            try (KernelPass pass = kernels.begin(scope, x, cached)) {
                for (int i = 0; i < layers.size(); i++) {
                    kernels.layer(pass, i, layers.get(i).ordered());
                }
            }
        }
        NDArray logits = head(scope, x, true);
        for (int slot : slots) {
            cache.grow(slot, tokens);
        }
        return logits;
    }

    /** Runs the layers on libtorch's kernels. */
    private NDArray advance(NDManager scope, NDArray embedded, CachedRows cached) {
        TorchScript page = runtime.plain();
        NDArray[] tables = runtime.rotaryTables();
        long tokens = embedded.getShape().get(1);
        NDArray cos = page.infer(scope, "angles", tables[0], cached.start(), tokens);
        NDArray sin = page.infer(scope, "angles", tables[1], cached.start(), tokens);
        InferenceWeights weights = runtime.weights();
        NDArray x = embedded;
        for (int i = 0; i < layers.size(); i++) {
            Object[] arguments = all(x, cos, sin, cached.arguments(i), layerWeights(weights, i));
            NDArray y = weights.page().infer(scope, "cached_layer", arguments);
            x.close();
            x = y;
        }
        return x;
    }

    private NDArray tokens(NDManager manager, long[][] ids) {
        int length = ids[0].length;
        long[] flat = new long[Math.multiplyExact(ids.length, length)];
        for (int row = 0; row < ids.length; row++) {
            if (ids[row].length != length) {
                throw new IllegalArgumentException(
                        "rows of one call must have one length, not %d and %d tokens"
                                .formatted(length, ids[row].length));
            }
            System.arraycopy(ids[row], 0, flat, row * length, length);
        }
        for (long id : flat) {
            if (id < 0 || id >= layout.vocabulary()) {
                throw new IllegalArgumentException(
                        "token id %d is outside the model's vocabulary of 0 to %d"
                                .formatted(id, layout.vocabulary() - 1));
            }
        }
        return manager.create(flat, new Shape(ids.length, length));
    }

    private void checkLength(long positions) {
        if (positions < 1 || positions > layout.context()) {
            throw new IllegalArgumentException(
                    "%d positions don't fit: the model's context length is %d"
                            .formatted(positions, layout.context()));
        }
    }

    final DecoderLayout layout() {
        return layout;
    }

    final Parameter embedding() {
        return parameter(layout.embedding().name());
    }

    /** The final norm's parameters, then the head's matrix. */
    final List<Parameter> lastParameters() {
        return layout.last().stream().map(spec -> parameter(spec.name())).toList();
    }

    private IValue[] layerWeights(InferenceWeights weights, int i) {
        return weights.get(i, layout.layerPrefix(i), layout.layer(), layers.get(i).ordered());
    }

    private IValue[] lastWeights(InferenceWeights weights) {
        return weights.get(layers.size(), "", layout.last(), lastParameters());
    }

    /** Puts single arguments and lists of them in one row. */
    private static Object[] all(Object... parts) {
        List<Object> all = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Object[] many) {
                all.addAll(Arrays.asList(many));
            } else {
                all.add(part);
            }
        }
        return all.toArray();
    }

    final DecoderRuntime runtime() {
        return runtime;
    }

    /** {@inheritDoc} */
    @Override
    public TorchScript page(String source) {
        return whileOpen(() -> runtime.page(source));
    }

    /** {@inheritDoc} */
    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(layout.vocabulary())};
    }

    /** {@inheritDoc} */
    @Override
    public DataType[] getOutputDataTypes() {
        return new DataType[] {DataType.FLOAT32};
    }
}
