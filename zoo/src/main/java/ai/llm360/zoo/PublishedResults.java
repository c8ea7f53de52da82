package ai.llm360.zoo;

import ai.djl.util.Progress;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubSnapshot;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How published checkpoints did in evaluations, as their makers published it: each branch of Amber
 * has a file {@code eval_arc.json}, and one for each other {@link Task}.
 *
 * <pre>{@code
 * HubClient hub = HubClient.builder().setSettings(HubSettings.ofEnvironment()).build();
 * PublishedResults results =
 *         PublishedResults.read(hub, Task.ARC, Catalogue.current().checkpoints("amber"), null);
 * }</pre>
 *
 * @param task the task
 * @param rows one for each checkpoint that was asked for, in that order
 */
public record PublishedResults(Task task, List<Row> rows) {

    private static final int AT_ONCE = 4;

    /** A task, with the conditions that Amber's evaluation script gives it. */
    public enum Task {
        /** {@code arc_challenge}, 25 examples in the prompt. */
        ARC,
        /** {@code hellaswag}, 10 examples. */
        HELLASWAG,
        /** The 57 tasks {@code hendrycksTest-…}, 5 examples; their unweighted mean counts. */
        MMLU,
        /** {@code truthfulqa_mc}, no examples. */
        TRUTHFULQA;

        /**
         * Returns the file that a branch has of this task.
         *
         * @return such as {@code eval_arc.json}
         */
        public String file() {
            return "eval_" + name().toLowerCase(Locale.ROOT) + ".json";
        }
    }

    /**
     * A checkpoint's result.
     *
     * @param checkpoint the checkpoint
     * @param scores the scores; absent if there are none
     * @param missing why there are none
     */
    public record Row(
            PublishedCheckpoint checkpoint, Optional<Scores> scores, Optional<String> missing) {}

    /** Copies the list. */
    public PublishedResults {
        rows = List.copyOf(rows);
    }

    /**
     * Collects results, through the Hub's cache.
     *
     * @param hub the client
     * @param task the task
     * @param checkpoints whose results
     * @param progress is told of checkpoints; may be null
     * @return a row for each; one that lacks its file, or whose file isn't in the cache while
     *     connections are off, says so
     * @throws HubException if the Hub can't be reached, or refuses this user
     * @throws IOException if the cache can't be read or written
     */
    public static PublishedResults read(
            HubClient hub, Task task, List<PublishedCheckpoint> checkpoints, Progress progress)
            throws IOException {
        if (progress != null) {
            progress.reset("results of checkpoints", checkpoints.size());
        }
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<Row>> futures = new ArrayList<>();
            for (PublishedCheckpoint checkpoint : checkpoints) {
                futures.add(threads.submit(() -> row(hub, task, checkpoint)));
            }
            List<Row> rows = new ArrayList<>();
            for (Future<Row> future : futures) {
                rows.add(get(future));
                if (progress != null) {
                    progress.increment(1);
                }
            }
            if (progress != null) {
                progress.end();
            }
            return new PublishedResults(task, rows);
        } finally {
            threads.shutdownNow();
        }
    }

    private static Row get(Future<Row> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while results were collected");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static Row row(HubClient hub, Task task, PublishedCheckpoint checkpoint)
            throws IOException {
        HubSnapshot found;
        try {
            found =
                    PublishedRepository.first(
                            hub,
                            checkpoint.repository(),
                            name ->
                                    hub.snapshot(
                                            name,
                                            checkpoint.revision(),
                                            task.file()::equals,
                                            null));
        } catch (HubException e) {
            return switch (e.getReason()) {
                case NOT_FOUND -> missing(checkpoint, "no " + task.file());
                case OFFLINE -> missing(checkpoint, "not in the cache, and connections are off");
                default -> throw e;
            };
        }
        Optional<Scores> scores =
                Scores.read(
                        new String(
                                Files.readAllBytes(found.path(found.files().get(0))),
                                StandardCharsets.UTF_8));
        return scores.isPresent()
                ? new Row(checkpoint, scores, Optional.empty())
                : missing(checkpoint, task.file() + " holds no results");
    }

    private static Row missing(PublishedCheckpoint checkpoint, String why) {
        return new Row(checkpoint, Optional.empty(), Optional.of(why));
    }

    /**
     * Returns what was measured.
     *
     * @return the names of the metrics, such as {@code acc_norm}, in the files' order
     */
    public List<String> metrics() {
        Set<String> names = new LinkedHashSet<>();
        for (Row row : rows) {
            row.scores().map(Scores::metrics).map(Map::keySet).ifPresent(names::addAll);
        }
        return List.copyOf(names);
    }
}
