package ai.llm360.zoo.reproduce;

import ai.djl.Device;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataPreparation;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.torch.Machine;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.source.TrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a published series anew: its data, its training, and the comparison of the two.
 *
 * <pre>{@code
 * Reproduction reproduction = Reproduction.of("amber-nano");
 * for (TrainingPhase phase : reproduction.phases(data)) {
 *     Reproduction.data(phase).build().prepare();
 * }
 * reproduction.training(data, run).build().run();
 * ReproductionResult result = reproduction.result(run);
 * }</pre>
 */
public final class Reproduction {

    private final EmbeddedSeries embedded;
    private final SeriesFile published;
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
     * @throws ModelNotFoundException if the library brings no such series
     */
    public static Reproduction of(String model) throws ModelNotFoundException, IOException {
        EmbeddedSeries embedded = EmbeddedSeries.of(model);
        return new Reproduction(embedded, Recipes.read(model), Zoo.ofEnvironment().home());
    }

    /** {@return the published series that runs are compared with} */
    public SeriesFile published() {
        return published;
    }

    /**
     * Returns whether the recipe asks for the same bits on every x86-64 Linux. {@link Pretraining}
     * then sets the portable mode, which must be before libtorch is loaded.
     */
    public boolean isPortable() {
        return TrainingPhase.of(recipe).stream()
                .anyMatch(phase -> TrainingRun.config(phase.recipe()).portable());
    }

    /**
     * {@return the phases of the recipe, with data in a directory; one without a name if the recipe
     * has none}
     *
     * @param data the directory that its data goes into
     */
    public List<TrainingPhase> phases(Path data) {
        return phases(recipe, data);
    }

    public static List<TrainingPhase> phases(ConfigTree recipe, Path data) {
        return TrainingPhase.of(recipe.with("data.path", data.toString()));
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
                .optCache(Zoo.ofEnvironment().dataCache());
    }

    /**
     * Begins the training, on the CPU.
     *
     * @param data the directory of the phases' data
     * @param run the directory that the runs go into
     * @return a training by the series' recipe
     */
    public Pretraining.Builder training(Path data, Path run) {
        return Pretraining.builder()
                .setRecipe(recipe.with("data.path", data.toString()))
                .setOut(run)
                .optDevice(Device.cpu());
    }

    /** Compares a run that this process has just finished with the series: see {@link #compare}. */
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
     * Compares one checkpoint of a run that may not be finished yet, and needs those before it.
     *
     * @param run the run's directory
     * @param checkpoint a checkpoint of the series that the run has reached
     * @throws IllegalArgumentException if the series has no such checkpoint
     * @throws ai.llm360.common.run.RunException if the run lacks it or one before it
     */
    public CheckpointComparison compare(Path run, String checkpoint) throws IOException {
        int last = published.checkpoints().indexOf(published.checkpoint(checkpoint));
        List<SeriesCheckpoint> wanted = published.checkpoints().subList(0, last + 1);
        return compare(run, wanted).get(last);
    }

    private List<CheckpointComparison> compare(Path run, List<SeriesCheckpoint> wanted)
            throws IOException {
        Map<String, TrainedModel.Source> trained = new HashMap<>();
        TrainedModel.of(run, true).checkpoints().forEach(anew -> trained.put(anew.name(), anew));
        List<CheckpointComparison> comparisons = new ArrayList<>();
        for (SeriesCheckpoint one : wanted) {
            TrainedModel.Source anew = trained.get(one.name());
            Path weights =
                    anew != null
                            ? anew.directory()
                            : SavedState.open(run.resolve(one.name())).path(); // says what lacks
            double loss = anew == null ? Double.NaN : anew.standing().loss().orElse(Double.NaN);
            comparisons.add(
                    CheckpointComparison.of(
                            one, embedded.copyInto(home, one.name()), weights, loss));
        }
        return comparisons;
    }
}
