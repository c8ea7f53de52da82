package ai.llm360.zoo.catalogue;

import ai.djl.util.Progress;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.hub.TransferListener;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;

/**
 * Collects how published checkpoints did in evaluations, by their makers: each branch of Amber has
 * a file {@code eval_arc.json}, and one for each other {@link Task}.
 *
 * <pre>{@code
 * Zoo zoo = Zoo.ofEnvironment();
 * PublishedResults results =
 *         PublishedResults.read(
 *                 zoo.client(), Task.ARC, zoo.catalogue().checkpoints("amber"), null);
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

        /** {@return the file that a branch has of this task, such as {@code eval_arc.json}} */
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
        try (Workers workers = new Workers("llm360-results", AT_ONCE)) {
            List<Future<Row>> futures = new ArrayList<>();
            for (PublishedCheckpoint checkpoint : checkpoints) {
                futures.add(workers.submit(() -> row(hub, task, checkpoint)));
            }
            List<Row> rows = new ArrayList<>();
            for (Future<Row> future : futures) {
                rows.add(Workers.await(future));
                if (progress != null) {
                    progress.increment(1);
                }
            }
            if (progress != null) {
                progress.end();
            }
            return new PublishedResults(task, rows);
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
                                            TransferListener.none()));
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

    /** {@return the names of the metrics, such as {@code acc_norm}, in the files' order} */
    public List<String> metrics() {
        Set<String> names = new LinkedHashSet<>();
        for (Row row : rows) {
            row.scores().map(Scores::metrics).map(Map::keySet).ifPresent(names::addAll);
        }
        return List.copyOf(names);
    }
}
