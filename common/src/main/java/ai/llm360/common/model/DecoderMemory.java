package ai.llm360.common.model;

import ai.djl.ndarray.NDManager;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * The memory that a decoder computes with: a manager of its own, which is closed with the one that
 * the weights were loaded into, but never under a thread that computes.
 *
 * <p>DJL frees what hangs on a manager at once, in any order, and a weight that is freed while it
 * is multiplied crashes the process. So nothing that a step uses is attached to the model's manager
 * but this object, and closing it waits for the steps in progress.
 */
final class DecoderMemory implements AutoCloseable {

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final NDManager parent;
    private final NDManager manager;
    private final String id = UUID.randomUUID().toString();
    private final Queue<Runnable> garbage = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;
    private volatile boolean deferred;

    DecoderMemory(NDManager parent) {
        this.parent = parent;
        manager = NDManager.newBaseManager(parent.getDevice(), parent.getEngine().getEngineName());
        manager.setName("decoder");
        try {
            parent.attachInternal(id, this);
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
        closeWithParent();
    }

    /** Closes this memory if its parent was closed while something was attached to either. */
    void closeWithParent() {
        if (!parent.isOpen()) {
            close();
        }
    }

    /** Owns everything that a step uses. */
    NDManager manager() {
        return manager;
    }

    /**
     * Runs a step; the memory stays until its end. Steps may be nested, and one that has begun goes
     * on to its end.
     *
     * @throws IllegalStateException if the memory is closed
     */
    <T> T whileOpen(Supplier<T> step) {
        if (closed && lock.getReadHoldCount() == 0) {
            throw closedException(); // at once, while whoever closes waits for others
        }
        lock.readLock().lock();
        try {
            if (closed && lock.getReadHoldCount() == 1) {
                throw closedException();
            }
            return step.get();
        } finally {
            lock.readLock().unlock();
            if (lock.getReadHoldCount() == 0) {
                if (deferred) {
                    close();
                } else if (!garbage.isEmpty() && lock.writeLock().tryLock()) {
                    collect();
                }
            }
        }
    }

    /**
     * Runs something while no step is in progress.
     *
     * @throws IllegalStateException if the memory is closed, or this thread is within a step
     */
    void whileIdle(Runnable change) {
        if (lock.getReadHoldCount() > 0) {
            throw new IllegalStateException("not within a step that computes with the model");
        }
        lock.writeLock().lock();
        try {
            if (closed) {
                throw closedException();
            }
            change.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Frees something at the end of a step, as soon as no other is in progress. */
    void discard(Runnable free) {
        garbage.add(free);
    }

    /** Frees what was discarded, and unlocks. */
    private void collect() {
        try {
            for (Runnable free = garbage.poll(); free != null; free = garbage.poll()) {
                free.run();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static IllegalStateException closedException() {
        return new IllegalStateException(
                "the model is closed: keep it open as long as something uses it");
    }

    /**
     * Lets no further step begin, waits for those in progress, and frees the memory. Called from
     * within a step, it doesn't wait for itself: the memory is freed at that step's end.
     */
    @Override
    public void close() {
        closed = true;
        if (lock.getReadHoldCount() > 0) {
            deferred = true;
            return;
        }
        lock.writeLock().lock();
        discard(manager::close);
        discard(() -> parent.detachInternal(id));
        collect();
    }
}
