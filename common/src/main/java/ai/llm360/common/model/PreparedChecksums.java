package ai.llm360.common.model;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.FileVersion;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checksums of a prepared file's tensors, which are its last tensor.
 *
 * <p>They are against damage, not against an attacker, who could prepare a file of his own: CRC32C,
 * which processors compute as fast as memory is read.
 */
final class PreparedChecksums {

    static final String TENSOR = "llm360.crc32c";

    private static final Logger logger = LoggerFactory.getLogger(PreparedChecksums.class);

    private static final int PIECE = 1 << 20;

    private final List<Integer> sums = new ArrayList<>();

    /** Describes the tensor of checksums, for a file of n other tensors. */
    static TensorSpec spec(int tensors) {
        return new TensorSpec(TENSOR, TensorType.I32, new Shape(tensors));
    }

    /** Writes the bytes of the next tensor. */
    void write(ByteBuffer bytes, WritableByteChannel out) throws IOException {
        CRC32C sum = new CRC32C();
        sum.update(bytes.duplicate());
        sums.add((int) sum.getValue());
        out.write(bytes);
    }

    /** Writes the sums of the tensors that were written. */
    void finish(WritableByteChannel out) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * sums.size());
        bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(toArray(sums));
        out.write(bytes);
    }

    private static int[] toArray(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    /**
     * Reads a file's tensors and compares them with their checksums.
     *
     * @param read is told how many bytes have been read, piece by piece
     * @return the names of those that differ
     * @throws CheckpointException if the file has no checksum for each tensor
     */
    static List<String> damaged(Checkpoint prepared, LongConsumer read) throws IOException {
        Path file = prepared.shards().get(0);
        List<TensorInfo> tensors = new ArrayList<>(prepared.tensors().values());
        tensors.removeIf(tensor -> tensor.name().equals(TENSOR));
        tensors.sort(Comparator.comparingLong(TensorInfo::offset));
        TensorInfo sums = prepared.tensors().get(TENSOR);
        if (sums == null
                || sums.type() != TensorType.I32
                || !sums.shape().equals(new Shape(tensors.size()))) {
            throw new CheckpointException(
                    file, "has no checksums for its %d tensors".formatted(tensors.size()));
        }
        ByteBuffer expected = prepared.read(TENSOR).order(ByteOrder.LITTLE_ENDIAN);
        List<String> damaged = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
            for (TensorInfo tensor : tensors) {
                if (sum(channel, tensor, piece, read) != expected.getInt()) {
                    damaged.add(tensor.name());
                }
            }
        }
        return damaged;
    }

    private static int sum(
            FileChannel channel, TensorInfo tensor, ByteBuffer piece, LongConsumer read)
            throws IOException {
        CRC32C sum = new CRC32C();
        long end = tensor.offset() + tensor.byteLength();
        for (long at = tensor.offset(); at < end; ) {
            piece.clear().limit((int) Math.min(PIECE, end - at));
            int count = channel.read(piece, at);
            if (count < 0) {
                return ~(int) sum.getValue(); // it was cut off since its header was read
            }
            sum.update(piece.flip());
            at += count;
            read.accept(count);
        }
        return (int) sum.getValue();
    }

    /**
     * Checks a file once: that it was found sound is noted beside it, for as long as its size, time
     * and inode stay.
     *
     * @throws CheckpointException if it is damaged; the message names a tensor
     */
    static void requireSound(FileVersion version, Checkpoint prepared) throws IOException {
        String state =
                "sound: %d bytes of %s, %s\n"
                        .formatted(version.bytes(), version.modified(), version.key());
        Path note = note(version.file());
        if (state.equals(noted(note))) {
            return;
        }
        List<String> damaged = damaged(prepared, bytes -> {});
        if (!damaged.isEmpty()) {
            throw new CheckpointException(
                    version.file(),
                    "%d of its tensors are not as they were written, such as %s"
                            .formatted(damaged.size(), damaged.get(0)));
        }
        try {
            WholeFile.replace(note, state.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            logger.info("{} is checked at every load: {}", version.file(), e.toString());
        }
    }

    private static String noted(Path note) throws IOException {
        try {
            return Files.size(note) > 1000 ? "" : Files.readString(note);
        } catch (NoSuchFileException | CharacterCodingException e) {
            return "";
        }
    }

    /** Returns where it is noted that a prepared file is sound. */
    static Path note(Path file) {
        return file.resolveSibling(file.getFileName() + ".checked");
    }
}
