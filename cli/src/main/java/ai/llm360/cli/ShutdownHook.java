package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Decides how a running command reacts to Ctrl-C or SIGTERM.
 *
 * <p>Most verbs are interrupted and given a moment: half-written files are removed, the terminal's
 * line is ended, and no native code is running when the libraries are unloaded. A verb that has
 * work to save asks to be told instead, and is waited for.
 */
final class ShutdownHook {

    private static final long MOMENT_SECONDS = 5;

    private final Thread main;
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile Runnable stop;
    private volatile int status;

    ShutdownHook(Thread main) {
        this.main = main;
    }

    /** Registers the hook of this process, whose verb runs in the calling thread. */
    static ShutdownHook ofProcess() {
        ShutdownHook hook = new ShutdownHook(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(new Thread(hook::begin, "llm360-end"));
        return hook;
    }

    /** Work of a verb that is told, rather than interrupted. */
    interface Work<T> {
        T run() throws IOException, ModelNotFoundException;
    }

    /**
     * Does work during which {@code stopping} is called, by another thread, rather than the verb
     * interrupted. The work should then end as soon as all is saved; the process ends after it with
     * the verb's status.
     */
    <T> T telling(Runnable stopping, Work<T> work) throws IOException, ModelNotFoundException {
        stop = stopping;
        try {
            return work.run();
        } finally {
            stop = null;
        }
    }

    /** Says that the verb has ended. */
    void finished(int verbStatus) {
        status = verbStatus;
        finished.countDown();
    }

    /** Runs when the process is told to end, also after the verb's own end. */
    private void begin() {
        if (finished.getCount() == 0) {
            return;
        }
        Runnable stopping = stop;
        try {
            if (stopping == null) {
                main.interrupt();
                finished.await(MOMENT_SECONDS, TimeUnit.SECONDS);
            } else {
                stopping.run();
                finished.await();
                // Java's own status would be 143 after SIGTERM.
                Runtime.getRuntime().halt(status);
            }
        } catch (InterruptedException e) {
            // The process ends in any case.
        }
    }
}
