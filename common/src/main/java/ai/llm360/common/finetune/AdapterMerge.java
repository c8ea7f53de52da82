package ai.llm360.common.finetune;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorMatcher;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightSpec;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merges adapters into their base: a checkpoint in the Hub's layout, which needs no adapter.
 *
 * <p>A weight of the result is W + scale B A, in the base's type: the product is float32, and is
 * cast before the sum, as PEFT does on the CPU. Several adapters are added one after the other.
 * What an adapter trained whole ({@code modules_to_save}) takes the base's place. Weights go
 * through memory a few rows at a time, so that a model of any size takes little of it.
 *
 * <pre>{@code
 * AdapterMerge.write(
 *         decoder,                                  // of the base's architecture and size
 *         Path.of("amber"),
 *         List.of(Path.of("my-adapter")),
 *         CheckpointConverter.builder().setTarget(Path.of("merged")));
 * }</pre>
 */
public final class AdapterMerge implements AutoCloseable {

    /** The elements of a weight that are in memory at a time: 64 MB of float32. */
    private static final long BLOCK = 1 << 24;

    /** An adapter's change of a weight. */
    private record Change(Path path, Adapter adapter) {}

    /** A tensor that an adapter has in place of a weight. */
    private record Whole(Path path, TensorInfo tensor) {}

    private final Map<String, List<Change>> changes = new HashMap<>();
    private final Map<String, Whole> wholes = new LinkedHashMap<>();
    private final List<AdapterDirectory> open = new ArrayList<>();
    private final Map<String, WeightSpec> linear;
    private final Checkpoint checkpoint;
    private final NDManager manager;
    private final TensorLoader loader;
    private final TorchScript page;

    private AdapterMerge(CausalDecoder base, Path path) throws IOException {
        linear = base.linearWeights();
        checkpoint = Checkpoint.open(path);
        manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
        loader = new TensorLoader(manager);
        page =
                TorchScript.compile(
                        manager,
                        TorchScript.source(AdapterMerge.class, "merge.torchscript"),
                        Map.of());
    }

    /**
     * Merges adapters and writes the result, whole or not at all. Memory use is the adapters' and
     * some 200 MB.
     *
     * @param base a decoder of the checkpoint's architecture and size, which needs no weights
     * @param checkpoint the base's directory or file
     * @param adapters the adapters' directories, in PEFT's layout
     * @param result where to and how, such as the type; the source is set here
     * @throws CheckpointException if the checkpoint isn't of that architecture and size, or an
     *     adapter isn't one of it, is of a kind that can't be merged here, or makes a weight
     *     infinite or NaN; the message names it
     * @throws java.nio.file.FileAlreadyExistsException if something is at the target
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public static void write(
            CausalDecoder base,
            Path checkpoint,
            List<Path> adapters,
            CheckpointConverter.Builder result)
            throws IOException {
        try (AdapterMerge merge = new AdapterMerge(base, checkpoint)) {
            new TensorMatcher(base.parameterShapes(), base.ignoredTensors())
                    .match(merge.checkpoint);
            for (Path adapter : adapters) {
                merge.add(AdapterDirectory.open(adapter), base);
            }
            Set<String> names = new LinkedHashSet<>(merge.changes.keySet());
            names.addAll(merge.wholes.keySet());
            result.setSource(checkpoint)
                    .optIgnored(base.ignoredTensors())
                    .optReplaced(names, merge::write)
                    .build()
                    .convert();
        }
    }

    private void add(AdapterDirectory adapter, CausalDecoder base) throws IOException {
        open.add(adapter);
        AdapterTargets targets = adapter.check(base);
        adapter.adapters(targets, manager)
                .forEach(
                        (name, change) ->
                                changes.computeIfAbsent(name, n -> new ArrayList<>())
                                        .add(new Change(adapter.path(), change)));
        for (String name : targets.saved()) {
            TensorInfo tensor = adapter.tensors().get(AdapterDirectory.saved(name));
            Whole before = wholes.put(name, new Whole(adapter.path(), tensor));
            if (before != null) {
                throw new CheckpointException(
                        adapter.path(),
                        "replaces %s, and so does %s; use one of them"
                                .formatted(name, before.path()));
            }
        }
    }

    private void write(TensorSpec spec, WritableByteChannel out) throws IOException {
        Whole whole = wholes.get(spec.name());
        TensorInfo tensor = whole == null ? checkpoint.get(spec.name()) : whole.tensor();
        if (!tensor.type().isFloatingPoint()) {
            throw new CheckpointException(
                    tensor.file(),
                    "%s is %s; weights of floating point can be merged into"
                            .formatted(spec.name(), tensor.type()));
        }
        Shape shape = tensor.shape();
        long rows = tensor.rows();
        long block = Math.max(1, BLOCK / Math.max(1, shape.size() / Math.max(1, rows)));
        try (NDManager scope = manager.newSubManager()) {
            NDArray weight = loader.map(scope, tensor);
            for (long row = 0; row < rows; row += block) {
                write(spec, weight, row, Math.min(rows, row + block), out);
            }
        }
    }

    private void write(TensorSpec spec, NDArray weight, long from, long to, WritableByteChannel out)
            throws IOException {
        try (NDManager scope = weight.getManager().newSubManager()) {
            NDArray part = page.infer(scope, "rows", weight, from, to);
            List<Change> added = changes.getOrDefault(spec.name(), List.of());
            for (Change change : added) {
                Adapter adapter = change.adapter();
                boolean transposed = linear.get(spec.name()).transposed();
                Object[] arguments = {
                    part, adapter.a(), adapter.b(), adapter.scale(), from, transposed
                };
                part = page.infer(scope, "merged", arguments);
                requireFinite(scope, spec, part, change.path());
            }
            if (added.isEmpty()) {
                requireFinite(scope, spec, part, wholes.get(spec.name()).path());
            }
            int type = spec.type().torchScalarType();
            ByteBuffer bytes = page.infer(scope, "bytes", part, type).toByteBuffer(true);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        }
    }

    private void requireFinite(NDManager scope, TensorSpec spec, NDArray part, Path adapter)
            throws CheckpointException {
        if (!page.infer(scope, "finite", part).getBoolean()) {
            throw new CheckpointException(
                    adapter,
                    "%s is infinite or NaN after the merge: the adapter is damaged, or the base is; compare another saved state of its training"
                            .formatted(spec.name()));
        }
    }

    /** Closes the files and frees the adapters. */
    @Override
    public void close() throws IOException {
        manager.close();
        for (AdapterDirectory adapter : open) {
            adapter.close();
        }
        checkpoint.close();
    }
}
