package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads elements of tensors out of a checkpoint's files.
 *
 * <p>Packed tensors are read with positional reads, not through a mapping: a file that shrinks then
 * raises an exception instead of a fault, nothing stays mapped, and it is as fast when read once.
 * Large reads are split among a few threads, each with one block of {@value #BLOCK} elements to
 * cast from.
 */
final class TensorReader implements AutoCloseable {

    /** 1 MiB of F32: the file is read in pieces that stay in the L2 cache until they are cast. */
    private static final int BLOCK = 1 << 18;

    /** Below this a second thread costs more than it gives. */
    private static final int MIN_ELEMENTS_PER_THREAD = 1 << 20;

    /** One core casts about as fast as a good disk reads: more threads than this don't help. */
    private static final int MAX_THREADS = 4;

    private final Set<Path> files;
    private final Map<Path, FileChannel> channels = new HashMap<>();
    private boolean closed;

    TensorReader(List<Path> files) {
        this.files = Set.copyOf(files);
    }

    ByteBuffer read(TensorInfo tensor, long first, long count, TensorType target)
            throws IOException {
        if (count > Integer.MAX_VALUE / target.byteSize()) {
            throw new IllegalArgumentException(
                    count
                            + " elements of tensor "
                            + tensor.name()
                            + " as "
                            + target
                            + " pass 2 GiB; read fewer rows at a time");
        }
        ByteBuffer dst =
                ByteBuffer.allocateDirect((int) count * target.byteSize())
                        .order(ByteOrder.LITTLE_ENDIAN);
        read(tensor, first, count, target, dst);
        return dst.flip();
    }

    void read(TensorInfo tensor, long first, long count, TensorType target, ByteBuffer dst)
            throws IOException {
        if (first < 0 || count < 0 || first > tensor.elementCount() - count) {
            throw new IllegalArgumentException(
                    "elements "
                            + first
                            + " + "
                            + count
                            + " of tensor "
                            + tensor.name()
                            + ", which has "
                            + tensor.elementCount());
        }
        TensorCaster.requireAllowed(tensor.type(), target);
        if (count > dst.remaining() / target.byteSize()) {
            throw new IllegalArgumentException(
                    count + " elements of " + target + " don't fit in " + dst);
        }
        FileChannel channel = channel(tensor.file());
        int elements = (int) count;
        int start = dst.position();
        int threads =
                Math.max(
                        1,
                        Math.min(
                                elements / MIN_ELEMENTS_PER_THREAD,
                                Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors())));
        int share = elements / threads;
        try {
            IntStream.range(0, threads)
                    .parallel()
                    .forEach(
                            t -> {
                                int from = t * share;
                                int n = t == threads - 1 ? elements - from : share;
                                ByteBuffer part =
                                        dst.slice(
                                                start + from * target.byteSize(),
                                                n * target.byteSize());
                                readPart(tensor, channel, first + from, n, target, part);
                            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        dst.position(start + elements * target.byteSize());
    }

    private static void readPart(
            TensorInfo tensor,
            FileChannel channel,
            long first,
            int count,
            TensorType target,
            ByteBuffer dst) {
        int width = tensor.type().byteSize();
        boolean packed = tensor.isContiguous();
        try {
            if (packed && tensor.type() == target) {
                ShardReader.readFully(channel, tensor.offset() + first * width, dst, tensor.file());
                return;
            }
            StridedSource strided = packed ? null : new StridedSource(tensor, channel);
            ByteBuffer block = ByteBuffer.allocateDirect(Math.min(count, BLOCK) * width);
            for (int done = 0; done < count; ) {
                int n = Math.min(BLOCK, count - done);
                block.clear().limit(n * width);
                if (packed) {
                    long at = tensor.offset() + (first + done) * width;
                    ShardReader.readFully(channel, at, block, tensor.file());
                } else {
                    strided.gather(first + done, n, block);
                }
                TensorCaster.cast(tensor.type(), block.flip(), target, dst, n);
                done += n;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized FileChannel channel(Path file) throws IOException {
        if (!files.contains(file)) {
            throw new IllegalArgumentException(file + " is not a file of this checkpoint");
        }
        if (closed) {
            throw new IllegalStateException("the checkpoint of " + file + " is closed");
        }
        FileChannel channel = channels.get(file);
        if (channel == null || !channel.isOpen()) {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            channels.put(file, channel);
        }
        return channel;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        for (FileChannel channel : channels.values()) {
            channel.close();
        }
        channels.clear();
    }
}
