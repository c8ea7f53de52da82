package ai.llm360.zoo.hub;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Threads for one piece of work; closing it interrupts them and waits until they are gone. */
final class Workers implements Closeable {

    private final ExecutorService threads;

    Workers(int count) {
        threads =
                Executors.newFixedThreadPool(
                        count,
                        task -> {
                            Thread thread = new Thread(task, "hub-download");
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    void start(Runnable task) {
        threads.execute(task);
    }

    /** Runs tasks to their end, or until the first, in their order, has failed. */
    void all(List<Callable<Void>> tasks) throws IOException {
        List<Future<Void>> futures = new ArrayList<>();
        tasks.forEach(task -> futures.add(submit(task)));
        for (Future<Void> future : futures) {
            await(future);
        }
    }

    Future<Void> submit(Callable<Void> task) {
        return threads.submit(task);
    }

    /** Waits for a task, and fails as it has. */
    static void await(Future<Void> task) throws IOException {
        try {
            task.get();
        } catch (InterruptedException e) {
            throw Pause.interrupted();
        } catch (ExecutionException e) {
            rethrow(e.getCause());
        }
    }

    private static void rethrow(Throwable failure) throws IOException {
        if (failure instanceof IOException io) {
            throw io;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure; // tasks throw no other checked exceptions
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
