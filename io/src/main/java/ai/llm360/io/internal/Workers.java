package ai.llm360.io.internal;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Daemon threads for one piece of work. Closing them interrupts what still runs and waits until it
 * has ended, so that nothing writes any more.
 */
public final class Workers implements AutoCloseable {

    private final int count;
    private final ExecutorService threads;

    /** Starts at least one thread, by a name for dumps. */
    public Workers(String name, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("at least 1 thread is needed, not " + count);
        }
        this.count = count;
        threads =
                Executors.newFixedThreadPool(
                        count,
                        task -> {
                            Thread thread = new Thread(task, name);
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    /** {@return the number of threads} */
    public int count() {
        return count;
    }

    /** Runs a task that reports its own failures. */
    public void start(Runnable task) {
        threads.execute(task);
    }

    /** Runs a task at some time; {@link #await} gives its result. */
    public <T> Future<T> submit(Callable<T> task) {
        return threads.submit(task);
    }

    /**
     * Runs tasks to their end, or until the first, in their order, has failed.
     *
     * @return the results in the tasks' order
     * @throws IOException the first failure, or an {@link InterruptedIOException} on an interrupt
     */
    public <T> List<T> all(List<? extends Callable<T>> tasks) throws IOException {
        List<Future<T>> futures = new ArrayList<>();
        tasks.forEach(task -> futures.add(submit(task)));
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(await(future));
        }
        return results;
    }

    /**
     * Waits for a task's result, and fails as it has.
     *
     * @throws IOException the task's failure, or an {@link InterruptedIOException} on an interrupt
     */
    public static <T> T await(Future<T> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException failure) {
                throw failure;
            }
            if (cause instanceof UncheckedIOException failure) {
                throw failure.getCause();
            }
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            if (cause instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(cause);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        boolean interrupted = false;
        while (true) {
            try {
                if (threads.awaitTermination(1, TimeUnit.HOURS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
