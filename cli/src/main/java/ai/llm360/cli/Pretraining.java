package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.EndTokens;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Trains the phases of a recipe, each in a run directory of its own and with the weights that the
 * one before ended with.
 *
 * @param out where the runs go: that of a phase without a name is this directory itself
 * @param device what to train on
 * @param peakFlops the device's operations a second, or 0 if that isn't known
 * @param resuming how a run that has begun is gone on with
 */
record Pretraining(
        Path out, Device device, double peakFlops, Resuming resuming, Terminal terminal) {

    /** What is done with a run that has begun already. */
    enum Resuming {
        /** Nothing: it is an error. */
        REFUSED,
        /** It goes on as it was. */
        UNCHANGED,
        /** It goes on, with what may change changed. */
        CHANGED
    }

    /**
     * How a phase's training ended.
     *
     * @param last the figures of the last step; null if there was none
     */
    record Outcome(
            TrainingPhase phase,
            Path run,
            TrainingPlan plan,
            TrainingResult result,
            StepMetrics last) {}

    /**
     * Plans a phase.
     *
     * @param dataNeeded whether it is an error if its data aren't there
     * @param warnings gets what doesn't prevent the training, but may be a mistake
     */
    static TrainingPlan plan(TrainingPhase phase, boolean dataNeeded, Consumer<String> warnings)
            throws IOException {
        TrainingConfig config = TrainingRun.config(phase.recipe());
        CausalDecoder decoder = Recipes.newDecoder(config);
        Path path = Path.of(config.data().path());
        if (!dataNeeded && !Files.exists(path.resolve(DataManifest.FILE_NAME))) {
            return TrainingPlan.of(config, decoder);
        }
        try (TokenDataset data = TokenDataset.open(path)) {
            TrainingPlan plan = TrainingPlan.of(config, decoder, data.manifest());
            EndTokens.warning(decoder, data).ifPresent(warnings);
            return plan;
        }
    }

    /** Finds out that a phase can't be trained before anything is written, or trained for days. */
    void check(List<TrainingPhase> all, List<TrainingPhase> chosen)
            throws IOException, ModelNotFoundException {
        for (TrainingPhase phase : chosen) {
            plan(phase, true, warning -> {}).checkFits(device); // the loop warns
        }
        withStart(chosen.get(0), all);
    }

    /**
     * Trains phases until the last one is finished, or one is stopped.
     *
     * @param all the phases of a recipe
     * @param chosen those to train, in order
     * @return how each of those that were begun ended
     */
    List<Outcome> train(List<TrainingPhase> all, List<TrainingPhase> chosen)
            throws IOException, ModelNotFoundException {
        List<Outcome> outcomes = new ArrayList<>();
        for (TrainingPhase phase : chosen) {
            Outcome outcome = train(phase, withStart(phase, all));
            outcomes.add(outcome);
            if (!outcome.result().finished()) {
                break;
            }
        }
        return outcomes;
    }

    /** Whether a phase goes on rather than begins. One without a name is told which by the user. */
    private boolean resumes(TrainingPhase phase) {
        return resuming != Resuming.REFUSED
                && (phase.name().isEmpty() || RunDirectory.exists(phase.in(out)));
    }

    private Outcome train(TrainingPhase phase, ConfigTree recipe) throws IOException {
        Path directory = phase.in(out);
        CausalDecoder decoder = Recipes.newDecoder(TrainingRun.config(recipe));
        TrainingConfig config = StartWeights.identify(TrainingRun.config(recipe), decoder);
        try (TokenDataset dataset = TokenDataset.open(Path.of(config.data().path()));
                RunDirectory run =
                        resumes(phase)
                                ? TrainingRun.resume(
                                        directory,
                                        config,
                                        dataset.manifest(),
                                        resuming == Resuming.CHANGED)
                                : TrainingRun.begin(directory, config, dataset.manifest());
                NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
            TrainingPlan plan = TrainingPlan.of(config, decoder, dataset.manifest());
            Optional<SavedState> finished = TrainingRun.finished(run, plan);
            if (finished.isPresent()) {
                TrainingResult result = new TrainingResult(true, finished.get().state());
                return new Outcome(phase, directory, plan, result, null);
            }
            TrainingJob.Outcome ended =
                    new TrainingJob(plan, decoder, dataset, peakFlops).run(run, manager, terminal);
            return new Outcome(phase, directory, plan, ended.result(), ended.last());
        }
    }

    /**
     * Says what a phase begins with: what its recipe says, else what its run says if it has begun,
     * else where the phase before ended.
     */
    private ConfigTree withStart(TrainingPhase phase, List<TrainingPhase> all)
            throws IOException, ModelNotFoundException {
        ConfigTree recipe = phase.recipe();
        Optional<Object> given = recipe.get("start.checkpoint");
        if (given.isPresent()) {
            String text = given.get().toString();
            boolean found = Path.of(text).isAbsolute();
            return found
                    ? recipe
                    : recipe.with("start.checkpoint", Reference.resolve(text).toString());
        }
        int index = all.indexOf(phase);
        if (index == 0) {
            return recipe;
        }
        if (resumes(phase)) {
            Optional<Object> start = TrainingRun.savedConfig(phase.in(out)).get("start");
            return start.isPresent() ? recipe.with("start", start.get()) : recipe;
        }
        return recipe.with("start.checkpoint", end(all.get(index - 1)).toString());
    }

    private Path end(TrainingPhase phase) throws IOException {
        TrainingPlan plan = plan(phase, true, warning -> {});
        try (RunDirectory run = RunDirectory.open(phase.in(out))) {
            return TrainingRun.finished(run, plan)
                    .orElseThrow(
                            () ->
                                    new ConfigException(
                                            "%s has not reached its last step, %d; finish it first, or give --from"
                                                    .formatted(run.path(), plan.steps())))
                    .path()
                    .toAbsolutePath();
        }
    }
}
