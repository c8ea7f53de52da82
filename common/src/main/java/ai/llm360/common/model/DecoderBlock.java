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
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * DJL's side of a {@link CausalDecoder}: a block with the parameters that a {@link DecoderLayout}
 * lists, which DJL's predictors and trainers run, and which is initialised, saved and loaded as any
 * block is.
 */
abstract class DecoderBlock extends HubBlock implements StreamingBlock {

    private static final String TRAINER = "DJL trains float32";

    private final DecoderLayout layout;
    private final DecoderInput input;
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final DecoderRuntime runtime;

    @SuppressWarnings("this-escape")
    DecoderBlock(DecoderLayout layout) {
        this.layout = layout;
        input = new DecoderInput(layout.vocabulary(), layout.context());
        inputNames = List.of("input_ids");
        addWeights(List.of(layout.embedding()));
        runtime = new DecoderRuntime(this, layout);
        for (int i = 0; i < layout.layers(); i++) {
            DecoderLayer layer = new DecoderLayer(this, i);
            layers.add(layer);
            addNamed(layout.layerPrefix() + "." + i, layer);
        }
        List<WeightSpec> last = new ArrayList<>(layout.finalNorm());
        layout.head().ifPresent(last::add);
        addWeights(last);
    }

    final DecoderLayout layout() {
        return layout;
    }

    final DecoderRuntime runtime() {
        return runtime;
    }

    final DecoderInput input() {
        return input;
    }

    /** Returns the decoder layers in order. */
    public final List<DecoderLayer> layers() {
        return List.copyOf(layers);
    }

    final Parameter embedding() {
        return parameter(layout.embedding().name());
    }

    /** The final norm's parameters, then the head's matrix. */
    final List<Parameter> lastParameters() {
        return layout.last().stream().map(spec -> parameter(spec.name())).toList();
    }

    /** As {@link CausalLanguageModel#whileOpen}. */
    public <T> T whileOpen(Supplier<T> step) {
        return runtime.whileOpen(step);
    }

    /** {@inheritDoc} It waits for the steps in progress. */
    @Override
    public void clear() {
        runtime.release();
        super.clear();
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
            return call.run((CausalDecoder) this);
        }
        return whileOpen(() -> forward(store, input.of(inputs), training));
    }

    private NDList forward(ParameterStore store, NDArray ids, boolean training) {
        NDManager manager = ids.getManager();
        if (!training) {
            NDArray table = store.getValue(embedding(), ids.getDevice(), false);
            if (table == embedding().getArray()) {
                return new NDList(logits(manager, ids));
            }
        } else if (runtime.int8()) {
            throw unfit("int8 is for inference only");
        }
        try (PageWeights weights = weights(store, ids.getDevice(), training)) {
            DecoderPass pass = DecoderPass.onPage(this, manager, weights, training);
            return new NDList(pass.logits(pass.states(ids, x -> false)));
        }
    }

    /** Computes logits for inference. */
    abstract NDArray logits(NDManager manager, NDArray ids);

    /** The weights that DJL keeps for a device. */
    final PageWeights weights(ParameterStore store, Device device, boolean training) {
        return runtime.weights(
                LinearKind.PLAIN,
                WeightSource.PARAMETERS,
                parameter -> store.getValue(parameter, device, training));
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

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(layout.vocabulary())};
    }

    @Override
    public DataType[] getOutputDataTypes() {
        return new DataType[] {DataType.FLOAT32};
    }
}
