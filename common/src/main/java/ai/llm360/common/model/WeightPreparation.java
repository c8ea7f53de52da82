package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.TensorLoader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Writes a decoder's matrices rounded to int8, once, so that each later load of the checkpoint can
 * map them, and needn't round them before the first token.
 *
 * <p>The file lies beside the checkpoint, and {@link WeightLoader} takes it from there if it is of
 * the checkpoint as it is. Whoever deletes it loses nothing but the time.
 */
public final class WeightPreparation {

    private final Int8Weights rounding;
    private final Map<String, LinearWeight> linears = new HashMap<>();
    private final List<TensorSpec> tensors = new ArrayList<>();
    private final NDManager manager;

    private final PreparedChecksums sums = new PreparedChecksums();

    /** Of the matrix whose elements were written last. */
    private ByteBuffer scales;

    private WeightPreparation(CausalDecoder decoder, NDManager manager) {
        WeightSource source = decoder.runtime().source();
        TensorLoader loader = decoder.runtime().loader();
        rounding = new Int8Weights(Optional.empty(), source, loader, manager);
        this.manager = manager;
        for (LinearWeight linear : LinearWeight.of(decoder)) {
            WeightSpec spec = linear.spec();
            linears.put(linear.name(), linear);
            Shape shape = new Shape(spec.outputs(), spec.inputs());
            tensors.add(new TensorSpec(linear.name(), TensorType.I8, shape));
            tensors.add(
                    new TensorSpec(
                            linear.name() + PreparedWeights.SCALES,
                            TensorType.F32,
                            new Shape(spec.outputs())));
        }
        tensors.add(PreparedChecksums.spec(tensors.size()));
    }

    /**
     * Prepares a checkpoint's weights.
     *
     * @param decoder a decoder of the checkpoint's architecture and size, without weights
     * @param type int8; others are multiplied as a checkpoint has them
     * @param progress told of the bytes written, or {@code null}
     * @return the file, which replaces one that was prepared before
     * @throws IOException if the checkpoint is malformed or isn't of this architecture and size, or
     *     writing fails; nothing new is left behind then
     * @throws IllegalArgumentException if the type is another
     */
    public static Path prepare(CausalDecoder decoder, Path path, WeightType type, Progress progress)
            throws IOException {
        if (type != WeightType.INT8) {
            throw new IllegalArgumentException(
                    "weights are prepared as int8, not %s, which is computed as the checkpoint has it"
                            .formatted(type));
        }
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                Checkpoint checkpoint = Checkpoint.open(path)) {
            WeightLoader.load(decoder, checkpoint, manager, type, false, null);
            Path file = PreparedWeights.file(checkpoint);
            WeightPreparation preparation = new WeightPreparation(decoder, manager);
            Map<String, String> metadata =
                    Map.of(
                            PreparedWeights.VERSION_KEY,
                            PreparedWeights.VERSION,
                            PreparedWeights.SOURCE_KEY,
                            PreparedWeights.fingerprint(checkpoint));
            CheckpointWriter.writeFile(
                    file, preparation.tensors, metadata, preparation::write, progress);
            return file;
        }
    }

    /**
     * Finds what was prepared of a checkpoint.
     *
     * @param directory the checkpoint's directory
     * @return the file; none if nothing was prepared
     */
    public static List<Path> files(Path directory) {
        Path file = PreparedWeights.file(directory);
        return Files.isRegularFile(file) ? List.of(file) : List.of();
    }

    /**
     * Reads what was prepared and compares it with its checksums.
     *
     * @param read is told how many bytes have been read, piece by piece
     * @return the names of the tensors that are not as they were written; none if all are
     * @throws ai.llm360.common.checkpoint.CheckpointException if it isn't of the present format
     */
    public static List<String> verify(Path file, LongConsumer read) throws IOException {
        try (Checkpoint prepared = Checkpoint.open(file)) {
            return PreparedChecksums.damaged(prepared, read);
        }
    }

    private void write(TensorSpec tensor, WritableByteChannel out) throws IOException {
        LinearWeight linear = linears.get(tensor.name());
        if (tensor.name().equals(PreparedChecksums.TENSOR)) {
            sums.finish(out);
        } else if (linear == null) {
            sums.write(scales, out);
        } else {
            writeRounded(linear, out);
        }
    }

    private void writeRounded(LinearWeight linear, WritableByteChannel out) throws IOException {
        try (NDManager scope = manager.newSubManager()) {
            Int8Weights.Matrix rounded =
                    rounding.round(scope, linear.name(), linear.spec(), linear.parameter());
            sums.write(rounded.elements().toByteBuffer(true), out);
            ByteBuffer factors = rounded.scales().toByteBuffer(true);
            scales = ByteBuffer.allocate(factors.remaining()).put(factors).flip();
        }
    }
}
