package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDManager;
import ai.llm360.common.checkpoint.FileVersion;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Holds the objects that a decoder makes at first use and keeps while its weights live: compiled
 * pages, rotary tables, and the weights in the form that inference multiplies by.
 *
 * <p>All of it, and the weights, are in one {@link DecoderMemory}, and so closed with the model.
 * Copies of weights are made anew when {@link #weightsChanged} was called since.
 */
final class DecoderRuntime {

    private final DecoderBlock decoder;
    private final DecoderLayout layout;
    private final Map<String, TorchScript> pages = new HashMap<>();
    private final Map<LinearKind, PageWeights> weights = new EnumMap<>(LinearKind.class);
    private final Map<String, Adapter> adapters = new LinkedHashMap<>();
    private final Map<String, NDArray> replaced = new LinkedHashMap<>(); // what was there before
    private final AtomicLong version = new AtomicLong();
    private long copied; // the version of the weights that copies were made of
    private DecoderMemory memory;
    private WeightSource source = WeightSource.PARAMETERS;
    private boolean int8;
    private Optional<PreparedWeights> prepared = Optional.empty();
    private List<FileVersion> mapped = List.of();
    private TensorLoader loader;
    private NDArray[] rotaryTables;
    private NDManager backendMemory;
    private InferenceBackend.Decoder backend;
    private NDManager int8Memory;
    private Int8Weights int8Weights;

    DecoderRuntime(DecoderBlock decoder, DecoderLayout layout) {
        this.decoder = decoder;
        this.layout = layout;
    }

    /**
     * Runs a step, during which the weights and all that is made of them stay.
     *
     * @throws IllegalStateException if the model is closed
     */
    <T> T whileOpen(Supplier<T> step) {
        return memory().whileOpen(step);
    }

    /**
     * Returns the memory that the weights are in. Those that {@link WeightLoader} didn't bring, but
     * DJL or a user, hang on a manager of theirs, and are taken over.
     */
    private synchronized DecoderMemory memory() {
        if (memory == null) {
            memory = new DecoderMemory(embedding().getManager());
            decoder.getParameters().forEach(p -> p.getValue().getArray().attach(memory.manager()));
            memory.closeWithParent();
        }
        return memory;
    }

    private NDArray embedding() {
        return decoder.embedding().getArray();
    }

    /**
     * Makes the memory that weights are about to be loaded into, in place of what was there.
     *
     * @param parent closes it
     */
    NDManager open(NDManager parent) {
        release();
        synchronized (this) {
            memory = new DecoderMemory(parent);
            return memory.manager();
        }
    }

    /** Frees all that is kept, weights included, when no step is in progress. */
    void release() {
        DecoderMemory old;
        synchronized (this) {
            old = memory;
            memory = null;
            pages.clear();
            adapters.clear();
            replaced.clear();
            weights.clear();
            loader = null;
            rotaryTables = null;
            backend = null;
            int8Weights = null;
            mapped = List.of();
        }
        if (old != null) {
            old.close();
        }
    }

    /** Says where packed weights are read from, and whether to hold them as int8. */
    synchronized void setWeights(WeightSource packFrom, boolean asInt8) {
        source = packFrom;
        int8 = asInt8;
        setPrepared(Optional.empty());
    }

    /** Says what was prepared for kernels of the weights that were set. */
    synchronized void setPrepared(Optional<PreparedWeights> made) {
        prepared = made;
        copied = version.get();
        dropCopies();
    }

    /** Says that the parameters' numbers are others now. It costs nothing. */
    void weightsChanged() {
        version.incrementAndGet();
    }

    /** Files hold the weights as they were, so after a change copies are made of the parameters. */
    private void followWeights() {
        if (copied != version.get()) {
            setWeights(WeightSource.PARAMETERS, int8);
        }
    }

    /** Frees copies of the weights, at the end of the steps that still use them. */
    private void dropCopies() {
        for (PageWeights made : weights.values()) {
            NDManager owner = memory.manager();
            memory.discard(
                    () -> {
                        owner.detachInternal(made.id());
                        made.close();
                    });
        }
        weights.clear();
        dropBackend();
        if (int8Weights != null) {
            memory.discard(int8Memory::close);
            int8Weights = null;
        }
    }

    private void dropBackend() {
        if (backend != null) {
            memory.discard(backendMemory::close);
            backend = null;
        }
    }

    /** Returns the adapters by their weights' names. */
    synchronized Map<String, Adapter> adapters() {
        return new LinkedHashMap<>(adapters);
    }

    /**
     * Adds adapters in place of all that there are, whose memory is freed, or none.
     *
     * @param by the adapters by their weights' full names
     */
    void setAdapters(Map<String, Adapter> by) {
        memory().whileIdle(() -> changeAdapters(by));
    }

    private synchronized void changeAdapters(Map<String, Adapter> by) {
        Set<NDArray> old = arrays(adapters.values());
        Set<NDArray> kept = arrays(by.values());
        kept.forEach(array -> array.attach(manager()));
        adapters.clear();
        adapters.putAll(by);
        dropBackend();
        weights.values().forEach(made -> made.adapt(by));
        old.removeAll(kept);
        old.forEach(NDArray::close);
    }

    /** By identity: DJL compares arrays by their elements. */
    private static Set<NDArray> arrays(Collection<Adapter> adapters) {
        Set<NDArray> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        adapters.forEach(adapter -> arrays.addAll(List.of(adapter.a(), adapter.b())));
        return arrays;
    }

    /**
     * Writes other numbers into parameters, and keeps those that were there at first.
     *
     * @param by arrays of their shapes, by full name
     */
    void replace(Map<String, NDArray> by) {
        memory().whileIdle(
                        () -> {
                            by.forEach(
                                    (name, array) -> {
                                        NDArray own = decoder.getParameters().get(name).getArray();
                                        replaced.computeIfAbsent(name, n -> loader().copy(own));
                                        loader().assign(own, array);
                                    });
                            weightsChanged();
                        });
    }

    /** Brings back all that was replaced. */
    void restore() {
        if (!replaced.isEmpty()) {
            replace(Map.copyOf(replaced));
            memory().whileIdle(
                            () -> {
                                replaced.values().forEach(NDArray::close);
                                replaced.clear();
                            });
        }
    }

    /** Says which files weights are mapped from, now or at first use. */
    synchronized void setMapped(List<FileVersion> files) {
        mapped = files;
    }

    /** Checks that none of those files was changed. */
    void requireUnchangedFiles() {
        List<FileVersion> files;
        synchronized (this) {
            files = mapped;
        }
        try {
            for (FileVersion file : files) {
                file.requireUnchanged();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** Where packed weights are read from. */
    synchronized WeightSource source() {
        return source;
    }

    synchronized boolean int8() {
        return int8;
    }

    NDManager manager() {
        return memory().manager();
    }

    /** The decoder's page on plain tensors, which autograd can record. */
    TorchScript plain() {
        return page(LinearKind.PLAIN, false);
    }

    /** The decoder's page for a kind of linear weight, or for one with adapters. */
    synchronized TorchScript page(LinearKind kind, boolean adapted) {
        return pages.computeIfAbsent(
                kind + (adapted ? " adapted" : ""),
                name -> {
                    Map<String, Object> constants = layout.pageConstants();
                    if (kind.int8()) {
                        constants.putAll(CpuKernels.get().constants(kind));
                    }
                    String text = kind.complete(layout.page(), adapted);
                    return TorchScript.compile(manager(), text, constants);
                });
    }

    /** Another page, compiled once. */
    synchronized TorchScript page(String text) {
        return pages.computeIfAbsent(text, t -> TorchScript.compile(manager(), t, Map.of()));
    }

    synchronized TensorLoader loader() {
        if (loader == null) {
            loader = new TensorLoader(manager());
        }
        return loader;
    }

    /** The cosines and sines of all positions: two tensors of (context, rotary dim). */
    synchronized NDArray[] rotaryTables() {
        if (rotaryTables == null) {
            NDManager manager = manager();
            rotaryTables =
                    plain().run(
                                    "rotary_tables",
                                    true,
                                    tables -> tables.toTensorArray((PtNDManager) manager),
                                    layout.context(),
                                    embedding());
        }
        return rotaryTables;
    }

    /** The weights for inference, of the kind that suits device and type. */
    PageWeights weights() {
        return weights(chooseKind());
    }

    /** The weights of a kind. */
    synchronized PageWeights weights(LinearKind kind) {
        followWeights();
        return weights.computeIfAbsent(
                kind,
                k -> {
                    PageWeights made = weights(k, source, Parameter::getArray);
                    manager().attachInternal(made.id(), made);
                    return made;
                });
    }

    /**
     * Weights of the caller's own.
     *
     * @param arrays gives a parameter's array
     */
    synchronized PageWeights weights(
            LinearKind kind, WeightSource from, Function<Parameter, NDArray> arrays) {
        PageWeights made = new PageWeights(decoder, kind, from, arrays);
        made.adapt(adapters());
        return made;
    }

    /**
     * Returns a backend's decoder where there is one for this model that takes so many rows, else
     * {@code null}. This is where a model that a backend would compute wrongly is left to the page:
     * none knows adapters.
     */
    synchronized InferenceBackend.Decoder backend(long rows) {
        followWeights();
        NDArray table = embedding();
        boolean fits =
                !table.getDevice().isGpu()
                        && adapters.isEmpty()
                        && (int8 || TensorLoader.typeOf(table) == TensorType.BF16);
        Optional<InferenceBackend> found =
                InferenceBackend.find().filter(b -> fits && b.supports(layout));
        if (found.isEmpty()) {
            return null;
        }
        if (backend == null) {
            Optional<Int8Weights> matrices = int8 ? Optional.of(int8Weights()) : Optional.empty();
            backendMemory = manager().newSubManager();
            backend = found.get().open(layout, rotaryTables(), matrices, backendMemory);
        }
        return backend.takes(rows) ? backend : null;
    }

    /** The matrices in int8, which a backend and the page share. */
    synchronized Int8Weights int8Weights() {
        if (int8Weights == null) {
            int8Memory = manager().newSubManager();
            int8Weights = new Int8Weights(prepared, source, loader(), int8Memory);
        }
        return int8Weights;
    }

    private LinearKind chooseKind() {
        NDArray table = embedding();
        if (table.getDevice().isGpu()) {
            return LinearKind.PLAIN;
        }
        if (int8()) {
            return LinearKind.INT8;
        }
        boolean half = TensorLoader.typeOf(table) == TensorType.BF16;
        return half ? CpuKernels.get().bfloat16() : LinearKind.ROWS;
    }
}
