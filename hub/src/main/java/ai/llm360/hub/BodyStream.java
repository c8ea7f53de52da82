package ai.llm360.hub;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The body of a response as a stream that doesn't wait for ever: the JDK's own has no time limit
 * between bytes, so that a server which falls silent would hold a reader until the connection dies.
 *
 * <p>Every failure of the network is a {@link TransientException}. One thread reads.
 */
final class BodyStream extends InputStream implements BodySubscriber<BodyStream>, Closeable {

    /** Readings that may lie here, of at most three of the JDK's buffers each. */
    private static final int AHEAD = 4;

    private final Duration patience;
    private final LongAdder received;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Queue<ByteBuffer> unread = new ArrayDeque<>();
    private Subscription subscription;
    private boolean ended;
    private boolean closed;

    /**
     * Creates a stream.
     *
     * @param patience the longest silence of the server
     * @param received is told of every byte that came in
     */
    BodyStream(Duration patience, LongAdder received) {
        this.patience = patience;
        this.received = received;
    }

    /** A message of the connection to the reader: buffers, a failure, or neither at the end. */
    private record Event(List<ByteBuffer> buffers, Throwable failure) {}

    @Override
    public CompletionStage<BodyStream> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public synchronized void onSubscribe(Subscription given) {
        subscription = given;
        if (closed) {
            given.cancel();
        } else {
            given.request(AHEAD);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        buffers.forEach(buffer -> received.add(buffer.remaining()));
        events.add(new Event(buffers, null));
    }

    @Override
    public void onError(Throwable failure) {
        events.add(new Event(null, failure));
    }

    @Override
    public void onComplete() {
        events.add(new Event(null, null));
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        while (unread.isEmpty() && !ended) {
            await();
        }
        int filled = 0;
        while (filled < length && !unread.isEmpty()) {
            ByteBuffer buffer = unread.element();
            int taken = Math.min(buffer.remaining(), length - filled);
            buffer.get(target, offset + filled, taken);
            filled += taken;
            if (!buffer.hasRemaining()) {
                unread.remove();
            }
        }
        return filled == 0 && length > 0 ? -1 : filled;
    }

    private void await() throws IOException {
        Event event;
        try {
            event = events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw Pause.interrupted();
        }
        if (event == null) {
            throw new TransientException(
                    "the server sent nothing for %.0f s".formatted(patience.toMillis() / 1e3));
        }
        if (event.failure() != null) {
            throw new TransientException(
                    "the connection broke: " + event.failure().getMessage(), null, event.failure());
        }
        if (event.buffers() == null) {
            ended = true;
            return;
        }
        event.buffers().stream().filter(ByteBuffer::hasRemaining).forEach(unread::add);
        synchronized (this) {
            subscription.request(1);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
