package ai.llm360.zoo.hub;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Reads a file through several connections at once and hands its bytes over in their order.
 *
 * <p>Each connection fills a buffer of one part's size; the first part is handed over while it
 * fills. So memory is connections × part, and what a kill loses is at most the parts behind the
 * first.
 */
final class ParallelRanges {

    private final RangeReader reader;
    private final int connections;
    private final int partBytes;

    ParallelRanges(RangeReader reader, int connections, int partBytes) {
        this.reader = reader;
        this.connections = connections;
        this.partBytes = partBytes;
    }

    void read(long from, long to, RangeReader.Sink sink) throws IOException {
        long next = from;
        Queue<Part> parts = new ArrayDeque<>();
        try (Workers workers = new Workers(connections)) {
            while (parts.size() < connections && next < to) {
                next = start(new Part(partBytes), next, to, parts, workers);
            }
            while (!parts.isEmpty()) {
                Part first = parts.remove();
                first.drain(sink);
                if (next < to) {
                    next = start(first, next, to, parts, workers);
                }
            }
        }
    }

    private long start(Part part, long from, long to, Queue<Part> parts, Workers workers) {
        long end = Math.min(from + partBytes, to);
        part.begin((int) (end - from));
        parts.add(part);
        workers.start(() -> part.fill(reader, from, end));
        return end;
    }

    /** A buffer between the thread that fills it and the one that drains it. */
    private static final class Part {

        private final byte[] bytes;
        private int length;
        private int filled;
        private Throwable failure;

        Part(int size) {
            bytes = new byte[size];
        }

        synchronized void begin(int newLength) {
            length = newLength;
            filled = 0;
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

        void drain(RangeReader.Sink sink) throws IOException {
            int drained = 0;
            while (drained < length) {
                int ready = await(drained);
                sink.write(bytes, drained, ready - drained);
                drained = ready;
            }
        }

        private synchronized int await(int seen) throws IOException {
            while (filled == seen && failure == null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    throw Pause.interrupted();
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
