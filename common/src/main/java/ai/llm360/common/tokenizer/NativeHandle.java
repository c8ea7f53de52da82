package ai.llm360.common.tokenizer;

import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/** A native object that many threads may use and one may free, never both at once. */
final class NativeHandle implements AutoCloseable {

    // Freed memory in use crashes the process, so closing waits for the calls in progress.
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final LongConsumer free;
    private long address;

    NativeHandle(long address, LongConsumer free) {
        this.address = address;
        this.free = free;
    }

    <T> T call(LongFunction<T> use) {
        lock.readLock().lock();
        try {
            if (address == 0) {
                throw new IllegalStateException("the tokenizer is closed");
            }
            return use.apply(address);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (address != 0) {
                free.accept(address);
                address = 0;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
