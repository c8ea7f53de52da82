package ai.llm360.zoo.reproduce;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.EngineSettings;
import ai.llm360.common.config.PortableMode;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.finetune.FineTuning;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.run.PhasedRun;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.EndTokens;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Trains by a recipe: the whole of it, or one of its phases. What is learnt, the next token,
 * answers or preferences, is the recipe's {@code objective}.
 *
 * <p>Each phase has a run directory of its own, and begins with the weights that the one before
 * ended with. A recipe without phases is one phase, whose run is the directory itself.
 *
 * <pre>{@code
 * Pretraining training = Pretraining.builder()
 *     .setRecipe(Recipes.read("crystalcoder-nano").with("data.path=my-data"))
 *     .setOut(Path.of("my-run"))
 *     .optResuming(Pretraining.Resuming.UNCHANGED)
 *     .build();
 * List<Pretraining.Outcome> outcomes = training.run();
 * }</pre>
 */
public final class Pretraining {

    /** Decides how a run that has begun is resumed. */
    public enum Resuming {
        /** Not at all: it is an error. */
        REFUSED,
        /** It goes on as it was. One that hasn't begun begins, if it is a phase of several. */
        UNCHANGED,
        /** The same, with what may change changed, see {@link TrainingRun#resume}. */
        CHANGED
    }

    /**
     * Tells how a phase's training ended.
     *
     * @param phase the phase
     * @param run its run directory
     * @param plan what was to be trained
     * @param result how it ended, and where it stands
     * @param last the figures of the last step; absent if none was made
     */
    public record Outcome(
            TrainingPhase phase,
            Path run,
            TrainingPlan plan,
            TrainingResult result,
            Optional<StepMetrics> last) {}

    private final ConfigTree recipe;
    private final List<TrainingPhase> all;
    private final List<TrainingPhase> chosen;
    private final boolean onePhase;
    private final Path out;
    private final Path base;
    private final Device device;
    private final double peakFlops;
    private final Resuming resuming;
    private final List<TrainingListener> listeners;
    private volatile TrainingLoop loop;
    private volatile boolean stopped;

    private Pretraining(Builder builder) {
        recipe = builder.recipe;
        all = TrainingPhase.of(recipe);
        chosen = builder.phase == null ? all : List.of(TrainingPhase.find(all, builder.phase));
        onePhase = builder.phase != null;
        out = builder.out;
        base = builder.base;
        boolean portable = chosen.stream().anyMatch(p -> TrainingRun.config(p.recipe()).portable());
        if (portable) {
            PortableMode.apply(); // before libtorch is loaded
        }
        EngineSettings.apply();
        if (builder.device != null) {
            device = builder.device;
        } else {
            device = portable ? Device.cpu() : Engine.getEngine("PyTorch").defaultDevice();
        }
        peakFlops = builder.peakFlops;
        resuming = builder.resuming;
        listeners = List.copyOf(builder.listeners);
    }

    /**
     * Reads the recipe that a directory was trained by.
     *
     * @param directory that of a training in phases, or of one run
     * @return the recipe with all its phases, or the run's configuration
     * @throws ConfigException if there is neither, or it can't be understood
     * @throws IOException if it can't be read
     */
    public static ConfigTree savedRecipe(Path directory) throws IOException {
        return PhasedRun.exists(directory)
                ? ConfigTree.parse(PhasedRun.recipe(directory))
                : TrainingRun.savedConfig(directory);
    }

    /**
     * Plans a phase.
     *
     * @param phase a phase of a recipe, whose data may be absent if the recipe says how much it is
     * @param warnings gets what doesn't prevent the training, but may be a mistake
     * @return what it will take
     * @throws ConfigException if it can't be trained so
     * @throws IOException if its data can't be read
     */
    public static TrainingPlan plan(TrainingPhase phase, Consumer<String> warnings)
            throws IOException {
        TrainingConfig config = TrainingRun.config(phase.recipe());
        if (Files.exists(Path.of(config.data().path()).resolve(DataManifest.FILE_NAME))) {
            return planOnData(phase, warnings);
        }
        CausalDecoder decoder = Recipes.newDecoder(config);
        return TrainingPlan.of(config, decoder).training(FineTuning.trained(config, decoder));
    }

    private static TrainingPlan planOnData(TrainingPhase phase, Consumer<String> warnings)
            throws IOException {
        TrainingConfig config = TrainingRun.config(phase.recipe());
        CausalDecoder decoder = Recipes.newDecoder(config);
        try (TokenDataset data = TokenDataset.open(Path.of(config.data().path()))) {
            TrainingPlan plan =
                    TrainingPlan.of(config, decoder, data.manifest())
                            .training(FineTuning.trained(config, decoder));
            EndTokens.warning(decoder, data).ifPresent(warnings);
            return plan;
        }
    }

    /**
     * Trains until the last phase is finished, or until {@link #stop} is called. Before anything is
     * written, all that can be known to go wrong is an error.
     *
     * @return how each phase that was begun ended, those included that were finished before
     * @throws ConfigException if a phase can't be trained, or is to be resumed with a change that
     *     isn't allowed
     * @throws IllegalArgumentException if a phase doesn't fit into the device's memory
     * @throws ModelNotFoundException if the checkpoint to begin with doesn't exist
     * @throws ai.llm360.common.train.TrainingException as {@link TrainingLoop#run} does
     * @throws IOException if data can't be read, or a run can't be kept; what was saved is whole
     */
    public List<Outcome> run() throws IOException, ModelNotFoundException {
        chosen.forEach(this::checkBegin);
        for (TrainingPhase phase : chosen) {
            prepare(phase.recipe());
            planOnData(phase, warning -> {}).checkFits(device); // the loop warns
        }
        ConfigTree first = withStart(chosen.get(0));
        if (all.indexOf(chosen.get(0)) == 0) {
            FineTuning.check(TrainingRun.config(first));
        }
        if (!all.get(0).name().isEmpty()) {
            PhasedRecipe.keep(recipe, out, resuming, onePhase);
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (TrainingPhase phase : chosen) {
            Outcome outcome = train(phase, withStart(phase));
            outcomes.add(outcome);
            if (!outcome.result().finished()) {
                break;
            }
        }
        return outcomes;
    }

    /** A phase begins with whole weights, which the one before may not have. */
    private void checkBegin(TrainingPhase phase) {
        int index = all.indexOf(phase);
        boolean follows = index > 0 && phase.recipe().get("start.checkpoint").isEmpty();
        if (follows && TrainingRun.config(all.get(index - 1).recipe()).lora().r() > 0) {
            throw new ConfigException(
                    "phase %s would begin with an adapter, that of phase %s: train phase %2$s alone (--phase), merge it (llm360 merge), and give the result with --phase=%1$s --from"
                            .formatted(phase.name(), all.get(index - 1).name()));
        }
    }

    /** Makes a phase's rows of conversations, if its recipe says how and they aren't there. */
    private void prepare(ConfigTree recipe) throws IOException, ModelNotFoundException {
        Path data = Path.of(TrainingRun.config(recipe).data().path());
        Optional<ConfigTree> part = recipe.part(DataRecipes.PART);
        if (part.filter(DataRecipes::isConversations).isPresent() && !Files.exists(data)) {
            DataRecipes.prepareConversations(part.get(), base, data, null, null);
        }
    }

    /**
     * Asks for the end of the training after its current step, with a point to resume from. Any
     * thread may call it.
     */
    public void stop() {
        stopped = true;
        TrainingLoop running = loop;
        if (running != null) {
            running.stop();
        }
    }

    /**
     * Returns whether a phase is resumed rather than begun; of one without a name the user says so.
     */
    private boolean resumes(TrainingPhase phase) {
        return resuming != Resuming.REFUSED
                && (phase.name().isEmpty() || RunDirectory.exists(phase.in(out)));
    }

    private Outcome train(TrainingPhase phase, ConfigTree tree) throws IOException {
        Path directory = phase.in(out);
        CausalDecoder decoder = Recipes.newDecoder(TrainingRun.config(tree));
        TrainingConfig config = StartWeights.identify(TrainingRun.config(tree), decoder);
        boolean change = resuming == Resuming.CHANGED;
        try (TokenDataset dataset = TokenDataset.open(Path.of(config.data().path()));
                RunDirectory run =
                        resumes(phase)
                                ? TrainingRun.resume(directory, config, dataset.manifest(), change)
                                : TrainingRun.begin(directory, config, dataset.manifest());
                NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
            TrainingPlan plan = TrainingPlan.of(config, decoder, dataset.manifest());
            Optional<SavedState> finished = TrainingRun.finished(run, plan);
            if (finished.isPresent()) {
                TrainingResult result = new TrainingResult(true, finished.get().state());
                return new Outcome(phase, directory, plan, result, Optional.empty());
            }
            FineTuning tuning = FineTuning.of(config, decoder, dataset, manager);
            Map<String, byte[]> files = new LinkedHashMap<>(TrainingRun.modelFiles(config));
            files.putAll(tuning.files());
            LastStep last = new LastStep();
            TrainingLoop.Builder builder =
                    TrainingLoop.builder()
                            .setConfig(config)
                            .setDecoder(decoder)
                            .setDataset(dataset)
                            .setRun(run)
                            .setManager(manager)
                            .optObjective(tuning.objective())
                            .optTrainable(tuning.trainable())
                            .optFiles(files)
                            .optFlops(plan.flopsPerToken(), peakFlops)
                            .addListener(last);
            listeners.forEach(builder::addListener);
            loop = builder.build();
            if (stopped) {
                loop.stop();
            }
            TrainingResult result = loop.run();
            return new Outcome(phase, directory, plan, result, Optional.ofNullable(last.metrics));
        }
    }

    private static final class LastStep implements TrainingListener {

        private StepMetrics metrics;

        @Override
        public void onStep(StepMetrics step) {
            metrics = step;
        }
    }

    /**
     * Says what a phase begins with: what its recipe says, else what its run says if it has begun,
     * else where the phase before ended.
     */
    private ConfigTree withStart(TrainingPhase phase) throws IOException, ModelNotFoundException {
        ConfigTree tree = phase.recipe();
        Optional<Object> given = tree.get("start.checkpoint");
        if (given.isPresent()) {
            String text = given.get().toString();
            boolean found = Path.of(text).isAbsolute();
            return found ? tree : tree.with("start.checkpoint", Reference.resolve(text).toString());
        }
        int index = all.indexOf(phase);
        if (index == 0) {
            return tree;
        }
        if (resumes(phase)) {
            Optional<Object> start = TrainingRun.savedConfig(phase.in(out)).get("start");
            return start.isPresent() ? tree.with("start", start.get()) : tree;
        }
        return tree.with("start.checkpoint", end(all.get(index - 1)).toString());
    }

    private Path end(TrainingPhase phase) throws IOException {
        TrainingPlan plan = planOnData(phase, warning -> {});
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

    /** {@return a builder with all options at their defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link Pretraining}. */
    public static final class Builder {

        private ConfigTree recipe;
        private Path out;
        private Path base = Path.of("");
        private String phase;
        private Device device;
        private double peakFlops;
        private Resuming resuming = Resuming.REFUSED;
        private final List<TrainingListener> listeners = new ArrayList<>();

        private Builder() {}

        /** Sets the recipe, such as {@link Recipes#read} reads. */
        public Builder setRecipe(ConfigTree recipe) {
            this.recipe = recipe;
            return this;
        }

        /** Sets the run's directory, or that of all phases' runs. */
        public Builder setOut(Path out) {
            this.out = out;
            return this;
        }

        /**
         * Sets what the relative paths of conversation files start from; by default the working
         * directory.
         */
        public Builder optBase(Path directory) {
            base = directory;
            return this;
        }

        /** Sets the name of the only phase to train; null, the default, for all. */
        public Builder optPhase(String phase) {
            this.phase = phase;
            return this;
        }

        /** Sets the device; null, the default, for the first GPU, else the CPU. */
        public Builder optDevice(Device device) {
            this.device = device;
            return this;
        }

        /**
         * Sets the device's floating-point operations a second, for model FLOPs utilization; 0, the
         * default, if that isn't known.
         */
        public Builder optFlops(double peak) {
            peakFlops = peak;
            return this;
        }

        /** Sets how a run that has begun is resumed; by default not at all. */
        public Builder optResuming(Resuming how) {
            resuming = how;
            return this;
        }

        /** Adds a listener, which hears of each phase in turn. */
        public Builder addListener(TrainingListener listener) {
            listeners.add(listener);
            return this;
        }

        /**
         * Builds the training, which writes nothing yet.
         *
         * @throws IllegalArgumentException if the recipe or the directory is missing
         * @throws ConfigException if the recipe's phases can't be told apart, or it lacks the one
         *     to train
         */
        public Pretraining build() {
            if (recipe == null || out == null) {
                throw new IllegalArgumentException("a training needs setRecipe and setOut");
            }
            return new Pretraining(this);
        }
    }
}
