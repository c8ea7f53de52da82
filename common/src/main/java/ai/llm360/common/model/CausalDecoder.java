package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import ai.llm360.io.internal.NearNames;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A decoder-only transformer as a DJL block: token ids (B, T) of type INT64 in, float32 logits (B,
 * T, V) out.
 *
 * <p>What differs between architectures is their {@link DecoderLayout}: names, shapes and a page of
 * TorchScript. What they share is here: {@linkplain DecoderPass passes} of whole sequences for
 * scoring, and of cached ones for generation. Its superclass is what DJL sees of it.
 */
public abstract class CausalDecoder extends DecoderBlock implements CausalLanguageModel {

    /** Creates a decoder without weights. */
    protected CausalDecoder(DecoderLayout layout) {
        super(layout);
    }

    @Override
    public int vocabularySize() {
        return layout().vocabulary();
    }

    @Override
    public int contextLength() {
        return layout().context();
    }

    @Override
    public NDManager newRequestManager() {
        return whileOpen(
                () -> {
                    // Not one of the model's: closing it would free results under who reads them.
                    NDManager own = runtime().manager();
                    return NDManager.newBaseManager(
                            own.getDevice(), own.getEngine().getEngineName());
                });
    }

    @Override
    public <T> T whileOpen(Supplier<T> step) {
        return super.whileOpen(step);
    }

    @Override
    public TorchScript page(String source) {
        return whileOpen(() -> runtime().page(source));
    }

    /**
     * {@return the rules for tensors of a released checkpoint that this model has no use for; none
     * by default}
     */
    public List<IgnoreRule> ignoredTensors() {
        return List.of();
    }

    /**
     * Adds an adapter to a linear layer, in place of one that it has. Inference, scoring and
     * training compute with it, whatever the base weight is held as: where kernels of this project
     * would compute bfloat16 or int8, which know no adapters, libtorch's do in their place, and
     * what was prepared for kernels isn't used.
     *
     * <p>The matrices become the decoder's, which frees them with its weights. Gradients reach them
     * where they require some; a change of their numbers needs no further call. A generation in
     * progress goes on with the adapter, on keys and values of before.
     *
     * @param name the weight's full name, such as {@code model.layers.0.self_attn.q_proj.weight}
     * @param adapter its adapter, on the decoder's device
     * @throws IllegalArgumentException if there is no linear layer of that name, or the adapter's
     *     shapes, type or device aren't the weight's
     * @throws IllegalStateException if the model is closed, or this thread is within one of its
     *     steps
     */
    public void setAdapter(String name, Adapter adapter) {
        setAdapters(Map.of(name, adapter));
    }

    /**
     * Adds adapters to linear layers, all of them or, if one is refused, none: see {@link
     * #setAdapter}.
     *
     * @param added the adapters by their weights' full names
     * @throws IllegalArgumentException if there is no linear layer of such a name, or an adapter's
     *     shapes, type or device aren't the weight's
     * @throws IllegalStateException if the model is closed, or this thread is within one of its
     *     steps
     */
    public void setAdapters(Map<String, Adapter> added) {
        Map<String, WeightSpec> linear = linearWeights();
        added.forEach(
                (name, adapter) -> {
                    WeightSpec weight = linear.get(name);
                    if (weight == null) {
                        throw new IllegalArgumentException(
                                "no linear layer '%s' to adapt; the nearest are %s"
                                        .formatted(
                                                name,
                                                String.join(
                                                        ", ",
                                                        NearNames.of(name, linear.keySet()))));
                    }
                    adapter.check(name, weight, embedding().getArray().getDevice());
                });
        Map<String, Adapter> all = runtime().adapters();
        all.putAll(added);
        runtime().setAdapters(all);
    }

    /**
     * Gives parameters other numbers, all of them or, if one is refused, none. {@link
     * #removeAdapters} brings the old ones back, of which copies are kept.
     *
     * @param replaced arrays of the parameters' shapes by full name, which are cast to the
     *     parameters' types and moved to their device; the caller's to close
     * @throws IllegalArgumentException if there is no such parameter, or an array is of another
     *     shape
     * @throws IllegalStateException if the model is closed, or this thread is within one of its
     *     steps
     */
    public void replaceWeights(Map<String, NDArray> replaced) {
        Map<String, Shape> shapes = parameterShapes();
        replaced.forEach(
                (name, array) -> {
                    if (!array.getShape().equals(shapes.get(name))) {
                        throw new IllegalArgumentException(
                                "%s is %s in this model, not %s"
                                        .formatted(name, shapes.get(name), array.getShape()));
                    }
                });
        runtime().replace(replaced);
    }

    /**
     * {@return the matrices of the linear layers by full name, in the model's order; the head's is
     * the last, unless it is the embedding table} The decoder needs no weights.
     */
    public Map<String, WeightSpec> linearWeights() {
        Map<String, WeightSpec> linear = new LinkedHashMap<>();
        for (int i = 0; i < layout().layers(); i++) {
            for (WeightSpec weight : layout().layer()) {
                if (weight.linear()) {
                    linear.put(layout().layerPrefix(i) + weight.name(), weight);
                }
            }
        }
        layout().head().ifPresent(head -> linear.put(head.name(), head));
        return linear;
    }

    /** {@return the full name of the head's matrix; empty where it is the embedding table} */
    public Optional<String> head() {
        return layout().head().map(WeightSpec::name);
    }

    /** {@return the full name of the embedding table} */
    public String embeddingTable() {
        return layout().embedding().name();
    }

    /**
     * Removes all adapters and frees their matrices, and brings back what {@link #replaceWeights}
     * took the place of: the decoder is its base again.
     *
     * @throws IllegalStateException if the model is closed, or this thread is within one of its
     *     steps
     */
    public void removeAdapters() {
        runtime().setAdapters(Map.of());
        runtime().restore();
    }

    /** {@return the adapters by their weights' full names, in the order that they were added} */
    public Map<String, Adapter> adapters() {
        return Collections.unmodifiableMap(runtime().adapters());
    }

    /**
     * Says that the parameters' numbers have changed, or their arrays: copies that inference has
     * made of them (packed, rounded, prepared ones) are made anew at its next step. Whoever trains
     * in place calls this after an update; it costs nothing. DJL's trainers needn't: they train
     * float32, of which there are no copies.
     */
    public void weightsChanged() {
        runtime().weightsChanged();
    }

    @Override
    public NDArray logits(NDManager manager, long[][] ids) {
        return compute(manager, scope -> logitsOf(scope, input().of(scope, ids)));
    }

    @Override
    final NDArray logits(NDManager manager, NDArray ids) {
        return compute(manager, scope -> logitsOf(scope, ids));
    }

    private NDArray logitsOf(NDManager scope, NDArray ids) {
        DecoderPass pass = whole(scope);
        return pass.logits(states(pass, ids, x -> false));
    }

    private DecoderPass whole(NDManager scope) {
        return DecoderPass.inference(this, scope, null);
    }

    private NDArray states(DecoderPass pass, NDArray ids, Predicate<NDArray> keep) {
        input().checkLength(ids.getShape().get(1));
        requireUnchangedFiles();
        return pass.states(ids, keep);
    }

    /**
     * Computes in memory that is closed with the model alone, and then hands the result over: the
     * caller's manager may be closed at any time, as those of a DJL predictor are with the model.
     */
    private NDArray compute(NDManager manager, Function<NDManager, NDArray> step) {
        return whileOpen(
                () -> {
                    try (NDManager scope = runtime().manager().newSubManager()) {
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
                    try (NDManager scope = runtime().manager().newSubManager()) {
                        List<NDArray> states = new ArrayList<>();
                        DecoderPass pass = whole(scope);
                        NDArray last =
                                states(
                                        pass,
                                        input().of(scope, ids),
                                        state -> {
                                            states.add(state.duplicate());
                                            return false;
                                        });
                        states.add(pass.finalNorm(last));
                        states.forEach(state -> handOver(state, manager));
                        return states;
                    }
                });
    }

    @Override
    public Optional<String> firstNotFinite(long[] ids) {
        return whileOpen(
                () -> {
                    try (NDManager scope = runtime().manager().newSubManager()) {
                        List<Boolean> finite = new ArrayList<>();
                        NDArray last =
                                states(
                                        whole(scope),
                                        input().of(scope, new long[][] {ids}),
                                        state -> !finite.add(isFinite(state)));
                        finite.add(isFinite(last));
                        int first = finite.indexOf(false);
                        return switch (Integer.signum(first)) {
                            case -1 -> Optional.empty();
                            case 0 -> Optional.of("the embedding");
                            default ->
                                    Optional.of(
                                            "layer %d of 0 to %d"
                                                    .formatted(first - 1, layers().size() - 1));
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

    @Override
    public KvCache newCache(int rows, int capacity) {
        input().checkLength(capacity);
        requireUnchangedFiles();
        return whileOpen(
                () -> {
                    TensorType stored = TensorLoader.typeOf(embedding().getArray());
                    boolean half = stored != TensorType.F32 && stored != TensorType.F64;
                    return new KvCache(
                            runtime(),
                            layout().layers(),
                            new Shape(rows, layout().keyValueHeads(), capacity, layout().headDim()),
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
        runtime().requireUnchangedFiles();
    }

    @Override
    public NDArray advance(NDManager manager, KvCache cache, int[] slots, long[][] ids) {
        return compute(
                manager,
                scope -> {
                    RowGroups groups = groups(cache, slots, ids, Batching.EXACT);
                    NDArray last = groups.lastStates(scope);
                    NDArray logits = DecoderPass.inference(this, scope, null).logits(last);
                    groups.grow();
                    return logits.reshape(ids.length, layout().vocabulary());
                });
    }

    private RowGroups groups(KvCache cache, int[] slots, long[][] ids, Batching batching) {
        input().check(ids);
        if (cache == null) {
            requireUnchangedFiles();
        } else {
            cache.requireOf(runtime().manager());
        }
        for (int row = 0; row < ids.length; row++) {
            input().checkLength(ids[row].length);
            if (cache != null) {
                input().checkLength((long) ids[row].length + cache.length(slots[row]));
            }
        }
        return new RowGroups(this, cache, slots, ids, batching);
    }

    @Override
    public List<LabelScores> score(List<LabelledRow> rows, Batching batching) {
        return score(null, new int[0], rows, batching);
    }

    @Override
    public List<LabelScores> score(
            KvCache cache, int[] slots, List<LabelledRow> rows, Batching batching) {
        for (LabelledRow row : rows) {
            input().check(new long[][] {row.labels()});
        }
        long[][] ids = rows.stream().map(LabelledRow::ids).toArray(long[][]::new);
        return whileOpen(
                () -> {
                    RowGroups groups = groups(cache, slots, ids, batching);
                    List<LabelScores> scores = groups.score(rows);
                    groups.grow();
                    return scores;
                });
    }
}
