package ai.llm360.common.finetune;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorMatcher;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.CausalDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * An adapter on disk in PEFT's layout, open for reading: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. The directory may come from anywhere; nothing of it is applied before
 * all of it has been compared with the base.
 */
public final class AdapterDirectory implements AutoCloseable {

    /** The file of the tensors. */
    public static final String TENSORS = "adapter_model.safetensors";

    /** The file that PEFT wrote before; it is read as any torch file is. */
    private static final String TORCH = "adapter_model.bin";

    /** Precedes a module's name in the file. */
    private static final String PREFIX = "base_model.model.";

    private static final int SHOWN = 5;

    private final Path path;
    private final AdapterConfig config;
    private final Checkpoint tensors;

    private AdapterDirectory(Path path, AdapterConfig config, Checkpoint tensors) {
        this.path = path;
        this.config = config;
        this.tensors = tensors;
    }

    /**
     * Opens an adapter. Its configuration is read, and the headers of its tensors.
     *
     * @param directory its directory
     * @return the adapter, the caller's to close
     * @throws CheckpointException if there is none, or it breaks the rules of its formats, or is of
     *     a kind that can't be computed here; the message says which
     * @throws IOException if reading fails
     */
    public static AdapterDirectory open(Path directory) throws IOException {
        Path file = directory.resolve(AdapterConfig.FILE);
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(directory, "holds no adapter: " + without(directory));
        }
        AdapterConfig config = AdapterConfig.read(file);
        Path safetensors = directory.resolve(TENSORS);
        Path torch = directory.resolve(TORCH);
        return new AdapterDirectory(
                directory,
                config,
                Checkpoint.open(
                        Files.exists(torch) && !Files.exists(safetensors) ? torch : safetensors));
    }

    /** Says what is missing, and where there are adapters nearby. */
    private static String without(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return "there is no such directory";
        }
        try (Stream<Path> children = Files.list(directory)) {
            List<String> near =
                    children.filter(child -> Files.exists(child.resolve(AdapterConfig.FILE)))
                            .map(child -> child.getFileName().toString())
                            .sorted()
                            .limit(SHOWN)
                            .toList();
            return "there is no %s in it%s"
                    .formatted(
                            AdapterConfig.FILE,
                            near.isEmpty() ? "" : "; there is one in " + String.join(", ", near));
        }
    }

    /** {@return the directory} */
    public Path path() {
        return path;
    }

    /** {@return the configuration} */
    public AdapterConfig config() {
        return config;
    }

    /** {@return the tensors, as they are stored} */
    public Checkpoint tensors() {
        return tensors;
    }

    /**
     * Checks that the adapter is one of a base.
     *
     * @param base the base, which needs no weights
     * @throws CheckpointException if it isn't, saying what is wrong
     * @throws IOException if reading fails
     */
    public void requireFits(CausalDecoder base) throws IOException {
        check(base);
    }

    /**
     * Compares the adapter with a base: each module that its configuration selects has its tensors,
     * of the right shapes, and there are no others.
     *
     * @param base the base, which needs no weights
     * @return the selected modules
     * @throws CheckpointException if it isn't an adapter of that base, saying what is wrong
     */
    AdapterTargets check(CausalDecoder base) throws IOException {
        AdapterTargets targets;
        try {
            targets = AdapterTargets.of(config, base);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(path.resolve(AdapterConfig.FILE), e.getMessage(), e);
        }
        new TensorMatcher(shapes(targets, base), List.of()).match(tensors);
        for (TensorInfo tensor : tensors.tensors().values()) {
            boolean known =
                    tensor.type() == TensorType.F32
                            || tensor.type() == TensorType.F16
                            || tensor.type() == TensorType.BF16;
            if (!known) {
                throw new CheckpointException(
                        tensor.file(),
                        "tensor %s is %s; those of an adapter are F32, F16 or BF16"
                                .formatted(tensor.name(), tensor.type()));
            }
        }
        return targets;
    }

    /** The shapes of an adapter's tensors by the names that its file has for them, sorted. */
    static Map<String, Shape> shapes(AdapterTargets targets, CausalDecoder base) {
        Map<String, Shape> shapes = new TreeMap<>();
        targets.linear()
                .forEach(
                        (module, target) -> {
                            long inputs = target.weight().inputs();
                            long outputs = target.weight().outputs();
                            shapes.put(a(module), new Shape(target.rank(), inputs));
                            shapes.put(b(module), new Shape(outputs, target.rank()));
                        });
        targets.saved().forEach(name -> shapes.put(saved(name), base.parameterShapes().get(name)));
        return shapes;
    }

    static String a(String module) {
        return PREFIX + module + ".lora_A.weight";
    }

    static String b(String module) {
        return PREFIX + module + ".lora_B.weight";
    }

    static String saved(String parameter) {
        return PREFIX + parameter;
    }

    /**
     * Reads A and B of each selected module.
     *
     * @param targets as {@link #check} found them
     * @param manager the manager, on the model's device, that they are attached to
     * @return the adapters by the weights' full names
     */
    Map<String, Adapter> adapters(AdapterTargets targets, NDManager manager) throws IOException {
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        for (Map.Entry<String, AdapterTargets.Target> entry : targets.linear().entrySet()) {
            String module = entry.getKey();
            adapters.put(
                    module + ".weight",
                    new Adapter(
                            read(a(module), manager),
                            read(b(module), manager),
                            entry.getValue().scale()));
        }
        return adapters;
    }

    /** Reads a tensor of the file as float32. */
    NDArray read(String tensor, NDManager manager) throws IOException {
        return manager.create(
                tensors.read(tensor, TensorType.F32),
                tensors.get(tensor).shape(),
                DataType.FLOAT32);
    }

    /** Closes the files. */
    @Override
    public void close() throws IOException {
        tensors.close();
    }
}
