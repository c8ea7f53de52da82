package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads elements of tensors out of a checkpoint's files.
 *
 * <p>Packed tensors are read with positional reads, not through a mapping: a file that shrinks then
 * raises an exception instead of a fault, nothing stays mapped, and it is as fast when read once.
 * One thread reads, front to back: several on one file defeat the system's read-ahead (0.2 to 0.4
 * GB/s where one reads 0.7 to 1.4). What was read is cast by a few.
 */
final class TensorReader implements AutoCloseable {

    /** Bytes read before they are cast. */
    private static final int BLOCK_BYTES = 4 << 20;

    /** Elements that a thread casts or gathers at a time. */
    private static final int SHARE = 1 << 18;

    private final Map<Path, Shard.Placing> files;
    private final Map<Path, FileChannel> channels = new HashMap<>();
    private boolean closed;

    /** Kept between reads: the first touch of fresh memory costs more than reading into it. */
    private final AtomicReference<ByteBuffer> spare = new AtomicReference<>();

    TensorReader(List<Shard> shards) {
        files = shards.stream().collect(Collectors.toMap(Shard::file, Shard::placing));
    }

    ByteBuffer read(TensorInfo tensor, long first, long count, TensorType target)
            throws IOException {
        Sizes.require(
                count <= Integer.MAX_VALUE / target.byteSize(),
                "%d elements of tensor %s as %s pass 2 GiB; read fewer rows at a time",
                count,
                tensor.name(),
                target);
        ByteBuffer dst =
                ByteBuffer.allocateDirect((int) count * target.byteSize())
                        .order(ByteOrder.LITTLE_ENDIAN);
        read(tensor, first, count, target, dst);
        return dst.flip();
    }

    void read(TensorInfo described, long first, long count, TensorType target, ByteBuffer dst)
            throws IOException {
        TensorInfo tensor = described;
        Sizes.require(
                first >= 0 && count >= 0 && first <= tensor.elementCount() - count,
                "elements %d + %d of tensor %s, which has %d",
                first,
                count,
                tensor.name(),
                tensor.elementCount());
        TensorCaster.requireAllowed(tensor.type(), target);
        Sizes.require(
                count <= dst.remaining() / target.byteSize(),
                "%d elements of %s don't fit in %s",
                count,
                target,
                dst);
        FileChannel channel = channel(tensor.file());
        tensor = files.get(tensor.file()).place(tensor, channel);
        int start = dst.position();
        int end = start + (int) count * target.byteSize();
        ByteBuffer out = dst.slice(start, end - start);
        if (!tensor.isContiguous()) {
            gather(tensor, channel, first, (int) count, target, out);
        } else {
            long at = tensor.offset() + first * tensor.type().byteSize();
            if (tensor.type() == target) {
                ShardReader.readFully(channel, at, out, tensor.file());
            } else {
                readAndCast(tensor, channel, at, (int) count, target, out);
            }
        }
        dst.position(end);
    }

    /** Casts in parallel. The buffers' positions stay where they are. */
    static void cast(TensorType from, ByteBuffer src, TensorType to, ByteBuffer dst, int count) {
        ByteBuffer in = src.slice();
        ByteBuffer out = dst.slice();
        inShares(
                count,
                (start, n) ->
                        TensorCaster.cast(
                                from,
                                in.slice(start * from.byteSize(), n * from.byteSize()),
                                to,
                                out.slice(start * to.byteSize(), n * to.byteSize()),
                                n));
    }

    private void readAndCast(
            TensorInfo tensor,
            FileChannel channel,
            long position,
            int count,
            TensorType target,
            ByteBuffer out)
            throws IOException {
        TensorType type = tensor.type();
        ByteBuffer block = spare.getAndSet(null);
        if (block == null) {
            block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        }
        int perBlock = BLOCK_BYTES / type.byteSize();
        long at = position;
        for (int done = 0; done < count; ) {
            int n = Math.min(perBlock, count - done);
            block.clear().limit(n * type.byteSize());
            ShardReader.readFully(channel, at, block, tensor.file());
            at += block.position();
            cast(type, block.flip(), target, out.position(done * target.byteSize()), n);
            done += n;
        }
        spare.set(block);
    }

    private static void gather(
            TensorInfo tensor,
            FileChannel channel,
            long first,
            int count,
            TensorType target,
            ByteBuffer out)
            throws IOException {
        StridedSource source = new StridedSource(tensor, channel);
        TensorType type = tensor.type();
        inShares(
                count,
                (start, n) -> {
                    ByteBuffer packed = ByteBuffer.allocate(n * type.byteSize());
                    source.gather(first + start, n, packed);
                    ByteBuffer share = out.slice(start * target.byteSize(), n * target.byteSize());
                    TensorCaster.cast(type, packed.flip(), target, share, n);
                });
    }

    private interface Share {
        void run(int start, int count);
    }

    private static void inShares(int count, Share share) {
        IntStream.range(0, (count + SHARE - 1) / SHARE)
                .parallel()
                .forEach(i -> share.run(i * SHARE, Math.min(SHARE, count - i * SHARE)));
    }

    private synchronized FileChannel channel(Path file) throws IOException {
        Sizes.require(files.containsKey(file), "%s is not a file of this checkpoint", file);
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
        spare.set(null);
    }
}
