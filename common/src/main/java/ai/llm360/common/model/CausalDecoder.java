package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.inference.streaming.StreamingBlock;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.jni.IValue;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A decoder-only transformer as a DJL block: token ids (B, T) of type INT64 in, float32 logits (B,
 * T, V) out.
 *
 * <p>What differs between architectures is their {@link DecoderLayout}: names, shapes and a page of
 * TorchScript. What they share is here: an embedding, layers, a norm and a head, run one page
 * method at a time; whole sequences for training and scoring, and cached sequences for generation.
 * It is past 400 lines since it is both the model that generation asks and DJL's block, which is
 * described, saved, loaded and trained.
 */
public abstract class CausalDecoder extends HubBlock
        implements CausalLanguageModel, StreamingBlock {

    private static final String TRAINER = "DJL trains float32";

    private final DecoderLayout layout;
    private final DecoderInput input;
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
        input = new DecoderInput(layout.vocabulary(), layout.context());
        inputNames = List.of("input_ids");
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
        return whileOpen(
                () -> {
                    // Not one of the model's: closing it would free results under who reads them.
                    NDManager own = runtime.manager();
                    return NDManager.newBaseManager(
                            own.getDevice(), own.getEngine().getEngineName());
                });
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
     * @throws IllegalArgumentException if the input isn't one array of token ids (B, T), of INT64
     *     or INT32 and within the vocabulary, or T is beyond the context length
     * @throws IllegalStateException if {@code training} is true and the model was loaded as int8
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
        return whileOpen(() -> forward(store, input.of(inputs), training));
    }

    private NDList forward(ParameterStore store, NDArray ids, boolean training) {
        Device device = ids.getDevice();
        NDArray table = store.getValue(embedding(), device, training);
        if (!training && table == embedding().getArray()) {
            return new NDList(compute(ids.getManager(), scope -> inferLogits(scope, ids)));
        }
        if (training && runtime.int8()) {
            throw unfit("int8 is for inference only");
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

    /**
     * Refuses weights that aren't float32 where DJL would hand them to its optimizers or write
     * them: it has no name for bfloat16, and knows nothing of packed weights.
     */
    private void requireFloat32(String why) {
        DataType type = embedding().getArray().getDataType();
        if (runtime.int8() || type != DataType.FLOAT32) {
            throw unfit(why);
        }
    }

    private IllegalStateException unfit(String why) {
        TensorType type = TensorLoader.typeOf(embedding().getArray());
        return new IllegalStateException(
                "%s, and this model's weights are %s: load it with optDtype(WeightType.FP32)"
                        .formatted(why, runtime.int8() ? WeightType.INT8 : WeightType.of(type)));
    }

    /**
     * {@inheritDoc} DJL's {@code newTrainer} begins with it.
     *
     * @throws IllegalStateException if gradients are wanted of weights that aren't float32; {@link
     *     #freezeParameters(boolean)} lets those be computed that no optimizer of DJL's takes
     */
    @Override
    public void freezeParameters(boolean freeze, Predicate<Parameter> predicate) {
        if (!freeze && embedding().isInitialized()) {
            requireFloat32(TRAINER);
        }
        super.freezeParameters(freeze, predicate);
    }

    /**
     * {@inheritDoc} DJL's {@code Trainer} begins with it.
     *
     * @throws IllegalStateException if there are weights that have gradients and aren't float32
     */
    @Override
    public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
        if (embedding().isInitialized() && embedding().requiresGradient()) {
            requireFloat32(TRAINER);
        }
        super.initialize(manager, dataType, inputShapes);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the weights aren't float32
     */
    @Override
    public void saveParameters(DataOutputStream out) throws IOException {
        requireFloat32("DJL writes float32");
        super.saveParameters(out);
    }

    /** {@inheritDoc} */
    @Override
    public void loadParameters(NDManager manager, DataInputStream in)
            throws IOException, MalformedModelException {
        super.loadParameters(manager, in);
        Map<String, Shape> expected = parameterShapes();
        for (Pair<String, Parameter> pair : getParameters()) {
            Shape found = pair.getValue().getShape();
            if (!expected.get(pair.getKey()).equals(found)) {
                throw new MalformedModelException(
                        "%s is %s, expected %s: the parameters are of another model"
                                .formatted(pair.getKey(), found, expected.get(pair.getKey())));
            }
        }
        runtime.release(); // what was made of the weights before, which these take the place of
        runtime.setWeights(WeightSource.PARAMETERS, false);
    }

    /** {@inheritDoc} It has one element, the whole output. */
    @Override
    public Iterator<NDList> forwardStreamIter(
            ParameterStore store,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        return Stream.of(inputs).map(list -> forward(store, list, training, params)).iterator();
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
        return compute(manager, scope -> inferLogits(scope, input.of(scope, ids)));
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
        InferenceBackend.Decoder backend = backend(rows, Float.BYTES * rows * layout.vocabulary());
        if (backend != null) {
            NDArray taken = last ? x.get(":, -1:") : x;
            NDArray logits = backend.logits(scope, taken, lastParameters());
            return last ? logits.squeeze(1) : logits;
        }
        InferenceWeights weights = runtime.weights();
        IValue[] prepared = lastWeights(weights);
        TorchScript page = weights.page();
        NDArray h = page.infer(scope, "head_input", all(x, norm(prepared)));
        Object head = prepared[prepared.length - 1];
        return page.infer(scope, last ? "last_logits" : "logits", h, head);
    }

    /**
     * Returns a backend where there is one that takes so many rows, else {@code null}.
     *
     * @param bytes of the largest array that they share with libtorch, in a direct buffer
     */
    private InferenceBackend.Decoder backend(long rows, long bytes) {
        return bytes <= Integer.MAX_VALUE ? runtime.backend(rows) : null;
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
                                        input.of(scope, ids),
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
                                        input.of(scope, new long[][] {ids}),
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
        input.checkLength(shape.get(1));
        requireUnchangedFiles();
        NDArray x = embed(scope, ids);
        long kept = (long) layout.keyValueHeads() * layout.headDim();
        long widest = Math.max(x.getShape().get(2), kept);
        InferenceBackend.Decoder backend =
                backend(shape.size(), Float.BYTES * shape.size() * widest);
        if (backend != null) {
            try (InferenceBackend.Pass pass =
                    backend.begin(scope, x, null, new long[0], new long[0])) {
                for (int i = 0; i < layers.size(); i++) {
                    before.accept(x);
                    pass.layer(i, layers.get(i).ordered());
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
        input.checkLength(capacity);
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
        return compute(manager, scope -> advance(scope, cache, slots, input.of(scope, ids)));
    }

    private NDArray advance(NDManager scope, KvCache cache, int[] slots, NDArray ids) {
        cache.requireOf(runtime.manager());
        int tokens = Math.toIntExact(ids.getShape().get(1));
        CachedRows cached = new CachedRows(cache, slots, tokens);
        NDArray x = embed(scope, ids);
        InferenceBackend.Decoder backend =
                backend((long) slots.length * tokens, cache.layerBytes());
        if (backend == null) {
            x = advance(scope, x, cached);
        } else {
            try (InferenceBackend.Pass pass =
                    backend.begin(scope, x, cache, cached.rows(), cached.start())) {
                for (int i = 0; i < layers.size(); i++) {
                    pass.layer(i, layers.get(i).ordered());
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
