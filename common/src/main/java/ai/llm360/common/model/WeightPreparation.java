package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.TwelveBitRows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Writes a decoder's matrices in the form that this machine's kernels multiply by, once, so that
 * each later load of the checkpoint can map them: int8 needn't be rounded before the first token,
 * and bfloat16, in twelve bits a number without loss, is read a quarter faster at every token.
 *
 * <p>The file lies beside the checkpoint, and {@link WeightLoader} takes it from there if it is of
 * the checkpoint as it is. Whoever deletes it loses nothing but the time.
 */
public final class WeightPreparation {

    private final WeightSource source;
    private final WeightType type;
    private final Map<String, LinearWeight> linears = new HashMap<>();
    private final List<TensorSpec> tensors = new ArrayList<>();
    private final NDManager manager;

    private final PreparedChecksums sums = new PreparedChecksums();

    /** Of the matrix whose elements were written last. */
    private ByteBuffer scales;

    private ByteBuffer rows = ByteBuffer.allocateDirect(0);

    private WeightPreparation(CausalDecoder decoder, WeightType type, NDManager manager) {
        source = decoder.runtime().source();
        this.type = type;
        this.manager = manager;
        for (LinearWeight linear : LinearWeight.of(decoder)) {
            WeightSpec spec = linear.spec();
            linears.put(linear.name(), linear);
            if (type == WeightType.INT8) {
                Shape shape = new Shape(spec.outputs(), spec.inputs());
                tensors.add(new TensorSpec(linear.name(), TensorType.I8, shape));
                tensors.add(
                        new TensorSpec(
                                linear.name() + PreparedWeights.SCALES,
                                TensorType.F32,
                                new Shape(spec.outputs())));
            } else {
                int rowBytes = TwelveBitRows.rowBytes(spec.inputs(), exceptions(linear));
                Shape shape = new Shape(spec.outputs(), rowBytes);
                tensors.add(new TensorSpec(linear.name(), TensorType.U8, shape));
            }
        }
        tensors.add(PreparedChecksums.spec(tensors.size()));
    }

    /**
     * Prepares a checkpoint's weights.
     *
     * @param decoder a decoder of the checkpoint's architecture and size, without weights
     * @param path the checkpoint's directory or file
     * @param type bf16, of a checkpoint that is bf16, or int8
     * @param progress told of the bytes written, or {@code null}
     * @return the file, which replaces one that was prepared before
     * @throws IOException if the checkpoint is malformed or isn't of this architecture and size, or
     *     writing fails; nothing new is left behind then
     * @throws IllegalArgumentException if this machine has no kernels, or none for such weights
     */
    public static Path prepare(CausalDecoder decoder, Path path, WeightType type, Progress progress)
            throws IOException {
        if (type != WeightType.BF16 && type != WeightType.INT8) {
            throw new IllegalArgumentException("weights are prepared as bf16 or int8, not " + type);
        }
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                Checkpoint checkpoint = Checkpoint.open(path)) {
            if (!KernelDecoder.supports(decoder.layout())) {
                throw new IllegalArgumentException(
                        "weights are prepared for kernels, and there are none for this model here"
                                + " (x86-64 Linux with AVX2 and FMA, matrices of up to 2 GB)");
            }
            TensorType stored = checkpoint.tensors().values().iterator().next().type();
            if (type == WeightType.BF16 && stored != TensorType.BF16) {
                throw new IllegalArgumentException(
                        "%s is of %s; convert it to bf16 first, or prepare it as int8"
                                .formatted(path, stored));
            }
            WeightLoader.load(decoder, checkpoint, manager, type, false, null);
            Path file = PreparedWeights.file(checkpoint, type);
            WeightPreparation preparation = new WeightPreparation(decoder, type, manager);
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
     * @return the files; none if nothing was prepared
     */
    public static List<Path> files(Path directory) {
        return Stream.of(WeightType.BF16, WeightType.INT8)
                .map(type -> PreparedWeights.file(directory, type))
                .filter(Files::isRegularFile)
                .toList();
    }

    /**
     * Reads what was prepared and compares it with its checksums.
     *
     * @param file the file
     * @param read is told how many bytes have been read, piece by piece
     * @return the names of the tensors that are not as they were written; none if all are
     * @throws ai.llm360.common.checkpoint.CheckpointException if it isn't of the present format
     * @throws IOException if reading fails
     */
    public static List<String> verify(Path file, LongConsumer read) throws IOException {
        try (Checkpoint prepared = Checkpoint.open(file)) {
            return PreparedChecksums.damaged(prepared, read);
        }
    }

    private int exceptions(LinearWeight linear) {
        WeightSpec spec = linear.spec();
        try (NDManager scope = manager.newSubManager()) {
            NDArray matrix = source.open(scope, linear.name(), linear.parameter());
            return TwelveBitRows.exceptions(
                    matrix.toByteBuffer(true), spec.outputs(), spec.inputs(), spec.transposed());
        }
    }

    private void write(TensorSpec tensor, WritableByteChannel out) throws IOException {
        LinearWeight linear = linears.get(tensor.name());
        if (tensor.name().equals(PreparedChecksums.TENSOR)) {
            sums.finish(out);
        } else if (linear == null) {
            sums.write(scales, out);
        } else if (type == WeightType.INT8) {
            writeRounded(linear, out);
        } else {
            writeTwelveBit(linear, (int) tensor.shape().get(1), out);
        }
    }

    private void writeRounded(LinearWeight linear, WritableByteChannel out) throws IOException {
        try (NDManager scope = manager.newSubManager()) {
            RoundedMatrices.Rounded rounded =
                    RoundedMatrices.round(
                            scope, source, linear.name(), linear.spec(), linear.parameter());
            sums.write(rounded.elements().toByteBuffer(true), out);
            ByteBuffer factors = rounded.scales().toByteBuffer(true);
            scales = ByteBuffer.allocate(factors.remaining()).put(factors).flip();
        }
    }

    private void writeTwelveBit(LinearWeight linear, int rowBytes, WritableByteChannel out)
            throws IOException {
        WeightSpec spec = linear.spec();
        int bytes = Math.multiplyExact(spec.outputs(), rowBytes);
        if (rows.capacity() < bytes) {
            rows = ByteBuffer.allocateDirect(bytes);
        }
        ByteBuffer packed = rows.slice(0, bytes);
        int exceptions = (rowBytes - TwelveBitRows.rowBytes(spec.inputs(), 0)) / Integer.BYTES;
        try (NDManager scope = manager.newSubManager()) {
            NDArray matrix = source.open(scope, linear.name(), linear.parameter());
            TwelveBitRows.pack(
                    matrix.toByteBuffer(true),
                    spec.outputs(),
                    spec.inputs(),
                    spec.transposed(),
                    exceptions,
                    packed);
        }
        sums.write(packed, out);
    }
}
