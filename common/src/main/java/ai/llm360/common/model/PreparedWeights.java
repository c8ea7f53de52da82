package ai.llm360.common.model;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.FileVersion;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A decoder's matrices as {@link WeightPreparation} has rounded them to int8, in a file beside the
 * checkpoint. They are mapped, so that nothing is made of the checkpoint at the first token. {@code
 * docs/formats/prepared-weights.md} specifies the file.
 */
final class PreparedWeights {

    static final String VERSION = "2";
    static final String VERSION_KEY = "llm360.prepared";
    static final String SOURCE_KEY = "llm360.source";
    static final String SCALES = ".scales";

    private static final Logger logger = LoggerFactory.getLogger(PreparedWeights.class);

    /** The number of a tensor's first elements that go into the fingerprint. */
    private static final long TELLING = 32;

    private final FileVersion version;
    private final Map<String, TensorInfo> tensors;

    private PreparedWeights(FileVersion version, Map<String, TensorInfo> tensors) {
        this.version = version;
        this.tensors = tensors;
    }

    /** The file as it was found. */
    FileVersion version() {
        return version;
    }

    /** Returns where a checkpoint's prepared weights lie. */
    static Path file(Checkpoint checkpoint) {
        Path location = checkpoint.location().toAbsolutePath();
        return file(Files.isDirectory(location) ? location : location.getParent());
    }

    /** Returns where the prepared weights of the checkpoint in a directory lie. */
    static Path file(Path directory) {
        return directory.resolve("prepared-int8.safetensors");
    }

    /**
     * Finds what was prepared of a checkpoint. What was prepared of another, or of the same before
     * it was changed, is left alone.
     *
     * @throws CheckpointException if the file is damaged
     */
    static Optional<PreparedWeights> find(Checkpoint checkpoint) throws IOException {
        Path file = file(checkpoint);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String source = fingerprint(checkpoint);
        FileVersion version = FileVersion.of(file);
        try (Checkpoint prepared = Checkpoint.open(file)) {
            Map<String, String> metadata = prepared.metadata();
            if (!VERSION.equals(metadata.get(VERSION_KEY))) {
                logger.warn(
                        "{} is of version {} of its format and isn't used: prepare it again for"
                                + " version {}",
                        file,
                        metadata.get(VERSION_KEY),
                        VERSION);
                return Optional.empty();
            }
            if (!source.equals(metadata.get(SOURCE_KEY))) {
                logger.warn(
                        "{} isn't made of {} as it is now, and isn't used: prepare it again",
                        file,
                        checkpoint.location());
                return Optional.empty();
            }
            PreparedChecksums.requireSound(version, prepared);
            return Optional.of(new PreparedWeights(version, prepared.tensors()));
        } catch (CheckpointException e) {
            throw new CheckpointException(
                    file,
                    "is damaged; delete it, or prepare it again (%s)".formatted(e.getMessage()),
                    e);
        }
    }

    /**
     * Tells a checkpoint from others, and from itself after a change: by its files' names, sizes
     * and times, and by each tensor's name, type, shape and first elements.
     */
    static String fingerprint(Checkpoint checkpoint) throws IOException {
        MessageDigest digest = Hashes.sha256();
        for (Path shard : checkpoint.shards()) {
            long time = Files.getLastModifiedTime(shard).toMillis();
            update(digest, shard.getFileName() + " " + Files.size(shard) + " " + time);
        }
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            update(digest, tensor.name() + " " + tensor.type() + " " + tensor.shape());
            int count = (int) Math.min(TELLING, tensor.elementCount());
            ByteBuffer first = ByteBuffer.allocate(count * tensor.type().byteSize());
            checkpoint.read(tensor, 0, count, tensor.type(), first);
            digest.update(first.flip());
        }
        return Hashes.hex(digest);
    }

    private static void update(MessageDigest digest, String line) {
        digest.update((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Maps a matrix, which is attached to the manager. */
    Int8Weights.Matrix map(TensorLoader loader, NDManager manager, String name, WeightSpec spec) {
        TensorInfo elements = tensor(name, TensorType.I8, spec.outputs(), spec.inputs());
        TensorInfo scales = tensor(name + SCALES, TensorType.F32, spec.outputs());
        return new Int8Weights.Matrix(loader.map(manager, elements), loader.map(manager, scales));
    }

    private TensorInfo tensor(String name, TensorType type, long... shape) {
        TensorInfo found = tensors.get(name);
        if (found == null
                || found.type() != type
                || !Arrays.equals(found.shape().getShape(), shape)) {
            throw new IllegalStateException(
                    "%s: expected %s of %s %s, found %s; delete it, or prepare it again"
                            .formatted(version.file(), name, type, Arrays.toString(shape), found));
        }
        return found;
    }
}
