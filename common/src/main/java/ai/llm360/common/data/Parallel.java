package ai.llm360.common.data;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Threads for work whose results don't depend on how many there are. */
final class Parallel implements AutoCloseable {

    /** Work that may fail. */
    interface Task<T> {
        T run() throws IOException;
    }

    private final int count;
    private final ExecutorService threads;

    Parallel(int count) {
        this.count = count;
        if (count < 1) {
            throw new IllegalArgumentException("at least 1 thread is needed, not " + count);
        }
        threads =
                Executors.newFixedThreadPool(
                        count,
                        task -> {
                            Thread thread = new Thread(task, "llm360-data");
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    /** Returns the number of threads. */
    int count() {
        return count;
    }

    <T> Future<T> submit(Task<T> task) {
        return threads.submit(task::run);
    }

    /** Runs tasks and returns their results in the tasks' order; the first failure is thrown. */
    <T> List<T> all(List<Task<T>> tasks) throws IOException {
        List<Future<T>> futures = tasks.stream().map(this::submit).toList();
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(get(future));
        }
        return results;
    }

    static <T> T get(Future<T> future) throws IOException {
        try {
            return future.get();
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

    /** Stops what is still running and waits for it, so that nothing writes any more. */
    @Override
    public void close() {
        threads.shutdownNow();
        boolean interrupted = false;
        while (true) {
            try {
                if (threads.awaitTermination(1, TimeUnit.MINUTES)) {
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
