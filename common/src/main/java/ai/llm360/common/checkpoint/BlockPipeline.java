package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Reads tensors ahead of whoever casts and writes them, a block at a time, in a fixed order.
 *
 * <p>Three buffers go round: one being written, one ready, one being read. That bounds memory
 * whatever a tensor's size, and keeps disk and processor busy at once, across tensors too.
 */
final class BlockPipeline implements AutoCloseable {

    /** Large enough to cast in parallel, small enough that four are cheap. */
    private static final int BLOCK_BYTES = 16 << 20;

    private static final int BUFFERS = 3;

    private final Checkpoint checkpoint;
    private final List<Cast> casts;
    private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(BUFFERS + 1);
    private final BlockingQueue<Block> ready = new ArrayBlockingQueue<>(BUFFERS + 1);
    private final Iterator<Cast> order;
    private final Thread thread;
    private final ByteBuffer cast = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private volatile boolean stopped;

    /** A tensor to read, and the type to cast it to. */
    record Cast(TensorInfo tensor, TensorType target) {

        /** Elements in a block, before and after the cast. */
        int perBlock() {
            return BLOCK_BYTES / Math.max(tensor.type().byteSize(), target.byteSize());
        }
    }

    private record Block(ByteBuffer bytes, Throwable failure) {}

    BlockPipeline(Checkpoint checkpoint, List<Cast> casts) {
        this.checkpoint = checkpoint;
        this.casts = List.copyOf(casts);
        order = this.casts.iterator();
        for (int i = 0; i < BUFFERS; i++) {
            free.add(ByteBuffer.allocateDirect(BLOCK_BYTES));
        }
        thread = new Thread(this::readAll, "llm360-checkpoint-reader");
        thread.setDaemon(true);
        thread.start();
    }

    /** Writes the next tensor, which must be the next one in the order given. */
    void write(String name, WritableByteChannel out) throws IOException {
        Cast expected = order.next();
        if (!expected.tensor.name().equals(name)) {
            throw new IllegalStateException("asked for " + name + " before " + expected.tensor);
        }
        TensorType from = expected.tensor.type();
        TensorType to = expected.target;
        for (long left = expected.tensor.elementCount(); left > 0; ) {
            ByteBuffer bytes = take().bytes;
            int n = bytes.remaining() / from.byteSize();
            if (from == to) {
                out.write(bytes);
            } else {
                cast.clear().limit(n * to.byteSize());
                TensorReader.cast(from, bytes, to, cast, n);
                out.write(cast);
            }
            left -= n;
            free.add(bytes);
        }
    }

    private Block take() throws IOException {
        Block block;
        try {
            block = ready.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a tensor");
        }
        if (block.failure instanceof IOException e) {
            throw e;
        }
        if (block.failure != null) {
            throw new IllegalStateException("reading a tensor failed", block.failure);
        }
        return block;
    }

    private void readAll() {
        try {
            for (Cast next : casts) {
                int perBlock = next.perBlock();
                long count = next.tensor.elementCount();
                for (long done = 0; done < count && !stopped; done += perBlock) {
                    ByteBuffer buffer = free.take();
                    if (stopped) {
                        return;
                    }
                    buffer.clear();
                    long n = Math.min(perBlock, count - done);
                    checkpoint.read(next.tensor, done, n, next.tensor.type(), buffer);
                    ready.add(new Block(buffer.flip(), null));
                }
            }
        } catch (Throwable e) { // also an OutOfMemoryError: the writer must not wait for ever
            ready.add(new Block(null, e));
        }
    }

    @Override
    public void close() {
        stopped = true;
        // Wakes the reader if it waits for a buffer. It is not interrupted: that would close the
        // checkpoint's files.
        free.offer(ByteBuffer.allocate(0));
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
