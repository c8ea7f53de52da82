package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorMatcher;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.train.TrainingConfig.Start;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;

/**
 * The checkpoint that a run begins with, and what identifies its weights.
 *
 * <p>A run is a function of these weights as of its seed. So its configuration names them by a hash
 * of their elements as float32, in which training holds them: a copy, another layout of files, or
 * bfloat16 cast to float32 are the same weights.
 */
public final class StartWeights {

    private static final int BLOCK_ELEMENTS = 1 << 20;

    private StartWeights() {}

    /**
     * Adds what identifies the weights that a run begins with: SHA-256, in lower-case hexadecimal,
     * over each of the decoder's tensors in the order of their names. Of each come its name in
     * UTF-8, a zero byte, and its elements as float32, row-major, little-endian.
     *
     * @param config what a new run computes
     * @param decoder the model, which needs no weights
     * @return the configuration with {@code start.sha256} and an absolute {@code start.checkpoint};
     *     the same one if it has the hash already, or begins with the seed's weights
     * @throws ai.llm360.common.checkpoint.CheckpointException if the checkpoint isn't of this model
     * @throws IOException if it can't be read
     */
    public static TrainingConfig identify(TrainingConfig config, CausalDecoder decoder)
            throws IOException {
        if (config.start().isEmpty() || config.start().get().sha256().isPresent()) {
            return config;
        }
        Path path = Path.of(config.start().get().checkpoint()).toAbsolutePath().normalize();
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            return ConfigTree.of(config)
                    .with("start.checkpoint", path.toString())
                    .with("start.sha256", hash(checkpoint, match(checkpoint, decoder)))
                    .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
        }
    }

    /**
     * Makes a decoder's weights those that its run begins with: of a checkpoint, or drawn from the
     * seed if it has none yet.
     *
     * @param config what the run computes
     * @param decoder the decoder
     * @param manager the manager, on the device to train on, that fresh weights are attached to
     * @throws ConfigException if the checkpoint holds other weights than the run was begun with
     * @throws IOException if it can't be read
     */
    public static void begin(TrainingConfig config, CausalDecoder decoder, NDManager manager)
            throws IOException {
        TrainedWeights.begin(decoder, manager, config.seed());
        if (config.start().isPresent()) {
            load(config.start().get(), decoder, manager);
        }
        decoder.weightsChanged();
    }

    /**
     * Overwrites a decoder's weights with those that its run begins with.
     *
     * @throws ConfigException if they aren't the ones that the run was begun with, before anything
     *     is overwritten
     */
    static void load(Start start, CausalDecoder decoder, NDManager manager) throws IOException {
        Path path = Path.of(start.checkpoint());
        try (Checkpoint checkpoint = Checkpoint.open(path);
                TensorLoader loader = new TensorLoader(manager)) {
            Map<String, TensorInfo> tensors = match(checkpoint, decoder);
            if (start.sha256().isPresent()) {
                verify(start.sha256().get(), path, hash(checkpoint, tensors));
            }
            tensors.forEach(
                    (name, tensor) -> {
                        NDArray weight = decoder.getParameters().get(name).getArray();
                        loader.read(tensor, weight);
                    });
        }
    }

    /**
     * Checks that a checkpoint holds the weights that a run was begun with.
     *
     * @param start names it
     * @param decoder the model, which needs no weights
     * @throws ConfigException if it holds others
     * @throws IOException if it can't be read
     */
    public static void verify(Start start, CausalDecoder decoder) throws IOException {
        Path path = Path.of(start.checkpoint());
        if (start.sha256().isPresent()) {
            try (Checkpoint checkpoint = Checkpoint.open(path)) {
                verify(start.sha256().get(), path, hash(checkpoint, match(checkpoint, decoder)));
            }
        }
    }

    private static void verify(String expected, Path path, String found) {
        if (!found.equals(expected)) {
            throw new ConfigException(
                    ("start.checkpoint %s holds other weights than the run was begun with: their"
                         + " start.sha256 is %s, expected %s; bring those back, or begin a new run")
                            .formatted(path, found, expected));
        }
    }

    private static Map<String, TensorInfo> match(Checkpoint checkpoint, CausalDecoder decoder)
            throws IOException {
        return new TensorMatcher(decoder.parameterShapes(), decoder.ignoredTensors())
                .match(checkpoint);
    }

    private static String hash(Checkpoint checkpoint, Map<String, TensorInfo> tensors)
            throws IOException {
        MessageDigest digest = Hashes.sha256();
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_ELEMENTS * TensorType.F32.byteSize());
        for (TensorInfo tensor : new TreeMap<>(tensors).values()) {
            digest.update(tensor.name().getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            for (long at = 0; at < tensor.elementCount(); at += BLOCK_ELEMENTS) {
                long count = Math.min(BLOCK_ELEMENTS, tensor.elementCount() - at);
                checkpoint.read(tensor, at, count, TensorType.F32, block.clear());
                digest.update(block.flip());
            }
        }
        return Hashes.hex(digest);
    }
}
