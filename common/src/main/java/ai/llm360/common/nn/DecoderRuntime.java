package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDManager;
import ai.llm360.common.checkpoint.TensorType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What a decoder makes at first use and keeps as long as its weights live: compiled pages, rotary
 * tables, and the weights in the form that inference multiplies by.
 *
 * <p>All of it is attached to the manager of the embedding table, and so closed with the model.
 */
final class DecoderRuntime {

    private final DecoderLayout layout;
    private final Parameter embedding;
    private final Map<LinearKind, TorchScript> pages = new EnumMap<>(LinearKind.class);
    private final Map<String, TorchScript> helpers = new HashMap<>();
    private WeightSource source = WeightSource.PARAMETERS;
    private boolean int8;
    private Optional<PreparedWeights> prepared = Optional.empty();
    private TensorLoader loader;
    private NDArray[] rotaryTables;
    private InferenceWeights weights;
    private KernelDecoder kernels;

    DecoderRuntime(DecoderLayout layout, Parameter embedding) {
        this.layout = layout;
        this.embedding = embedding;
    }

    /** Says where packed weights are read from, and whether to hold them as int8. */
    synchronized void setWeights(WeightSource packFrom, boolean asInt8) {
        source = packFrom;
        int8 = asInt8;
        prepared = Optional.empty();
        kernels = null; // it knows where the weights lay before
        if (weights != null) {
            weights.close(); // its handles are of the arrays before
            weights = null;
        }
    }

    /** Says what was prepared for kernels of the weights that were set. */
    synchronized void setPrepared(Optional<PreparedWeights> made) {
        prepared = made;
        kernels = null;
    }

    /** Where packed weights are read from. */
    synchronized WeightSource source() {
        return source;
    }

    synchronized boolean int8() {
        return int8;
    }

    NDManager manager() {
        return embedding.getArray().getManager();
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
                    Map<String, Object> constants = new HashMap<>(layout.constants());
                    constants.put("eps", layout.rules().eps());
                    constants.put("rotary_dim", layout.rules().rotaryDim());
                    constants.put("head_scale", layout.rules().headScale());
                    constants.put("head_dim", layout.headDim());
                    constants.put("attention_scale", layout.attentionScale());
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
            if (weights != null) {
                weights.close();
            }
            // One group a layer, and one for final norm and head.
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
