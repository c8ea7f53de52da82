package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.FileVersion;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorMatcher;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Loads a checkpoint's weights into a decoder.
 *
 * <p>On the CPU, weights that are wanted in the file's own type are mapped, not read: loading takes
 * no time, and the pages come in as they are used. Others are cast one tensor at a time, so that
 * float32 shards of 27 GB become 13.5 GB of bfloat16 without ever being in memory whole. What
 * {@link WeightPreparation} has written beside the checkpoint is taken for inference on the CPU.
 *
 * <p>A mapped file must stay as it is while the model is used: it may be replaced by renaming
 * another over it, but not overwritten or cut short. {@link CausalDecoder#requireUnchangedFiles}
 * finds that it was.
 */
public final class WeightLoader {

    private WeightLoader() {}

    /**
     * Loads weights into a decoder that has none.
     *
     * @param manager the manager, on the wanted device, that the weights are attached to
     * @param type the type to hold them in, or {@code null} for the checkpoint's own
     * @param progress told of each loaded tensor, or {@code null}
     * @throws IOException if the checkpoint is malformed or isn't of this architecture and size
     * @throws IllegalArgumentException if the weights don't fit into memory, or the device has no
     *     kernels for the type; nothing has been loaded then
     */
    public static void load(
            CausalDecoder decoder, Path path, NDManager manager, WeightType type, Progress progress)
            throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            load(decoder, checkpoint, manager, type, true, progress);
        }
    }

    /**
     * Loads weights of an open checkpoint.
     *
     * @param prepared whether to take what was prepared of them for kernels
     */
    static void load(
            CausalDecoder decoder,
            Checkpoint checkpoint,
            NDManager manager,
            WeightType type,
            boolean prepared,
            Progress progress)
            throws IOException {
        Map<String, TensorInfo> tensors =
                new TensorMatcher(decoder.parameterShapes(), decoder.ignoredTensors())
                        .match(checkpoint);
        TensorType stored = tensors.values().iterator().next().type();
        WeightType wanted = type == null ? WeightType.of(stored) : type;
        MemoryBudget budget = MemoryBudget.of(manager.getDevice());
        budget.check(wanted, checkpoint.parameterCount());
        requireRotaryTables(decoder.layout(), budget);
        if (wanted == WeightType.INT8) {
            requireInt8(manager);
        }
        Optional<PreparedWeights> made = Optional.empty();
        if (prepared && wanted == WeightType.INT8) {
            made = PreparedWeights.find(checkpoint);
        }
        List<FileVersion> mapped = mapped(tensors.values(), manager, wanted);
        made.ifPresent(m -> mapped.add(m.version()));
        NDManager own = decoder.runtime().open(manager);
        try {
            bind(decoder, tensors, own, wanted, progress);
            decoder.runtime().setPrepared(made);
            decoder.runtime().setMapped(mapped);
            decoder.requireUnchangedFiles(); // what was mapped is what the headers said
        } catch (RuntimeException | Error e) {
            decoder.clear();
            throw e;
        }
    }

    /** The versions of the files that weights are mapped from, now or when they are packed. */
    private static List<FileVersion> mapped(
            Collection<TensorInfo> tensors, NDManager manager, WeightType wanted)
            throws IOException {
        Set<Path> files = new TreeSet<>();
        for (TensorInfo tensor : tensors) {
            boolean asStored = wanted == WeightType.INT8 || wanted.tensorType() == tensor.type();
            if (asStored && !manager.getDevice().isGpu()) {
                files.add(tensor.file());
            }
        }
        List<FileVersion> versions = new ArrayList<>();
        for (Path file : files) {
            versions.add(FileVersion.of(file));
        }
        return versions;
    }

    private static void bind(
            CausalDecoder decoder,
            Map<String, TensorInfo> tensors,
            NDManager manager,
            WeightType wanted,
            Progress progress) {
        boolean int8 = wanted == WeightType.INT8;
        TensorLoader loader = new TensorLoader(manager); // closed with the manager
        if (progress != null) {
            progress.reset("Loading", tensors.size());
        }
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            TensorInfo tensor = tensors.get(pair.getKey());
            TensorType target = int8 ? tensor.type() : wanted.tensorType();
            NDArray array = loader.load(manager, tensor, target);
            pair.getValue().setArray(array);
            pair.getValue().freeze(true);
            if (progress != null) {
                progress.increment(1);
            }
        }
        // DJL asks a block for its input's shape; any number of rows, of any length.
        decoder.initialize(manager, DataType.FLOAT32, new Shape(-1, -1));
        boolean mapped = !manager.getDevice().isGpu();
        WeightSource source =
                (scope, name, parameter) -> {
                    TensorInfo tensor = tensors.get(name);
                    boolean same = TensorLoader.typeOf(parameter) == tensor.type();
                    return mapped && same ? loader.map(scope, tensor) : parameter;
                };
        decoder.runtime().setWeights(source, int8);
    }

    /** The positions are all that no tensor of the checkpoint vouches for. */
    private static void requireRotaryTables(DecoderLayout layout, MemoryBudget budget) {
        int rotary = layout.rules().map(DecoderRules::rotaryDim).orElse(layout.headDim());
        long bytes = 3L * layout.context() * rotary * Float.BYTES;
        if (!budget.holds(bytes)) {
            throw new IllegalArgumentException(
                    "the rotary tables of %d positions take %s, but %s; write fewer positions into config.json"
                            .formatted(layout.context(), MemoryBudget.gigabytes(bytes), budget));
        }
    }

    private static void requireInt8(NDManager manager) {
        if (manager.getDevice().isGpu()) {
            throw new IllegalArgumentException(
                    "int8 weights are for the CPU, not for %s; use bf16"
                            .formatted(manager.getDevice()));
        }
    }
}
