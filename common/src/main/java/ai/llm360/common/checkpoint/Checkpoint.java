package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.NearNames;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A model checkpoint on disk, as a lazily read map from name to tensor.
 *
 * <p>{@link #open} reads headers only. Tensors are then read one at a time, whole or by rows, cast
 * if asked; or mapped by whoever can use them in place, since {@link TensorInfo} says where each
 * lies.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoint.open(Path.of("amber/ckpt_358"))) {
 *     ByteBuffer head = checkpoint.read("lm_head.weight", TensorType.F32);
 * }
 * }</pre>
 *
 * <p>Reading is thread-safe, and fails if a file was cut short since it was opened. As with any
 * {@link java.nio.channels.FileChannel}, interrupting a reading thread closes the file under it.
 */
public final class Checkpoint implements AutoCloseable {

    /**
     * The files that a directory is searched for, in the order of transformers' from_pretrained;
     * the last is that of an adapter, which has no others.
     */
    private static final List<String> ENTRY_FILES =
            List.of(
                    "model.safetensors",
                    "model.safetensors.index.json",
                    "pytorch_model.bin",
                    "pytorch_model.bin.index.json",
                    "adapter_model.safetensors");

    private static final String INDEX_SUFFIX = ".index.json";

    private final Path location;
    private final CheckpointLayout layout;
    private final List<Path> shards;
    private final Map<String, TensorInfo> tensors;
    private final Map<String, String> metadata;
    private final List<String> unlisted;
    private final TensorReader reader;

    private Checkpoint(
            Path location,
            boolean sharded,
            List<Shard> shards,
            Collection<TensorInfo> tensors,
            Map<String, String> metadata,
            List<String> unlisted) {
        this.location = location;
        this.layout =
                CheckpointLayout.of(shards.stream().anyMatch(shard -> shard.torch()), sharded);
        this.shards = shards.stream().map(Shard::file).toList();
        Map<String, TensorInfo> byName = new LinkedHashMap<>();
        tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
        this.tensors = Collections.unmodifiableMap(byName);
        this.metadata = Collections.unmodifiableMap(metadata);
        this.unlisted = List.copyOf(unlisted);
        this.reader = new TensorReader(shards);
    }

    /**
     * Opens a checkpoint, reading headers only.
     *
     * <p>Of a directory, {@code model.safetensors} is taken, or else {@code
     * model.safetensors.index.json}, {@code pytorch_model.bin}, {@code
     * pytorch_model.bin.index.json}, {@code adapter_model.safetensors}. A file may be any of these,
     * under any name: its first bytes decide whether it is safetensors or torch.
     *
     * @throws CheckpointException if there is no checkpoint, or it breaks its format's rules
     */
    public static Checkpoint open(Path directoryOrFile) throws IOException {
        return open(directoryOrFile, Optional.empty());
    }

    /**
     * Opens what it takes to read some of a checkpoint's tensors. Of one in shards, that is the
     * index and those shards that hold them; {@link #tensors} and {@link #shards} then have no
     * others.
     *
     * @throws IllegalArgumentException if there is no tensor of such a name; the message lists
     *     similar ones
     */
    public static Checkpoint open(Path directoryOrFile, Collection<String> names)
            throws IOException {
        Checkpoint checkpoint = open(directoryOrFile, Optional.of(names));
        names.forEach(checkpoint::get);
        return checkpoint;
    }

    private static Checkpoint open(Path directoryOrFile, Optional<Collection<String>> names)
            throws IOException {
        Path entry = directoryOrFile;
        if (Files.isDirectory(directoryOrFile)) {
            entry = entryFile(directoryOrFile);
        } else if (!Files.exists(directoryOrFile)) {
            throw new CheckpointException(directoryOrFile, "there is no such file or directory");
        }
        if (entry.toString().endsWith(INDEX_SUFFIX)) {
            return openSharded(directoryOrFile, entry, names);
        }
        Shard shard = ShardReader.read(entry);
        return new Checkpoint(
                directoryOrFile,
                false,
                List.of(shard),
                shard.tensors(),
                shard.metadata(),
                List.of());
    }

    private static Path entryFile(Path directory) throws IOException {
        for (String name : ENTRY_FILES) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        List<String> found;
        try (Stream<Path> files = Files.list(directory)) {
            found = files.map(file -> file.getFileName().toString()).sorted().limit(10).toList();
        }
        throw new CheckpointException(
                directory,
                "holds no checkpoint: expected one of "
                        + ENTRY_FILES
                        + ", found "
                        + (found.isEmpty() ? "an empty directory" : found)
                        + ". Is the download complete?");
    }

    /** The index says which tensors there are; what a shard holds beside them is left alone. */
    private static Checkpoint openSharded(
            Path location, Path indexFile, Optional<Collection<String>> names) throws IOException {
        ShardIndex index = ShardIndex.read(indexFile);
        Path directory = indexFile.toAbsolutePath().getParent();
        if (location.equals(indexFile.getParent())) {
            directory = location;
        }
        List<Shard> shards = new ArrayList<>();
        List<TensorInfo> tensors = new ArrayList<>();
        List<String> unlisted = new ArrayList<>();
        Set<String> touched = new TreeSet<>(index.shardOf().values());
        Set<String> missing = new TreeSet<>(index.shardOf().keySet());
        if (names.isPresent()) {
            names.get().forEach(name -> requireKnown(location, name, index.shardOf().keySet()));
            touched.clear();
            names.get().forEach(name -> touched.add(index.shardOf().get(name)));
            missing.removeIf(name -> !touched.contains(index.shardOf().get(name)));
        }
        Map<String, String> metadata = new LinkedHashMap<>(index.metadata());
        for (String name : touched) {
            Shard shard = ShardReader.read(shardFile(indexFile, directory, name));
            shards.add(shard);
            shard.metadata().forEach(metadata::putIfAbsent);
            for (TensorInfo tensor : shard.tensors()) {
                if (name.equals(index.shardOf().get(tensor.name()))) {
                    tensors.add(tensor);
                    missing.remove(tensor.name());
                } else if (!index.shardOf().containsKey(tensor.name())) {
                    unlisted.add(tensor.name());
                }
            }
        }
        if (!missing.isEmpty()) {
            String first = missing.iterator().next();
            throw new CheckpointException(
                    indexFile,
                    "lists "
                            + missing.size()
                            + " tensors that their shards don't hold, such as "
                            + PlainText.quote(first)
                            + " in "
                            + index.shardOf().get(first)
                            + "; index and shards are not of one checkpoint");
        }
        if (shards.stream().map(Shard::torch).distinct().count() > 1) {
            throw new CheckpointException(indexFile, "mixes safetensors and torch shards");
        }
        return new Checkpoint(location, true, shards, tensors, metadata, unlisted);
    }

    private static Path shardFile(Path indexFile, Path directory, String name)
            throws CheckpointException {
        try {
            return directory.resolve(name);
        } catch (InvalidPathException e) {
            throw new CheckpointException(
                    indexFile,
                    "names the shard "
                            + PlainText.quote(name)
                            + ", which this system can't have as a file name",
                    e);
        }
    }

    /** {@return the layout of the checkpoint} */
    public CheckpointLayout layout() {
        return layout;
    }

    /** {@return the directory or file of the checkpoint, as it was given to {@link #open}} */
    public Path location() {
        return location;
    }

    /**
     * {@return the tensors by name, shard after shard, in each shard in the order of their data
     * (safetensors) or of the saved dict (torch); unmodifiable}
     */
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    /**
     * {@return a tensor's description}
     *
     * @throws IllegalArgumentException if there is none; the message lists similar names
     */
    public TensorInfo get(String name) {
        requireKnown(location, name, tensors.keySet());
        return tensors.get(name);
    }

    private static void requireKnown(Path location, String name, Set<String> known) {
        if (!known.contains(name)) {
            throw new IllegalArgumentException(
                    "%s: no tensor %s among %d; the nearest names are %s"
                            .formatted(
                                    location,
                                    PlainText.quote(name),
                                    known.size(),
                                    NearNames.of(name, known).stream()
                                            .map(PlainText::shorten)
                                            .toList()));
        }
    }

    /** {@return the files that hold the tensors: one, or the shards by name} */
    public List<Path> shards() {
        return shards;
    }

    /** {@return the size of all tensors, the sum of {@link TensorInfo#byteLength()}} */
    public long byteSize() {
        return tensors.values().stream().mapToLong(TensorInfo::byteLength).sum();
    }

    /**
     * Counts the parameters: the elements of all floating-point tensors. Names that share the same
     * bytes, as tied weights do in a torch file, count once; copies of a tied weight count each.
     */
    public long parameterCount() {
        record Place(Path file, long offset, long elements) {}
        Set<Place> seen = new HashSet<>();
        return tensors.values().stream()
                .filter(t -> t.type().isFloatingPoint())
                .filter(t -> seen.add(new Place(t.file(), t.offset(), t.elementCount())))
                .mapToLong(TensorInfo::elementCount)
                .sum();
    }

    /**
     * {@return the index's {@code metadata} as text, and the {@code __metadata__} of the shards
     * where the index doesn't say otherwise; unmodifiable, empty if there is none}
     */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * {@return the names of tensors that a shard holds but the index doesn't list; none for a
     * checkpoint without an index} They are not part of {@link #tensors()}: the index decides. A
     * caller may want to warn of them.
     */
    public List<String> unlisted() {
        return unlisted;
    }

    /**
     * {@return a tensor's elements as they are stored, in row-major order, little-endian, from
     * position 0}
     */
    public ByteBuffer read(String name) throws IOException {
        return read(name, get(name).type());
    }

    /**
     * {@return a tensor's elements, cast, in the same form}
     *
     * @throws IllegalArgumentException if the cast loses meaning (see {@link TensorCaster}), or the
     *     result would pass 2 GiB
     */
    public ByteBuffer read(String name, TensorType target) throws IOException {
        return read(name, target, 0, get(name).rows());
    }

    /**
     * Reads rows of a tensor, that is a slice of dimension 0, and casts them.
     *
     * @param fromRow the first row
     * @param toRow the row after the last one
     * @return the elements in row-major order, little-endian, from position 0
     * @throws IllegalArgumentException if the rows are not in the tensor, the cast loses meaning
     *     (see {@link TensorCaster}), or the result would pass 2 GiB
     */
    public ByteBuffer read(String name, TensorType target, long fromRow, long toRow)
            throws IOException {
        TensorInfo tensor = get(name);
        Sizes.require(
                fromRow >= 0 && fromRow <= toRow && toRow <= tensor.rows(),
                "rows %d to %d of tensor %s %s",
                fromRow,
                toRow,
                name,
                tensor.shape());
        long perRow = tensor.rows() == 0 ? 0 : tensor.elementCount() / tensor.rows();
        return reader.read(tensor, fromRow * perRow, (toRow - fromRow) * perRow, target);
    }

    /**
     * Reads a run of elements into a buffer and casts them. This is the call for tensors that don't
     * fit in one buffer, and for callers that reuse one.
     *
     * @param firstElement the first element, counted in row-major order
     * @param dst receives {@code count * target.byteSize()} little-endian bytes at its position,
     *     which moves past them
     * @throws IllegalArgumentException if the elements are not in the tensor, the cast loses
     *     meaning (see {@link TensorCaster}), {@code dst} is too small, or the tensor is not of
     *     this checkpoint
     */
    public void read(
            TensorInfo tensor, long firstElement, long count, TensorType target, ByteBuffer dst)
            throws IOException {
        reader.read(tensor, firstElement, count, target, dst);
    }

    /** Closes the files. Buffers that were read stay valid. */
    @Override
    public void close() throws IOException {
        reader.close();
    }
}
