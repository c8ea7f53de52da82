package ai.llm360.common.checkpoint;

import ai.djl.util.Progress;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes a checkpoint as safetensors, in the Hub's form: {@code model.safetensors}, or {@code
 * model-00001-of-00003.safetensors} and so on with {@code model.safetensors.index.json}.
 *
 * <p>The directory appears whole or not at all: everything is written beside it, forced to disk,
 * and renamed. Tensors are pulled from a {@link TensorSource} one at a time, so memory use is the
 * source's.
 *
 * <pre>{@code
 * CheckpointWriter.builder()
 *         .setDirectory(Path.of("out/step-1000"))
 *         .setTensors(specs)
 *         .setSource((tensor, out) -> out.write(contents.get(tensor.name())))
 *         .optFile("config.json", config)
 *         .build()
 *         .write();
 * }</pre>
 */
public final class CheckpointWriter {

    /** Shards of at most 5 GB, as transformers made them when the LLM360 models were released. */
    public static final long DEFAULT_MAX_SHARD_BYTES = 5_000_000_000L;

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final String INDEX = "model.safetensors.index.json";

    private final Path directory;
    private final List<TensorSpec> tensors;
    private final TensorSource source;
    private final long maxShardBytes;
    private final boolean keptOrder;
    private final Optional<String> single;
    private final Map<String, String> metadata;
    private final Map<String, byte[]> files;
    private final Progress progress;

    private CheckpointWriter(Builder builder) {
        directory = builder.directory;
        tensors = builder.tensors;
        source = builder.source;
        maxShardBytes = builder.maxShardBytes;
        keptOrder = builder.keptOrder;
        single = builder.single;
        metadata = new LinkedHashMap<>(builder.metadata);
        files = new LinkedHashMap<>(builder.files);
        progress = builder.progress;
    }

    /** {@return a builder with all options at their defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Writes the checkpoint.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the directory exists and is not empty
     * @throws IOException if writing fails, or the source does; nothing is left behind
     * @throws IllegalStateException if the source writes fewer or more bytes than a tensor has
     */
    public void write() throws IOException {
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            writeInto(out.path());
            out.commit();
        } catch (BlockFile.WriteException e) {
            throw unwritten(directory, tensors, e);
        }
    }

    private static CheckpointException unwritten(
            Path target, List<TensorSpec> tensors, BlockFile.WriteException failure) {
        long bytes = tensors.stream().mapToLong(TensorSpec::byteLength).sum();
        return new CheckpointException(
                target,
                String.format(
                        Locale.ROOT,
                        "can't be written (%s): it takes %,d bytes; free some space or choose"
                                + " another place; nothing is left behind",
                        failure.getMessage(),
                        bytes),
                failure.getCause());
    }

    /**
     * Writes the files into the directory as it is, for a caller that makes a larger whole of them.
     * It must exist and hold none of these files, each of which is forced to disk. Where that
     * fails, files may be left behind.
     */
    public void writeInPlace() throws IOException {
        writeInto(directory);
    }

    /** Writes the tensors into one safetensors file, with transformers' metadata. */
    public static void writeFile(Path file, List<TensorSpec> tensors, TensorSource source)
            throws IOException {
        writeFile(file, tensors, Map.of("format", "pt"), source, null);
    }

    /**
     * Writes the tensors into one safetensors file, which appears whole or not at all, in place of
     * what is there.
     *
     * @param tensors the tensors, in the order of their data
     * @param metadata the file's {@code __metadata__}
     * @param progress counts bytes of tensors, or {@code null}
     * @throws IllegalStateException if the source writes fewer or more bytes than a tensor has
     */
    public static void writeFile(
            Path file,
            List<TensorSpec> tensors,
            Map<String, String> metadata,
            TensorSource source,
            Progress progress)
            throws IOException {
        begin(file, tensors, progress);
        Path target = file.toAbsolutePath();
        Path hidden = AtomicDirectory.hidden(target);
        try {
            SafetensorsFile.write(hidden, tensors, metadata, source, progress);
            Files.move(hidden, target, StandardCopyOption.ATOMIC_MOVE);
            AtomicDirectory.force(target.getParent());
        } catch (BlockFile.WriteException e) {
            throw unwritten(file, tensors, e);
        } finally {
            Files.deleteIfExists(hidden);
        }
    }

    private void writeInto(Path existing) throws IOException {
        ShardPlan plan = new ShardPlan(tensors, maxShardBytes, keptOrder);
        long total = begin(directory, tensors, progress);
        for (int shard = 0; shard < plan.count(); shard++) {
            Path file = existing.resolve(single.orElse(plan.fileName(shard)));
            SafetensorsFile.write(file, plan.tensors(shard), metadata, source, progress);
        }
        if (plan.count() > 1) {
            WholeFile.create(existing.resolve(INDEX), index(plan, total));
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            WholeFile.create(existing.resolve(file.getKey()), file.getValue());
        }
        if (progress != null) {
            progress.end();
        }
    }

    /** Tells the listener, if there is one, how many bytes of tensors will come. */
    private static long begin(Path target, List<TensorSpec> tensors, Progress progress) {
        long total = tensors.stream().mapToLong(TensorSpec::byteLength).reduce(0, Math::addExact);
        if (progress != null) {
            progress.reset("Writing " + target.getFileName(), Math.max(total, 1));
            progress.start(0);
        }
        return total;
    }

    /** As {@code json.dumps(index, indent=2, sort_keys=True) + "\n"}, which transformers writes. */
    private static byte[] index(ShardPlan plan, long totalBytes) {
        Map<String, String> weightMap = new TreeMap<>();
        for (int shard = 0; shard < plan.count(); shard++) {
            for (TensorSpec tensor : plan.tensors(shard)) {
                weightMap.put(tensor.name(), plan.fileName(shard));
            }
        }
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("metadata", Map.of("total_size", totalBytes));
        index.put("weight_map", weightMap);
        return (GSON.toJson(index) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Builds a {@link CheckpointWriter}. */
    public static final class Builder {

        private Path directory;
        private List<TensorSpec> tensors;
        private TensorSource source;
        private long maxShardBytes = DEFAULT_MAX_SHARD_BYTES;
        private boolean keptOrder;
        private Optional<String> single = Optional.empty();
        private final Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        private final Map<String, byte[]> files = new LinkedHashMap<>();
        private Progress progress;

        private Builder() {}

        /**
         * Sets the directory to make, where nothing is, or an empty one. Its parents are made if
         * absent.
         */
        public Builder setDirectory(Path directory) {
            this.directory = directory;
            return this;
        }

        /**
         * Sets the tensors, in the order in which they go into shards. Within a shard, tensors of
         * wider element types go first.
         *
         * @param tensors at least one tensor; names must differ
         */
        public Builder setTensors(List<TensorSpec> tensors) {
            this.tensors = List.copyOf(tensors);
            return this;
        }

        /** Sets where the tensors' bytes come from: it is asked once for each tensor. */
        public Builder setSource(TensorSource source) {
            this.source = source;
            return this;
        }

        /**
         * Sets the most bytes of tensors in a file. A larger tensor gets a file of its own.
         * Default: 5,000,000,000.
         */
        public Builder optMaxShardBytes(long bytes) {
            if (bytes <= 0) {
                throw new IllegalArgumentException("a shard of " + bytes + " bytes holds nothing");
            }
            maxShardBytes = bytes;
            return this;
        }

        /**
         * Puts all tensors into one file, whatever their size.
         *
         * @param name its name, in place of {@code model.safetensors}
         */
        public Builder optSingleFile(String name) {
            single = Optional.of(name);
            maxShardBytes = Long.MAX_VALUE;
            return this;
        }

        /** Leaves tensors of wider types where they are, for a source that has them in order. */
        Builder optKeptOrder(boolean kept) {
            keptOrder = kept;
            return this;
        }

        /**
         * Adds an entry to each file's {@code __metadata__}, beside {@code "format": "pt"}, which
         * transformers asks for.
         */
        public Builder optMetadata(String key, String value) {
            metadata.put(key, value);
            return this;
        }

        /** Adds a small file of a plain name, such as {@code config.json} or a tokenizer's. */
        public Builder optFile(String name, byte[] content) {
            boolean plain =
                    !name.isEmpty()
                            && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < ' ')
                            && !name.equals(".")
                            && !name.equals("..");
            boolean taken = name.equals(INDEX) || name.endsWith(".safetensors");
            if (!plain || taken) {
                throw new IllegalArgumentException("a file beside the tensors can't be " + name);
            }
            files.put(name, content.clone());
            return this;
        }

        /** Sets who is told how many bytes of tensors are written. */
        public Builder optProgress(Progress progress) {
            this.progress = progress;
            return this;
        }

        /** Builds the writer. Names of tensors must differ. */
        public CheckpointWriter build() {
            if (directory == null || tensors == null || source == null) {
                throw new IllegalArgumentException(
                        "a checkpoint writer needs setDirectory, setTensors and setSource");
            }
            if (tensors.isEmpty()) {
                throw new IllegalArgumentException("a checkpoint needs at least one tensor");
            }
            Set<String> names = new HashSet<>();
            for (TensorSpec tensor : tensors) {
                if (!names.add(tensor.name())) {
                    throw new IllegalArgumentException("two tensors are named " + tensor.name());
                }
            }
            return new CheckpointWriter(this);
        }
    }
}
