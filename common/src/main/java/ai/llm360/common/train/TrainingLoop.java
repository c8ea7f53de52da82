package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.MemoryBudget;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.RunLog;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StateContents;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.TrainingState;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.torch.ArraySource;
import ai.llm360.common.train.Objective.MicroBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Trains a decoder: for each chunk of the data, for each step of the chunk, one update.
 *
 * <p>It follows LLM360/amber-train's {@code main.py}: rows in the order of {@link
 * ai.llm360.common.data.DataOrder}, the mean cross-entropy of every next token, the rate of {@link
 * LearningRate}, gradients clipped to a global norm, an update, and a checkpoint after each chunk.
 * Unlike there, a run that is interrupted anywhere and resumed gives the same bits as one that
 * isn't. What else a training may vary is given to it: the loss is an {@link Objective}, the
 * weights that change a {@link Trainable}, the processes that share a step a {@link Collective}.
 *
 * <p>{@link #run} begins where the run directory stands: at its newest saved state, or else with
 * the weights of {@link TrainingConfig#start} (an adapter's base is the decoder's own), or else
 * with the decoder's own if it has some, or else with weights drawn from the seed. A saved state
 * holds the weights of the whole model, frozen ones included, and the optimizer's means of those
 * that are trained; so a run is resumed with the same ones trainable as before.
 *
 * <p>Several processes begin with the weights of the first one. Each takes the same number of a
 * step's rows: rank r of W the r-th part of W. The norm, and so the clipping, and the check for
 * what isn't finite come after gradients and loss have been summed over all. The first process
 * alone has the run directory, logs, validates and saves; listeners of the others hear of steps and
 * events.
 *
 * <p>It is longer than other files because the whole loop is here to be read from top to bottom,
 * and its builder below.
 */
public final class TrainingLoop {

    private final TrainingConfig config;
    private final CausalDecoder decoder;
    private final TokenDataset dataset;
    private final RunDirectory directory;
    private final NDManager manager;
    private final Map<String, byte[]> files;
    private final List<TrainingListener> listeners;
    private final Objective objective;
    private final Trainable trainable;
    private final Collective collective;
    private final double flopsPerToken;
    private final double peakFlops;

    private final TrainingPlan plan;
    private final Cursor cursor;
    private final LearningRate rates;
    private final HeldOutLoss validation;
    private DecoderGradients gradients;
    private WeightUpdate optimizer;
    private RunLog log;

    private int anomalies;
    private long validated = -1;
    private volatile boolean stopped;

    private TrainingLoop(Builder builder) {
        config = builder.config;
        decoder = builder.decoder;
        dataset = builder.dataset;
        directory = builder.directory;
        manager = builder.manager;
        files = builder.files;
        listeners = builder.listeners;
        objective = builder.objective;
        trainable = builder.trainable == null ? Trainable.of(decoder) : builder.trainable;
        collective = builder.collective;
        flopsPerToken = builder.flopsPerToken;
        peakFlops = builder.peakFlops;
        plan = TrainingPlan.of(config, decoder, dataset.manifest());
        cursor = new Cursor(plan, dataset.manifest().rowsPerChunk());
        rates = new LearningRate(config.schedule(), plan.steps());
        validation = new HeldOutLoss(dataset, config, objective);
    }

    /**
     * Trains until the last step, or until {@link #stop} is called.
     *
     * @throws IOException if the data can't be read, or a state can't be saved or restored; what
     *     was saved before is whole
     * @throws TrainingException if a loss or a gradient is NaN or infinite and the policy is to
     *     fail, or the data has no such place as the run stands at
     * @throws ai.llm360.common.config.ConfigException if the checkpoint to begin with holds other
     *     weights than the run was begun with, or {@link TrainingConfig#portable} is wanted in a
     *     process that isn't in that mode
     * @throws IllegalArgumentException if a weight to train isn't float32, or none is
     */
    public TrainingResult run() throws IOException {
        warn(RunMachine.checkPortable(config, manager.getDevice()));
        TrainedWeights.begin(decoder, manager, config.seed());
        boolean bfloat16 = config.precision() == TrainingConfig.Precision.BF16;
        try (DecoderGradients made =
                        new DecoderGradients(trainable, bfloat16, config.recomputeLayers());
                WeightUpdate update =
                        new WeightUpdate(manager, config.optimizer(), made.weights())) {
            gradients = made;
            optimizer = update;
            restore();
            try (RunLog opened = keepsRun() ? directory.openLog(cursor.step()) : null) {
                log = opened;
                begin();
                while (!cursor.atEnd() && goesOn()) {
                    trainOnChunk();
                }
                boolean finished = cursor.atEnd() || cursor.step() >= plan.steps();
                TrainingResult result = new TrainingResult(finished, state());
                listeners.forEach(listener -> listener.onEnd(result));
                return result;
            }
        }
    }

    /**
     * Asks the loop to end after its current step, with a point to resume from. Any thread may call
     * it. Of several processes one is enough: all end after the same step.
     */
    public void stop() {
        stopped = true;
    }

    private boolean keepsRun() {
        return collective.rank() == 0;
    }

    private void begin() throws IOException {
        listeners.forEach(listener -> listener.onBegin(plan));
        if (keepsRun()) {
            warn(EndTokens.warning(decoder, dataset));
            warn(RunMachine.record(directory.path(), log, cursor.step()));
        }
    }

    private void warn(Optional<String> warning) {
        warning.ifPresent(text -> listeners.forEach(listener -> listener.onWarning(text)));
    }

    private boolean goesOn() {
        return cursor.step() < plan.steps() && sum(stopped ? 1 : 0) == 0;
    }

    private void trainOnChunk() throws IOException {
        try (TokenChunk rows = dataset.openChunk(cursor.dataChunk())) {
            while (!cursor.atChunkEnd() && goesOn()) {
                trainOnBatch(rows, cursor.rows());
                saveBetweenCheckpoints();
            }
        }
        if (cursor.atChunkEnd()) {
            int done = cursor.nextChunk();
            validate();
            saveCheckpoint(done);
        } else {
            if (cursor.step() >= plan.steps()) {
                validate();
            }
            saveResumePoint();
        }
    }

    /** One step: the gradients of all micro-batches, clipped, and an update. */
    private void trainOnBatch(TokenChunk chunk, long[] rows) throws IOException {
        long began = System.nanoTime();
        double rate = rates.at(cursor.step());
        double divisor = objective.divisor(chunk, rows);
        int micro = config.batch().micro() * config.objective().rows();
        int own = rows.length / collective.worldSize();
        int first = collective.rank() * own;
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int i = first; i < first + own; i += micro) {
            long[] numbers = Arrays.copyOfRange(rows, i, i + micro);
            gradients.setStep(cursor.step(), i);
            try (MicroBatch batch = Batches.of(manager, chunk, numbers, objective.layout())) {
                objective
                        .add(gradients, batch, divisor)
                        .forEach((name, part) -> figures.merge(name, part, Double::sum));
            }
        }
        figures.replaceAll((name, part) -> sum(part));
        double loss = figures.remove(Objective.LOSS);
        collective.allReduce(gradients.gradients().values());
        double norm = optimizer.clip(gradients.gradients(), config.clip());
        boolean finite = Double.isFinite(loss) && Double.isFinite(norm);
        if (finite) {
            optimizer.update(gradients.gradients(), rate);
            decoder.weightsChanged();
            anomalies = 0;
        }
        gradients.clear();
        if (!finite) {
            handleAnomaly(loss, norm, rows);
            return;
        }
        long seen = plan.tokensPerStep();
        cursor.advance(seen);
        double speed = seen / ((System.nanoTime() - began) / 1e9);
        report(loss, rate, norm, speed, figures);
        if (config.validation().every() > 0 && cursor.step() % config.validation().every() == 0) {
            validate();
        }
    }

    /** Returns the sum over all processes. */
    private double sum(double value) {
        if (collective.worldSize() == 1) {
            return value;
        }
        try (NDArray sum = manager.create(new double[] {value})) {
            collective.allReduce(List.of(sum));
            return sum.toDoubleArray()[0];
        }
    }

    /** The weights are as they were; what follows is the policy's. */
    private void handleAnomaly(double loss, double norm, long[] rows) throws IOException {
        TrainingConfig.Anomaly.Policy policy = config.anomaly().policy();
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("loss", loss);
        details.put("grad_norm", norm);
        details.put("chunk", cursor.chunk());
        details.put("step_in_chunk", cursor.stepInChunk());
        details.put("rows", Arrays.stream(rows).boxed().toList());
        details.put("policy", policy.name().toLowerCase(Locale.ROOT));
        anomalies++;
        boolean fail =
                policy == TrainingConfig.Anomaly.Policy.FAIL
                        || anomalies > config.anomaly().limit();
        record("non_finite", details);
        if (fail) {
            saveResumePoint();
            throw new TrainingException(
                    ("step %d: the loss is %s and the gradient's norm %s, in chunk %d (%d such"
                         + " steps in a row; events.jsonl names the rows); the weights before it"
                         + " are saved: resume with another anomaly.policy (skip_batch, skip_chunk,"
                         + " reseed), a smaller schedule.peak, or other data")
                            .formatted(cursor.step(), loss, norm, cursor.chunk(), anomalies));
        }
        switch (policy) {
            case SKIP_CHUNK -> cursor.skipChunk();
            case RESEED -> {
                cursor.reseed();
                cursor.advance(0);
            }
            default -> cursor.advance(0);
        }
    }

    private void report(
            double loss, double rate, double norm, double speed, Map<String, Double> figures)
            throws IOException {
        StepMetrics metrics =
                new StepMetrics(
                        cursor.step(),
                        loss,
                        rate,
                        norm,
                        cursor.tokens(),
                        speed,
                        peakFlops > 0
                                ? OptionalDouble.of(speed * flopsPerToken / peakFlops)
                                : OptionalDouble.empty(),
                        MemoryBudget.used(manager.getDevice()),
                        figures);
        if (keepsRun()) {
            log.metrics(metrics);
        }
        listeners.forEach(listener -> listener.onStep(metrics));
    }

    private void validate() throws IOException {
        if (!keepsRun() || config.validation().every() == 0 || validated == cursor.step()) {
            return;
        }
        validated = cursor.step();
        List<ValidationLoss> losses = validation.compute(validated, manager, gradients);
        for (ValidationLoss loss : losses) {
            log.validation(loss);
        }
        listeners.forEach(listener -> listener.onValidation(losses));
    }

    private void saveBetweenCheckpoints() throws IOException {
        long every = config.checkpoints().everySteps();
        if (every > 0 && cursor.step() % every == 0 && !cursor.atChunkEnd()) {
            saveResumePoint();
            prune();
        }
    }

    private void saveCheckpoint(int number) throws IOException {
        if (keepsRun()) {
            announce(directory.saveCheckpoint(number, contents()));
            prune();
        }
    }

    private void saveResumePoint() throws IOException {
        if (keepsRun()) {
            announce(directory.saveResumePoint(contents()));
        }
    }

    private void prune() throws IOException {
        if (keepsRun()) {
            directory.prune(config.checkpoints().keep(), config.checkpoints().keepOptimizer());
        }
    }

    private StateContents contents() throws IOException {
        log.flush();
        ArraySource weights = new ArraySource(trainable.model());
        ArraySource state = new ArraySource(optimizer.state());
        return new StateContents(state(), weights.specs(), weights, state.specs(), state, files);
    }

    private TrainingState state() {
        return cursor.state(optimizer.updates());
    }

    private void announce(SavedState saved) throws IOException {
        for (TrainingListener listener : listeners) {
            listener.onSaved(saved);
        }
    }

    private void record(String kind, Map<String, Object> details) throws IOException {
        RunEvent event = new RunEvent(cursor.step(), kind, details);
        if (keepsRun()) {
            log.event(event);
        }
        listeners.forEach(listener -> listener.onEvent(event));
    }

    private void restore() throws IOException {
        if (keepsRun()) {
            Optional<SavedState> latest = directory.latest();
            if (latest.isPresent()) {
                TrainedWeights.restore(latest.get(), trainable.model(), optimizer, manager);
                cursor.restore(latest.get().state(), latest.get().path().toString());
            } else if (config.start().isPresent() && config.lora().r() == 0) {
                StartWeights.load(config.start().get(), decoder, manager);
            }
        }
        if (collective.worldSize() > 1) {
            share();
        }
        decoder.weightsChanged();
    }

    /** Gives all processes the weights, the optimizer's state and the place of the first one. */
    private void share() {
        collective.broadcast(trainable.model().values());
        collective.broadcast(optimizer.state().values());
        try (NDArray numbers = manager.create(state().toArray())) {
            collective.broadcast(List.of(numbers));
            TrainingState state = TrainingState.of(numbers.toLongArray());
            cursor.restore(state, "the run");
            optimizer.setUpdates(state.updates());
        }
    }

    /** {@return a builder with all options at their defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link TrainingLoop}. */
    public static final class Builder {

        private TrainingConfig config;
        private CausalDecoder decoder;
        private TokenDataset dataset;
        private RunDirectory directory;
        private NDManager manager;
        private Map<String, byte[]> files = Map.of();
        private Objective objective = Objective.pretraining();
        private Trainable trainable;
        private Collective collective = Collective.local();
        private final List<TrainingListener> listeners = new ArrayList<>();
        private double flopsPerToken;
        private double peakFlops;

        private Builder() {}

        /** Sets the configuration: all that the run computes. */
        public Builder setConfig(TrainingConfig config) {
            this.config = config;
            return this;
        }

        /** Sets the model: without weights, or with float32 weights to begin with. */
        public Builder setDecoder(CausalDecoder decoder) {
            this.decoder = decoder;
            return this;
        }

        /** Sets the data, which the caller closes. */
        public Builder setDataset(TokenDataset dataset) {
            this.dataset = dataset;
            return this;
        }

        /** Sets the run's directory, which the caller closes. Of several ranks the first has it. */
        public Builder setRun(RunDirectory directory) {
            this.directory = directory;
            return this;
        }

        /**
         * Sets the manager that the weights are attached to, on the device to train on. The caller
         * closes it once the model is of no more use.
         */
        public Builder setManager(NDManager manager) {
            this.manager = manager;
            return this;
        }

        /** Sets the files of each saved state by name, such as {@code config.json}. */
        public Builder optFiles(Map<String, byte[]> files) {
            this.files = Map.copyOf(files);
            return this;
        }

        /** Sets the loss; by default that of {@link Objective#pretraining}. */
        public Builder optObjective(Objective objective) {
            this.objective = objective;
            return this;
        }

        /** Sets the weights to train; by default those of {@link Trainable#of(CausalDecoder)}. */
        public Builder optTrainable(Trainable trainable) {
            this.trainable = trainable;
            return this;
        }

        /** Sets this rank's end of an exchange; by default that of a process by itself. */
        public Builder optCollective(Collective collective) {
            this.collective = collective;
            return this;
        }

        /**
         * Sets what model FLOPs utilization is computed from.
         *
         * @param perToken the floating-point operations that a token takes, forward and backward
         * @param peak the device's operations per second
         */
        public Builder optFlops(double perToken, double peak) {
            flopsPerToken = perToken;
            peakFlops = peak;
            return this;
        }

        /** Adds a listener. */
        public Builder addListener(TrainingListener listener) {
            listeners.add(listener);
            return this;
        }

        /**
         * Builds the loop.
         *
         * @throws IllegalArgumentException if something required is missing, a step's rows can't be
         *     dealt evenly to the processes, or data, model and configuration don't fit together,
         *     as {@link TrainingPlan#of(TrainingConfig, CausalDecoder,
         *     ai.llm360.common.data.DataManifest)} finds
         */
        public TrainingLoop build() {
            if (config == null
                    || decoder == null
                    || dataset == null
                    || (directory == null && collective.rank() == 0)
                    || manager == null) {
                throw new IllegalArgumentException(
                        "a training loop needs setConfig, setDecoder, setDataset, setRun and"
                                + " setManager");
            }
            int rows = config.batch().micro() * collective.worldSize();
            if (config.batch().global() % rows != 0) {
                throw new IllegalArgumentException(
                        "batch.global is %d, expected a multiple of batch.micro (%d) times the %d processes"
                                .formatted(
                                        config.batch().global(),
                                        config.batch().micro(),
                                        collective.worldSize()));
            }
            return new TrainingLoop(this);
        }
    }
}
