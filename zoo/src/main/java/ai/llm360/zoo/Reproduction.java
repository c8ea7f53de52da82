package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataPreparation;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a published series anew: its data, its training, and the comparison of the two.
 *
 * <pre>{@code
 * Reproduction reproduction = Reproduction.of("amber-nano");
 * reproduction.data().setTarget(data).build().prepare();
 * TrainingConfig config = reproduction.config(data);
 * // a TrainingLoop trains by it into the directory run
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
        return new Reproduction(embedded, Recipes.read(model), ModelHome.get().root());
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
     * Begins to make the data that the series was trained on.
     *
     * @return a preparation by the recipe, which lacks its target
     * @throws IOException if the tokenizer can't be copied into the model home
     */
    public DataPreparation.Builder data() throws IOException {
        return data(recipe);
    }

    static DataPreparation.Builder data(ConfigTree recipe) throws IOException {
        ConfigTree part = recipe.part(DataRecipes.PART).orElseThrow();
        return DataPreparation.builder().setRecipe(DataRecipes.bind(part));
    }

    /**
     * Returns how the series was trained.
     *
     * @param data the directory that the data was made in
     * @return the configuration
     */
    public TrainingConfig config(Path data) {
        return config(recipe, data);
    }

    static TrainingConfig config(ConfigTree recipe, Path data) {
        return TrainingRun.config(recipe.with("data.path", data.toString()));
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
        return new ReproductionResult(published.madeOn(), Series.Machine.here(), compare(run));
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
