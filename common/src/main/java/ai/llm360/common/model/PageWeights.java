package ai.llm360.common.model;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * A decoder's weights as the page of a {@link LinearKind} takes them, and that page; each layer's
 * are made when it is first used.
 *
 * <p>A kind that packs copies each weight once. The copy is made from a mapping of the checkpoint
 * that is opened for it and closed after it, so a packed model holds its packed weights and none of
 * the file. Other kinds take the parameters' own arrays, through which autograd goes back.
 */
final class PageWeights implements AutoCloseable {

    private final String id = UUID.randomUUID().toString();
    private final DecoderBlock decoder;
    private final LinearKind kind;
    private final WeightSource source;
    private final Function<Parameter, NDArray> arrays;
    private final IValue[][] bases;
    private final IValue[][] adapted;
    private TorchScript page;
    private Map<String, Adapter> adapters = Map.of();
    private AdapterDropout dropout;

    /**
     * @param source where a packed weight is read from
     * @param arrays gives a parameter's array
     */
    PageWeights(
            DecoderBlock decoder,
            LinearKind kind,
            WeightSource source,
            Function<Parameter, NDArray> arrays) {
        this.decoder = decoder;
        this.kind = kind;
        this.source = source;
        this.arrays = arrays;
        int groups = decoder.layers().size() + 1; // final norm and head count as one more
        bases = new IValue[groups][];
        adapted = new IValue[groups][];
    }

    /** The name under which a manager owns these weights. */
    String id() {
        return id;
    }

    /** Takes other adapters. The bases stay as they are. */
    void adapt(Map<String, Adapter> by) {
        adapt(by, null);
    }

    /**
     * Takes other adapters.
     *
     * @param drop drops some of their inputs; may be {@code null}
     */
    synchronized void adapt(Map<String, Adapter> by, AdapterDropout drop) {
        adapters = by;
        dropout = drop;
        page = null;
        free(adapted);
    }

    /** The page whose methods take these weights. */
    synchronized TorchScript page() {
        if (page == null) {
            page = decoder.runtime().page(kind, !adapters.isEmpty());
        }
        return page;
    }

    /** The weights of a layer, in the order of the page's arguments. */
    IValue[] layer(int layer) {
        DecoderLayout layout = decoder.layout();
        List<Parameter> parameters = decoder.layers().get(layer).ordered();
        return get(layer, layout.layerPrefix(layer), layout.layer(), parameters);
    }

    /** The final norm's weights, then the head's. */
    IValue[] last() {
        return get(bases.length - 1, "", decoder.layout().last(), decoder.lastParameters());
    }

    /** The embedding table. */
    NDArray embedding() {
        return arrays.apply(decoder.embedding());
    }

    private synchronized IValue[] get(
            int group, String prefix, List<WeightSpec> specs, List<Parameter> parameters) {
        if (bases[group] == null) {
            bases[group] =
                    specs.stream().anyMatch(kind::packs)
                            ? packAll(prefix, specs, parameters)
                            : parameters.stream().map(this::whole).toArray(IValue[]::new);
        }
        if (adapters.isEmpty()) {
            return bases[group];
        }
        if (adapted[group] == null) {
            IValue[] weights = new IValue[specs.size()];
            for (int i = 0; i < weights.length; i++) {
                WeightSpec spec = specs.get(i);
                weights[i] =
                        spec.linear()
                                ? adapt(bases[group][i], prefix + spec.name())
                                : whole(parameters.get(i));
            }
            adapted[group] = weights;
        }
        return adapted[group];
    }

    private IValue whole(Parameter parameter) {
        return IValue.from((PtNDArray) arrays.apply(parameter));
    }

    /** A base and its adapter, or none. */
    private IValue adapt(IValue base, String name) {
        Adapter adapter = adapters.get(name);
        List<NDArray> arrays = new ArrayList<>();
        if (adapter != null) {
            arrays.addAll(List.of(adapter.a(), adapter.b()));
            if (dropout != null) {
                arrays.addAll(dropout.arrays(name));
            }
        }
        try (IValue list = IValue.listFrom(arrays.toArray(PtNDArray[]::new));
                IValue scale = IValue.from(adapter == null ? 0 : adapter.scale())) {
            return IValue.tupleFrom(base, list, scale);
        }
    }

    /**
     * Packs the weights, side by side where libtorch does one with one thread. It is done whole,
     * whoever interrupts: what a thread that nobody waits for went on with might be freed under it.
     */
    private IValue[] packAll(String prefix, List<WeightSpec> specs, List<Parameter> parameters) {
        ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<CompletableFuture<IValue>> packed = new ArrayList<>();
        try {
            for (int i = 0; i < specs.size(); i++) {
                WeightSpec spec = specs.get(i);
                Parameter parameter = parameters.get(i);
                packed.add(
                        CompletableFuture.supplyAsync(
                                () ->
                                        kind.packs(spec)
                                                ? pack(prefix, spec, arrays.apply(parameter))
                                                : whole(parameter),
                                pool));
            }
            CompletableFuture.allOf(packed.toArray(CompletableFuture[]::new)).join();
            return packed.stream().map(CompletableFuture::join).toArray(IValue[]::new);
        } catch (CompletionException e) {
            packed.stream()
                    .filter(value -> !value.isCompletedExceptionally())
                    .forEach(value -> value.join().close());
            throw new EngineException("can't pack the weights of " + prefix, e.getCause());
        } finally {
            pool.shutdown();
        }
    }

    private IValue pack(String prefix, WeightSpec spec, NDArray array) {
        if (kind.int8()) {
            Int8Weights.Matrix matrix =
                    decoder.runtime().int8Weights().get(prefix + spec.name(), spec, array);
            return IValue.listFrom((PtNDArray) matrix.elements(), (PtNDArray) matrix.scales());
        }
        try (NDManager scope = array.getManager().newSubManager()) {
            return decoder.runtime()
                    .page(kind, false)
                    .runRaw(
                            spec.transposed() ? "prepare_transposed" : "prepare",
                            false,
                            source.open(scope, prefix + spec.name(), array));
        }
    }

    @Override
    public synchronized void close() {
        free(adapted);
        free(bases);
    }

    private static void free(IValue[][] groups) {
        for (int group = 0; group < groups.length; group++) {
            if (groups[group] != null) {
                for (IValue value : groups[group]) {
                    value.close();
                }
                groups[group] = null;
            }
        }
    }
}
