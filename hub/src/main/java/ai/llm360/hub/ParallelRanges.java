package ai.llm360.hub;

import ai.llm360.io.internal.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Reads a range of a file through several connections at once and hands its bytes over in their
 * order.
 *
 * <p>Each connection fills a buffer of one part's size; the first part is handed over while it
 * fills. So memory is connections × part, and what a kill loses is at most the parts behind the
 * first. The connections are at work from the first read to the range's end or to {@link #close}.
 */
final class ParallelRanges implements Closeable {

    private final RangeReader reader;
    private final int connections;
    private final int partBytes;
    private final long to;
    private final Queue<Part> parts = new ArrayDeque<>();
    private long next;
    private Workers workers;

    ParallelRanges(RangeReader reader, int connections, int partBytes, long from, long to) {
        this.reader = reader;
        this.connections = connections;
        this.partBytes = partBytes;
        this.to = to;
        next = from;
    }

    /** Hands all bytes over, and closes. */
    void readAll(RangeReader.Sink sink) throws IOException {
        try (this) {
            while (read(Long.MAX_VALUE, sink)) {
                // Until the end.
            }
        }
    }

    /**
     * Hands over some of the next bytes, waiting for at least one.
     *
     * @param most how many at most
     * @return false at the range's end
     */
    boolean read(long most, RangeReader.Sink sink) throws IOException {
        if (workers == null) {
            workers = new Workers("hub-download", connections);
            while (parts.size() < connections && next < to) {
                start(new Part(partBytes));
            }
        }
        if (parts.isEmpty()) {
            return false;
        }
        Part first = parts.element();
        first.drain(most, sink);
        if (first.isDrained()) {
            parts.remove();
            if (next < to) {
                start(first);
            }
        }
        return true;
    }

    private void start(Part part) {
        long from = next;
        long end = Math.min(from + partBytes, to);
        part.begin((int) (end - from));
        parts.add(part);
        workers.start(() -> part.fill(reader, from, end));
        next = end;
    }

    /** Ends the connections. */
    @Override
    public void close() {
        if (workers != null) {
            workers.close();
        }
    }

    /** A buffer between the thread that fills it and the one that drains it. */
    private static final class Part {

        private final byte[] bytes;
        private int length;
        private int filled;
        private int drained;
        private Throwable failure;

        Part(int size) {
            bytes = new byte[size];
        }

        synchronized void begin(int newLength) {
            length = newLength;
            filled = 0;
            drained = 0;
        }

        void fill(RangeReader reader, long from, long to) {
            try {
                reader.readPart(from, to, this::add);
            } catch (IOException | RuntimeException | Error e) {
                fail(e);
            }
        }

        private synchronized void add(byte[] source, int offset, int count) {
            System.arraycopy(source, offset, bytes, filled, count);
            filled += count;
            notifyAll();
        }

        private synchronized void fail(Throwable reason) {
            failure = reason;
            notifyAll();
        }

        void drain(long most, RangeReader.Sink sink) throws IOException {
            int count = (int) Math.min(await(drained) - drained, most);
            sink.write(bytes, drained, count);
            drained += count;
        }

        synchronized boolean isDrained() {
            return drained == length;
        }

        private synchronized int await(int seen) throws IOException {
            while (filled == seen && failure == null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    throw Sleeper.interrupted();
                }
            }
            if (filled > seen) {
                return filled;
            }
            if (failure instanceof IOException io) {
                throw io;
            }
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        }
    }
}
