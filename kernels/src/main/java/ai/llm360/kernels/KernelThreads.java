package ai.llm360.kernels;

import ai.llm360.common.config.EngineSettings;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * Threads that share the parts of one product at a time.
 *
 * <p>Decoding asks for a product every few milliseconds, and to wake a thread takes a tenth of one.
 * So a thread that has finished looks out for the next product for a while before it sleeps, and
 * meanwhile reads the beginning of the next matrix into the caches. The calling thread works, too.
 */
final class KernelThreads {

    /** The time that a thread looks out for work before it sleeps, in nanoseconds. */
    private static final long PATIENCE = 2_000_000;

    /** The largest amount read ahead: a processor's last cache surely holds it. */
    private static final long AHEAD = 6 << 20;

    private static final int PIECE = 1 << 15;

    private static final KernelThreads SHARED = new KernelThreads(EngineSettings.threads());

    private final Thread[] helpers;
    private volatile Job current;
    private volatile Ahead ahead;
    private volatile boolean resting;

    private static final class Job {
        final int parts;
        final IntConsumer work;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        volatile Throwable failure;

        Job(int parts, IntConsumer work) {
            this.parts = parts;
            this.work = work;
        }

        /** Does parts until none is left to begin. */
        void help() {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                try {
                    work.accept(part);
                } catch (RuntimeException | Error e) {
                    failure = e;
                } finally {
                    done.incrementAndGet();
                }
            }
        }

        boolean begun() {
            return next.get() >= parts;
        }
    }

    /** Memory that will be needed next. */
    private static final class Ahead {
        final long address;
        final long bytes;
        final AtomicLong next = new AtomicLong();

        Ahead(long address, long bytes) {
            this.address = address;
            this.bytes = Math.min(bytes, AHEAD);
        }

        /** Reads a piece; returns false if none is left. */
        boolean read() {
            long start = next.getAndAdd(PIECE);
            if (start >= bytes) {
                return false;
            }
            KernelLibrary.llm360_touch(address + start, Math.min(PIECE, bytes - start));
            return true;
        }
    }

    private KernelThreads(int threads) {
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Thread(this::serve, "llm360-kernel-" + (i + 1));
            helpers[i].setDaemon(true);
            helpers[i].start();
        }
    }

    /** Returns the threads that all models share, as many as libtorch has. */
    static KernelThreads shared() {
        return SHARED;
    }

    /** Returns the number of threads that work, the calling one among them. */
    int count() {
        return helpers.length + 1;
    }

    /**
     * Runs {@code work} for 0 to {@code parts} - 1 and returns when all are done; a single part is
     * the caller's own. Whatever the work refers to stays reachable until then.
     */
    void run(int parts, IntConsumer work) {
        try {
            if (parts == 1) {
                work.accept(0);
            } else if (parts > 1) {
                share(parts, work);
            }
        } finally {
            Reference.reachabilityFence(work);
        }
    }

    /** Does something to a range of what is divided. */
    interface Range {
        void on(long from, long to);
    }

    /** Runs {@code work} for 0 to {@code whole} - 1, in ranges of {@code each} or fewer. */
    void divide(long whole, long each, Range work) {
        run(
                Math.toIntExact((whole + each - 1) / each),
                part -> work.on(part * each, Math.min((part + 1L) * each, whole)));
    }

    /** Jobs of several callers follow each other. */
    private synchronized void share(int parts, IntConsumer work) {
        Job job = new Job(parts, work);
        ahead = null;
        resting = false;
        current = job;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
        job.help();
        while (job.done.get() < parts) {
            Thread.onSpinWait();
        }
        current = null;
        if (job.failure != null) {
            throw new IllegalStateException("a kernel's thread failed", job.failure);
        }
    }

    /** Lets the threads sleep at once: others are about to compute, until the next job. */
    void rest() {
        resting = true;
    }

    /** Says what memory the next job will begin with, which must stay mapped until then. */
    void expect(long address, long bytes) {
        ahead = new Ahead(address, bytes);
    }

    private void serve() {
        long idle = System.nanoTime();
        while (true) {
            Job job = current;
            Ahead memory = ahead;
            if (job != null && !job.begun()) {
                job.help();
                idle = System.nanoTime();
            } else if (!resting && System.nanoTime() - idle < PATIENCE) {
                if (memory == null || !memory.read()) {
                    Thread.onSpinWait();
                }
            } else {
                LockSupport.park(this);
                idle = System.nanoTime();
            }
        }
    }
}
