package ai.llm360.common.checkpoint;

import ai.djl.util.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Turns any checkpoint that {@link Checkpoint} reads into safetensors, in another type if asked.
 *
 * <p>Only floating-point tensors are cast; integers and booleans keep their type. Names that share
 * bytes in a torch file are each written out. Beside the tensors go the tokenizer's files, {@code
 * generation_config.json} and {@code config.json}, whose {@code torch_dtype} or {@code dtype}
 * follows the cast, and whose claim that a tensor is a copy of another is taken back where the
 * checkpoint has two that differ: both are written then. Blocks are streamed: memory use doesn't
 * grow with the tensors, and reading, casting and writing overlap.
 *
 * <pre>{@code
 * CheckpointConverter.builder()
 *         .setSource(Path.of("amber/ckpt_000")) // three fp32 files of torch.save
 *         .setTarget(Path.of("amber-bf16/ckpt_000"))
 *         .optType(TensorType.BF16)
 *         .build()
 *         .convert();
 * }</pre>
 */
public final class CheckpointConverter {

    private static final String CONFIG = "config.json";

    /**
     * The files that transformers' tokenizers save, in all versions, and the generation defaults.
     */
    private static final List<String> COMPANIONS =
            List.of(
                    "generation_config.json",
                    "tokenizer.json",
                    "tokenizer.model",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.json",
                    "merges.txt",
                    "chat_template.jinja");

    private final Path source;
    private final Checkpoint open;
    private final Path target;
    private final TensorType type;
    private final long maxShardBytes;
    private final List<IgnoreRule> dropped;
    private final boolean storedOrder;
    private final Progress progress;

    private CheckpointConverter(Builder builder) {
        source = builder.source;
        open = builder.open;
        storedOrder = builder.storedOrder;
        target = builder.target;
        type = builder.type;
        maxShardBytes = builder.maxShardBytes;
        dropped = builder.dropped;
        progress = builder.progress;
    }

    /** {@return a builder with all options at their defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Converts the checkpoint.
     *
     * @throws CheckpointException if the source is no valid checkpoint
     * @throws java.nio.file.FileAlreadyExistsException if the target exists and is not empty
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public void convert() throws IOException {
        convert(CheckpointWriter::write);
    }

    /**
     * Writes the files into the target as it is, for a caller that makes a larger whole of them. It
     * must exist and hold none of these files, each of which is forced to disk. Where that fails,
     * files may be left behind.
     */
    public void convertInPlace() throws IOException {
        convert(CheckpointWriter::writeInPlace);
    }

    private interface Writing {
        void run(CheckpointWriter writer) throws IOException;
    }

    private void convert(Writing writing) throws IOException {
        if (open != null) {
            convert(open, writing);
            return;
        }
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            convert(checkpoint, writing);
        }
    }

    private void convert(Checkpoint checkpoint, Writing writing) throws IOException {
        List<IgnoreRule> broken = IgnoreRule.broken(dropped, checkpoint);
        List<IgnoreRule> rules = new ArrayList<>(dropped);
        rules.removeAll(broken);
        for (IgnoreRule rule : rules) {
            rule.check(checkpoint);
        }
        List<TensorSpec> specs = new ArrayList<>();
        for (TensorInfo tensor : inOrder(checkpoint)) {
            if (rules.stream().noneMatch(rule -> rule.matches(tensor.name()))) {
                specs.add(new TensorSpec(tensor.name(), typeOf(tensor), tensor.shape()));
            }
        }
        if (specs.isEmpty()) {
            throw new CheckpointException(
                    checkpoint.location(), "no tensor is left after the ignore rules");
        }
        write(checkpoint, specs, broken, writing);
    }

    private List<TensorInfo> inOrder(Checkpoint checkpoint) {
        List<TensorInfo> tensors = new ArrayList<>(checkpoint.tensors().values());
        if (storedOrder) {
            tensors.sort(
                    Comparator.comparingInt(
                                    (TensorInfo tensor) ->
                                            checkpoint.shards().indexOf(tensor.file()))
                            .thenComparingLong(TensorInfo::offset));
        }
        return tensors;
    }

    private TensorType typeOf(TensorInfo tensor) {
        return type != null && tensor.type().isFloatingPoint() ? type : tensor.type();
    }

    private void write(
            Checkpoint checkpoint, List<TensorSpec> specs, List<IgnoreRule> broken, Writing writing)
            throws IOException {
        CheckpointWriter.Builder writer =
                CheckpointWriter.builder()
                        .setDirectory(target)
                        .setTensors(specs)
                        .optMaxShardBytes(maxShardBytes)
                        .optKeptOrder(storedOrder)
                        .optProgress(progress);
        if (Files.isDirectory(checkpoint.location())) {
            addCompanions(checkpoint.location(), broken, writer);
        }
        // The writer asks for tensors shard by shard.
        ShardPlan plan = new ShardPlan(specs, maxShardBytes, storedOrder);
        List<BlockPipeline.Cast> order = new ArrayList<>();
        for (int shard = 0; shard < plan.count(); shard++) {
            for (TensorSpec spec : plan.tensors(shard)) {
                order.add(new BlockPipeline.Cast(checkpoint.get(spec.name()), spec.type()));
            }
        }
        try (BlockPipeline pipeline = new BlockPipeline(checkpoint, order)) {
            writing.run(writer.setSource((spec, out) -> pipeline.write(spec.name(), out)).build());
        }
    }

    private void addCompanions(
            Path directory, List<IgnoreRule> broken, CheckpointWriter.Builder writer)
            throws IOException {
        Path config = directory.resolve(CONFIG);
        if (Files.exists(config)) {
            writer.optFile(CONFIG, config(config, broken));
        }
        for (String name : COMPANIONS) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                writer.optFile(name, Files.readAllBytes(file));
            }
        }
    }

    private byte[] config(Path file, List<IgnoreRule> broken) throws IOException {
        if (type == null && broken.isEmpty()) {
            return Files.readAllBytes(file);
        }
        ModelConfig config = ModelConfig.read(file).takeBack(broken);
        return (type == null ? config : config.setType(type))
                .toJson()
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Builds a {@link CheckpointConverter}. */
    public static final class Builder {

        private Path source;
        private Checkpoint open;
        private Path target;
        private TensorType type;
        private long maxShardBytes = CheckpointWriter.DEFAULT_MAX_SHARD_BYTES;
        private List<IgnoreRule> dropped = List.of();
        private boolean storedOrder;
        private Progress progress;

        private Builder() {}

        /** Sets the checkpoint to read: anything that {@link Checkpoint#open} takes. */
        public Builder setSource(Path directoryOrFile) {
            source = directoryOrFile;
            return this;
        }

        /** Sets the open checkpoint to read, which stays the caller's to close. */
        public Builder setSource(Checkpoint checkpoint) {
            open = checkpoint;
            return this;
        }

        /** Sets the directory to make: a path where nothing is, or an empty directory. */
        public Builder setTarget(Path directory) {
            target = directory;
            return this;
        }

        /** Sets the type of the floating-point tensors. By default each keeps its own. */
        public Builder optType(TensorType type) {
            if (!type.isFloatingPoint()) {
                throw new IllegalArgumentException("weights are not converted to " + type);
            }
            this.type = type;
            return this;
        }

        /** Sets the most bytes of tensors in a file. Default: 5,000,000,000. */
        public Builder optMaxShardBytes(long bytes) {
            maxShardBytes = bytes;
            return this;
        }

        /** Sets which tensors to leave out, such as buffers that a model computes itself. */
        public Builder optIgnored(List<IgnoreRule> rules) {
            dropped = List.copyOf(rules);
            return this;
        }

        /**
         * Writes the tensors in the order in which their bytes lie in the source's files, so that
         * each file is read once, front to back. Where element types of several widths are mixed,
         * some tensors may then not start at a multiple of their element size.
         */
        public Builder optStoredOrder() {
            storedOrder = true;
            return this;
        }

        /** Sets who is told how many bytes of tensors, after the cast, are written. */
        public Builder optProgress(Progress progress) {
            this.progress = progress;
            return this;
        }

        /** Builds the converter. */
        public CheckpointConverter build() {
            if ((source == null && open == null) || target == null) {
                throw new IllegalArgumentException(
                        "a checkpoint converter needs setSource and setTarget");
            }
            return new CheckpointConverter(this);
        }
    }
}
