package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.List;

/**
 * Gathers the elements of a tensor that is not packed, such as a transposed view, in row-major
 * order.
 *
 * <p>Its bytes are mapped, as they are read out of order, in windows that an int can index. Where a
 * file isn't on a disk, they are read into memory instead. A window starts at a multiple of its
 * size from element 0, so no element straddles two of them.
 */
final class StridedSource {

    private static final long WINDOW = 1L << 30;

    private final TensorInfo tensor;
    private final ByteBuffer[] windows;

    StridedSource(TensorInfo tensor, FileChannel channel) throws IOException {
        this.tensor = tensor;
        long span = tensor.spanBytes();
        if (tensor.offset() + span > channel.size()) {
            throw new CheckpointException(
                    tensor.file(),
                    "has become shorter since it was opened; tensor '"
                            + tensor.name()
                            + "' ends at byte "
                            + (tensor.offset() + span));
        }
        windows = new ByteBuffer[(int) ((span + WINDOW - 1) / WINDOW)];
        for (int w = 0; w < windows.length; w++) {
            long from = w * WINDOW;
            long at = tensor.offset() + from;
            windows[w] = window(channel, at, Math.min(WINDOW, span - from));
        }
    }

    private ByteBuffer window(FileChannel channel, long at, long bytes) throws IOException {
        if (ShardReader.isOnDisk(tensor.file())) {
            return channel.map(MapMode.READ_ONLY, at, bytes);
        }
        ByteBuffer window = ByteBuffer.allocate((int) bytes);
        ShardReader.readFully(channel, at, window, tensor.file());
        return window;
    }

    /** Appends the bytes of {@code count} elements, from the given one on. */
    void gather(long first, int count, ByteBuffer dst) {
        int width = tensor.type().byteSize();
        List<Long> strides = tensor.strides();
        int rank = strides.size();
        long[] index = new long[rank];
        long element = 0; // of the storage, from element 0 of the tensor
        long rest = first;
        for (int d = rank - 1; d >= 0; d--) {
            index[d] = rest % tensor.shape().get(d);
            rest /= tensor.shape().get(d);
            element += index[d] * strides.get(d);
        }
        for (int i = 0; i < count; i++) {
            copy(element * width, width, dst);
            for (int d = rank - 1; d >= 0; d--) {
                element += strides.get(d);
                if (++index[d] < tensor.shape().get(d)) {
                    break;
                }
                element -= index[d] * strides.get(d);
                index[d] = 0;
            }
        }
    }

    private void copy(long at, int width, ByteBuffer dst) {
        ByteBuffer window = windows[(int) (at / WINDOW)];
        int from = (int) (at % WINDOW);
        // Both buffers are big-endian, so the bytes keep their order.
        switch (width) {
            case 8 -> dst.putLong(window.getLong(from));
            case 4 -> dst.putInt(window.getInt(from));
            case 2 -> dst.putShort(window.getShort(from));
            default -> dst.put(window.get(from));
        }
    }
}
