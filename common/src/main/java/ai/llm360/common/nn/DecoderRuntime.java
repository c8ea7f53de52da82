package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.pytorch.engine.PtNDManager;
import ai.llm360.common.checkpoint.FileVersion;
import ai.llm360.common.checkpoint.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * What a decoder makes at first use and keeps as long as its weights live: compiled pages, rotary
 * tables, and the weights in the form that inference multiplies by.
 *
 * <p>All of it, and the weights, are in one {@link DecoderMemory}, and so closed with the model.
 */
final class DecoderRuntime {

    private final DecoderLayout layout;
    private final Parameter embedding;
    private final Supplier<ParameterList> parameters;
    private final Map<LinearKind, TorchScript> pages = new EnumMap<>(LinearKind.class);
    private final Map<String, TorchScript> helpers = new HashMap<>();
    private DecoderMemory memory;
    private WeightSource source = WeightSource.PARAMETERS;
    private boolean int8;
    private Optional<PreparedWeights> prepared = Optional.empty();
    private List<FileVersion> mapped = List.of();
    private TensorLoader loader;
    private NDArray[] rotaryTables;
    private InferenceWeights weights;
    private KernelDecoder kernels;

    /**
     * @param parameters gives all parameters, the embedding table's among them
     */
    DecoderRuntime(DecoderLayout layout, Parameter embedding, Supplier<ParameterList> parameters) {
        this.layout = layout;
        this.embedding = embedding;
        this.parameters = parameters;
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
            memory = new DecoderMemory(embedding.getArray().getManager());
            parameters.get().forEach(p -> p.getValue().getArray().attach(memory.manager()));
            memory.closeWithParent();
        }
        return memory;
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
            helpers.clear();
            loader = null;
            rotaryTables = null;
            weights = null;
            kernels = null;
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
        prepared = Optional.empty();
        kernels = null; // it knows where the weights lay before
    }

    /** Says what was prepared for kernels of the weights that were set. */
    synchronized void setPrepared(Optional<PreparedWeights> made) {
        prepared = made;
        kernels = null;
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
        return page(LinearKind.PLAIN);
    }

    /** The decoder's page for a kind of linear weight. */
    synchronized TorchScript page(LinearKind kind) {
        return pages.computeIfAbsent(
                kind,
                k -> {
                    Map<String, Object> constants = layout.pageConstants();
                    if (k == LinearKind.INT8) {
                        constants.putAll(CpuKernels.get().constants(k));
                    }
                    return TorchScript.compile(manager(), k.complete(layout.page()), constants);
                });
    }

    /** Another page, compiled once. */
    synchronized TorchScript page(String text) {
        return helpers.computeIfAbsent(text, t -> TorchScript.compile(manager(), t, Map.of()));
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
                                    embedding.getArray());
        }
        return rotaryTables;
    }

    /** The weights for inference, of the kind that suits device and type. */
    synchronized InferenceWeights weights() {
        LinearKind kind = chooseKind();
        if (weights == null || weights.kind() != kind) {
            // One group a layer, and one for final norm and head. Those of another kind may be in
            // use, so they are closed with the model.
            weights = new InferenceWeights(kind, page(kind), source, layout.layers() + 1);
            manager().attachInternal(UUID.randomUUID().toString(), weights);
        }
        return weights;
    }

    /** This project's own kernels where they take so many rows of this model, else {@code null}. */
    synchronized KernelDecoder kernels(long rows) {
        NDArray table = embedding.getArray();
        boolean fits =
                KernelDecoder.supports(layout)
                        && !table.getDevice().isGpu()
                        && !embedding.requiresGradient() // copies would not follow an optimizer
                        && (int8 || TensorLoader.typeOf(table) == TensorType.BF16);
        if (!fits) {
            return null;
        }
        if (kernels == null) {
            KernelWeights forKernels = new KernelWeights(layout, matrices(), manager());
            kernels = new KernelDecoder(layout, forKernels, rotaryTables(), loader());
        }
        return kernels.takes(rows) ? kernels : null;
    }

    private KernelMatrices matrices() {
        if (prepared.isPresent()) {
            return prepared.get().matrices(loader(), manager());
        }
        return int8 ? new RoundedMatrices(source, manager()) : KernelMatrices.IN_PLACE;
    }

    /** Packed copies would not follow an optimizer, so only frozen weights are packed. */
    private LinearKind chooseKind() {
        NDArray table = embedding.getArray();
        if (table.getDevice().isGpu()) {
            return LinearKind.PLAIN;
        }
        if (int8) {
            return LinearKind.INT8;
        }
        if (TensorLoader.typeOf(table) != TensorType.BF16) {
            return LinearKind.ROWS;
        }
        LinearKind best = CpuKernels.get().bfloat16();
        boolean copies = layout.layer().stream().anyMatch(best::packs);
        return copies && embedding.requiresGradient() ? LinearKind.ROWS : best;
    }
}
