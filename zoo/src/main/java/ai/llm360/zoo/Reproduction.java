package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataPreparation;
import ai.llm360.common.torch.Machine;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a published series anew: its data, its training, and the comparison of the two.
 *
 * <pre>{@code
 * PortableMode.apply(); // before libtorch is loaded: the recipe is a portable one
 * Reproduction reproduction = Reproduction.of("amber-nano");
 * for (TrainingPhase phase : reproduction.phases(data)) {
 *     Reproduction.data(phase).build().prepare();
 *     TrainingConfig config = TrainingRun.config(phase.recipe());
 *     // a TrainingLoop trains by it into phase.in(run), from where the phase before ended
 * }
 * ReproductionResult result = reproduction.result(run);
 * }</pre>
 */
public final class Reproduction {

    private final EmbeddedSeries embedded;
    private final Series published;
    private final ConfigTree recipe;
    private final Path home;

    Reproduction(EmbeddedSeries embedded, ConfigTree recipe, Path home) throws IOException {
        this.embedded = embedded;
        this.recipe = recipe;
        this.published = embedded.series();
        this.home = home;
    }

    /**
     * Returns the reproduction of a series that comes with the library.
     *
     * @param model the series' model, such as {@code amber-nano}, which is also its recipe's name
     * @return its reproduction
     * @throws ModelNotFoundException if the library brings no such series
     * @throws IOException if reading fails
     */
    public static Reproduction of(String model) throws ModelNotFoundException, IOException {
        EmbeddedSeries embedded = EmbeddedSeries.of(model);
        return new Reproduction(embedded, Recipes.read(model), ModelHome.directory());
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
     * Returns whether the recipe asks for the same bits on every x86-64 Linux. Then {@link
     * ai.llm360.common.config.PortableMode#apply} must be called before libtorch is loaded.
     *
     * @return whether one of its phases does
     */
    public boolean isPortable() {
        return TrainingPhase.of(recipe).stream()
                .anyMatch(phase -> TrainingRun.config(phase.recipe()).portable());
    }

    /**
     * Returns how the series was trained.
     *
     * @param data the directory that its data goes into
     * @return the phases of its recipe, with data in that directory; one without a name if the
     *     recipe has none
     */
    public List<TrainingPhase> phases(Path data) {
        return phases(recipe, data);
    }

    static List<TrainingPhase> phases(ConfigTree recipe, Path data) {
        return TrainingPhase.of(recipe).stream()
                .map(
                        phase ->
                                new TrainingPhase(
                                        phase.name(),
                                        phase.recipe()
                                                .with("data.path", phase.in(data).toString())))
                .toList();
    }

    /**
     * Begins to make the data that a phase is trained on.
     *
     * @param phase one of {@link #phases}
     * @return a preparation by its recipe, into the directory that it reads
     * @throws IOException if the tokenizer can't be copied into the model home
     */
    public static DataPreparation.Builder data(TrainingPhase phase) throws IOException {
        ConfigTree part = phase.recipe().part(DataRecipes.PART).orElseThrow();
        Path target = Path.of(phase.recipe().get("data.path").orElseThrow().toString());
        return DataPreparation.builder()
                .setRecipe(DataRecipes.bind(part))
                .setTarget(target)
                .optCache(DataCache.maven());
    }

    /**
     * Compares a run that this process has just finished with the series.
     *
     * @param run the run's directory
     * @return what was found
     * @throws ai.llm360.common.run.RunException if the run lacks a checkpoint of the series
     * @throws IOException if reading fails, or a published checkpoint can't be copied into the home
     */
    public ReproductionResult result(Path run) throws IOException {
        return new ReproductionResult(published.madeOn(), Machine.here(), compare(run));
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
        return compare(run, published.checkpoints());
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
        int last = published.checkpoints().indexOf(published.checkpoint(checkpoint));
        List<SeriesCheckpoint> wanted = published.checkpoints().subList(0, last + 1);
        return compare(run, wanted).get(last);
    }

    private List<CheckpointComparison> compare(Path run, List<SeriesCheckpoint> wanted)
            throws IOException {
        List<TrainedCheckpoint> trained = TrainedCheckpoint.of(run, wanted);
        List<CheckpointComparison> comparisons = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            comparisons.add(
                    CheckpointComparison.of(
                            wanted.get(i),
                            embedded.copyInto(home, wanted.get(i).name()),
                            trained.get(i).saved().path(),
                            trained.get(i).loss()));
        }
        return comparisons;
    }
}
