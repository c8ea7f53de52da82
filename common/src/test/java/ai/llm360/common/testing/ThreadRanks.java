package ai.llm360.common.testing;

import ai.djl.ndarray.NDArray;
import ai.llm360.common.train.Collective;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/** Ranks that are threads of one process. They add up in the order of their numbers. */
public final class ThreadRanks {

    private final Phaser barrier;
    private final List<List<NDArray>> shown = new ArrayList<>();
    private final AtomicReference<Throwable> first = new AtomicReference<>();

    private ThreadRanks(int size) {
        barrier = new Phaser(size);
        for (int i = 0; i < size; i++) {
            shown.add(List.of());
        }
    }

    /**
     * Runs the same work on each rank, and returns their results in the order of ranks. Where ranks
     * fail, throws the exception of the one that failed first: it is why the others did.
     */
    public static <T> List<T> run(int size, Function<Collective, Callable<T>> work)
            throws Exception {
        ThreadRanks ranks = new ThreadRanks(size);
        ExecutorService threads = Executors.newFixedThreadPool(size);
        try {
            List<Future<T>> begun = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                Callable<T> one = work.apply(ranks.new Rank(i));
                begun.add(threads.submit(() -> ranks.leaving(one)));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : begun) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw ranks.first.get() instanceof Exception cause ? cause : e;
        } finally {
            threads.shutdownNow();
        }
    }

    /** The others don't wait for one that has failed. */
    private <T> T leaving(Callable<T> work) throws Exception {
        try {
            return work.call();
        } catch (Exception | Error e) {
            first.compareAndSet(null, e);
            barrier.forceTermination();
            throw e;
        }
    }

    private void await() {
        if (barrier.arriveAndAwaitAdvance() < 0) {
            throw new IllegalStateException("another rank is lost");
        }
    }

    private final class Rank implements Collective {

        private final int rank;

        Rank(int rank) {
            this.rank = rank;
        }

        @Override
        public int rank() {
            return rank;
        }

        @Override
        public int worldSize() {
            return shown.size();
        }

        @Override
        public void allReduce(Collection<NDArray> arrays) {
            exchange(
                    arrays,
                    i -> {
                        List<NDArray> all = shown.stream().map(list -> list.get(i)).toList();
                        NDArray sum = all.get(0).duplicate();
                        all.subList(1, all.size()).forEach(sum::addi);
                        return sum;
                    });
        }

        @Override
        public void broadcast(Collection<NDArray> arrays) {
            exchange(arrays, i -> shown.get(0).get(i).duplicate());
        }

        @Override
        public List<NDArray> allGather(NDArray array) {
            List<NDArray> copies = new ArrayList<>();
            show(List.of(array));
            for (List<NDArray> one : shown) {
                copies.add(one.get(0).duplicate());
            }
            copies.forEach(copy -> copy.attach(array.getManager()));
            await();
            return copies;
        }

        private void show(List<NDArray> arrays) {
            shown.set(rank, arrays);
            await();
        }

        /** Replaces each array by what it comes to, once all ranks have computed theirs. */
        private void exchange(Collection<NDArray> arrays, Function<Integer, NDArray> result) {
            List<NDArray> own = List.copyOf(arrays);
            show(own);
            List<NDArray> results = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                results.add(result.apply(i));
            }
            await();
            for (int i = 0; i < own.size(); i++) {
                try (NDArray value = results.get(i)) {
                    own.get(i).toByteBuffer(true).put(value.toByteBuffer(true));
                }
            }
            await();
        }
    }
}
