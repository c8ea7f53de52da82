package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a run with the published series of its recipe.
 *
 * <pre>{@code
 * Reproduction reproduction = Reproduction.of("amber-nano");
 * boolean identical =
 *         reproduction.compare(run).stream().allMatch(CheckpointComparison::identical);
 * }</pre>
 */
public final class Reproduction {

    private final EmbeddedSeries embedded;
    private final Series published;
    private final Path home;

    Reproduction(EmbeddedSeries embedded, Path home) throws IOException {
        this.embedded = embedded;
        this.published = embedded.series();
        this.home = home;
    }

    /**
     * Returns what compares runs with a series that comes with the library.
     *
     * @param model the series' model, such as {@code amber-nano}
     * @return what compares runs with it
     * @throws ModelNotFoundException if the library brings no such series
     * @throws IOException if reading fails
     */
    public static Reproduction of(String model) throws ModelNotFoundException, IOException {
        return new Reproduction(EmbeddedSeries.of(model), ModelHome.get().root());
    }

    /**
     * Returns what runs are compared with.
     *
     * @return the published series
     */
    public Series published() {
        return published;
    }

    /**
     * Compares a finished run.
     *
     * @param run the run's directory
     * @return how each checkpoint of the series compares, first to last
     * @throws ai.llm360.common.run.RunException if the run lacks one of them
     * @throws IOException if reading fails, or a published checkpoint can't be copied into the home
     */
    public List<CheckpointComparison> compare(Path run) throws IOException {
        List<CheckpointComparison> comparisons = new ArrayList<>();
        for (TrainedCheckpoint trained : TrainedCheckpoint.of(run, published.names())) {
            comparisons.add(compare(trained));
        }
        return comparisons;
    }

    /**
     * Compares one checkpoint of a run that may not be finished yet.
     *
     * @param run the run's directory
     * @param checkpoint a checkpoint of the series that the run has reached
     * @return how it compares
     * @throws IllegalArgumentException if the series has no such checkpoint
     * @throws ai.llm360.common.run.RunException if the run lacks it or one before it
     * @throws IOException if reading fails, or a published checkpoint can't be copied into the home
     */
    public CheckpointComparison compare(Path run, String checkpoint) throws IOException {
        int last = published.names().indexOf(published.checkpoint(checkpoint).name());
        List<String> names = published.names().subList(0, last + 1);
        return compare(TrainedCheckpoint.of(run, names).get(last));
    }

    private CheckpointComparison compare(TrainedCheckpoint trained) throws IOException {
        String name = trained.saved().name();
        return CheckpointComparison.of(
                published.checkpoint(name),
                embedded.copyInto(home, name),
                trained.saved().path(),
                trained.loss());
    }
}
