package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

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
    private final Iterator<Cast> toWrite;
    private final Iterator<Cast> toRead;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(BlockPipeline::thread);
    private final Queue<Future<ByteBuffer>> ahead = new ArrayDeque<>();
    private final ByteBuffer cast = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private Cast reading;
    private long elementsRead;

    /** A tensor to read, and the type to cast it to. */
    record Cast(TensorInfo tensor, TensorType target) {

        /** Elements in a block, before and after the cast. */
        int perBlock() {
            return BLOCK_BYTES / Math.max(tensor.type().byteSize(), target.byteSize());
        }
    }

    BlockPipeline(Checkpoint checkpoint, List<Cast> casts) {
        this.checkpoint = checkpoint;
        toWrite = casts.iterator();
        toRead = casts.iterator();
        for (int i = 0; i < BUFFERS; i++) {
            readInto(ByteBuffer.allocateDirect(BLOCK_BYTES));
        }
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "llm360-checkpoint-reader");
        thread.setDaemon(true);
        return thread;
    }

    /** Has the next block, if there is one, read into a buffer. */
    private void readInto(ByteBuffer buffer) {
        while (reading == null || elementsRead == reading.tensor.elementCount()) {
            if (!toRead.hasNext()) {
                return;
            }
            reading = toRead.next();
            elementsRead = 0;
        }
        TensorInfo tensor = reading.tensor;
        long first = elementsRead;
        long count = Math.min(reading.perBlock(), tensor.elementCount() - first);
        elementsRead += count;
        ahead.add(
                reader.submit(
                        () -> {
                            checkpoint.read(tensor, first, count, tensor.type(), buffer.clear());
                            return buffer.flip();
                        }));
    }

    /** Writes the next tensor, which must be the next one in the order given. */
    void write(String name, WritableByteChannel out) throws IOException {
        Cast expected = toWrite.next();
        if (!expected.tensor.name().equals(name)) {
            throw new IllegalStateException("asked for " + name + " before " + expected.tensor);
        }
        TensorType from = expected.tensor.type();
        TensorType to = expected.target;
        for (long left = expected.tensor.elementCount(); left > 0; ) {
            ByteBuffer bytes = Workers.await(ahead.remove());
            int n = bytes.remaining() / from.byteSize();
            if (from == to) {
                out.write(bytes);
            } else {
                cast.clear().limit(n * to.byteSize());
                TensorReader.cast(from, bytes, to, cast, n);
                out.write(cast);
            }
            left -= n;
            readInto(bytes);
        }
    }

    /**
     * Ends reading. The thread that reads is not interrupted: that would close the checkpoint's
     * files.
     */
    @Override
    public void close() {
        ahead.forEach(block -> block.cancel(false));
        reader.shutdown();
        boolean interrupted = false;
        while (!reader.isTerminated()) {
            try {
                reader.awaitTermination(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
