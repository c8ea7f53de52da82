package ai.llm360.common.train;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.data.ChunkOrder;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.RunLog;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StateContents;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.TrainingState;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.torch.ArraySource;
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
 * Pretrains a decoder: for each chunk of the data, for each step of the chunk, one update.
 *
 * <p>It follows LLM360/amber-train's {@code main.py}: rows in the order of {@link DataOrder}, the
 * mean cross-entropy of every next token without a mask, the rate of {@link LearningRate},
 * gradients clipped to a global norm, AdamW, and a checkpoint after each chunk. Unlike there, a run
 * that is interrupted anywhere and resumed gives the same bits as one that isn't.
 *
 * <p>{@link #run} begins where the run directory stands: at its newest saved state, or else with
 * the weights of {@link TrainingConfig#start}, or else with the decoder's own if it has some, or
 * else with weights drawn from the seed.
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
    private final double flopsPerToken;
    private final double peakFlops;

    private final List<Long> rowsPerChunk;
    private final List<Long> stepsPerChunk;
    private final long lastStep;
    private final LearningRate rates;
    private final HeldOutLoss validation;
    private DecoderGradients gradients;
    private AdamW optimizer;
    private RunLog log;

    private long step;
    private int chunk;
    private long stepInChunk;
    private long tokens;
    private long orderSeed;
    private boolean skipChunk;
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
        flopsPerToken = builder.flopsPerToken;
        peakFlops = builder.peakFlops;
        TrainingPlan plan = TrainingPlan.of(config, decoder, dataset.manifest());
        stepsPerChunk = plan.stepsPerChunk();
        rowsPerChunk = dataset.manifest().rowsPerChunk().subList(0, stepsPerChunk.size());
        lastStep = plan.steps();
        rates = new LearningRate(config.schedule(), lastStep);
        validation =
                new HeldOutLoss(dataset, config.batch().micro(), config.validation().batches());
    }

    /**
     * Trains until the last step, or until {@link #stop} is called.
     *
     * @return how it ended
     * @throws IOException if the data can't be read, or a state can't be saved or restored; what
     *     was saved before is whole
     * @throws TrainingException if a loss or a gradient is no number and the policy is to fail, or
     *     the data has no such place as the run stands at
     * @throws ai.llm360.common.config.ConfigException if the checkpoint to begin with holds other
     *     weights than the run was begun with, or {@link TrainingConfig#portable} is wanted in a
     *     process that isn't in that mode
     */
    public TrainingResult run() throws IOException {
        warn(RunMachine.checkPortable(config, manager.getDevice()));
        TrainedWeights.begin(decoder, manager, config.seed());
        boolean bfloat16 = config.precision() == TrainingConfig.Precision.BF16;
        try (DecoderGradients made =
                        new DecoderGradients(decoder, bfloat16, config.recomputeLayers());
                AdamW adamW = new AdamW(manager, config.optimizer(), made.parameters())) {
            gradients = made;
            optimizer = adamW;
            restore();
            try (RunLog opened = directory.openLog(step)) {
                log = opened;
                warn(EndTokens.warning(decoder, dataset));
                warn(RunMachine.record(directory.path(), log, step));
                while (chunk < rowsPerChunk.size() && goesOn()) {
                    trainOnChunk();
                }
                boolean finished = chunk == rowsPerChunk.size() || step >= lastStep;
                return new TrainingResult(finished, state());
            }
        }
    }

    /**
     * Asks the loop to end after its current step, with a point to resume from. Any thread may call
     * it.
     */
    public void stop() {
        stopped = true;
    }

    private void warn(Optional<String> warning) {
        warning.ifPresent(text -> listeners.forEach(listener -> listener.onWarning(text)));
    }

    private boolean goesOn() {
        return !stopped && step < lastStep;
    }

    private void trainOnChunk() throws IOException {
        skipChunk = false;
        long steps = stepsPerChunk.get(chunk);
        try (TokenChunk rows = dataset.openChunk(chunk)) {
            ChunkOrder order = order();
            long seed = orderSeed;
            while (stepInChunk < steps && goesOn() && !skipChunk) {
                if (seed != orderSeed) {
                    order = order();
                    seed = orderSeed;
                }
                trainOnBatch(rows, order.rows(stepInChunk));
                saveBetweenCheckpoints(stepInChunk == steps);
            }
        }
        if (skipChunk) {
            step += steps - stepInChunk;
            stepInChunk = steps;
        }
        if (stepInChunk == steps) {
            int done = chunk++;
            stepInChunk = 0;
            validate();
            announce(directory.saveCheckpoint(done, contents()));
            directory.prune(config.checkpoints().keep(), config.checkpoints().keepOptimizer());
        } else {
            if (step >= lastStep) {
                validate();
            }
            announce(directory.saveResumePoint(contents()));
        }
    }

    private ChunkOrder order() {
        return new DataOrder(config.data().order(), orderSeed, rowsPerChunk)
                .chunk(chunk, config.batch().global());
    }

    /** One step: the gradients of all micro-batches, clipped, and an update. */
    private void trainOnBatch(TokenChunk chunkRows, long[] rows) throws IOException {
        long began = System.nanoTime();
        double rate = rates.at(step);
        int micro = config.batch().micro();
        int parts = rows.length / micro;
        double loss = 0;
        for (int i = 0; i < parts; i++) {
            long[] part = Arrays.copyOfRange(rows, i * micro, (i + 1) * micro);
            try (TokenBatch batch = Batches.of(manager, chunkRows, part)) {
                loss += gradients.add(batch, 1.0 / parts) / parts;
            }
        }
        double norm = optimizer.clip(gradients.gradients(), config.clip());
        boolean finite = Double.isFinite(loss) && Double.isFinite(norm);
        if (finite) {
            optimizer.update(gradients.gradients(), rate);
            anomalies = 0;
        }
        gradients.clear();
        if (!finite) {
            handleAnomaly(loss, norm, rows);
            return;
        }
        long seen = (long) config.batch().global() * (chunkRows.rowLength() - 1);
        advance();
        tokens += seen;
        double speed = seen / ((System.nanoTime() - began) / 1e9);
        report(loss, rate, norm, speed);
        if (config.validation().every() > 0 && step % config.validation().every() == 0) {
            validate();
        }
    }

    private void advance() {
        step++;
        stepInChunk++;
    }

    /** The weights are as they were; what follows is the policy's. */
    private void handleAnomaly(double loss, double norm, long[] rows) throws IOException {
        TrainingConfig.Anomaly.Policy policy = config.anomaly().policy();
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("loss", loss);
        details.put("grad_norm", norm);
        details.put("chunk", chunk);
        details.put("step_in_chunk", stepInChunk);
        details.put("rows", Arrays.stream(rows).boxed().toList());
        details.put("policy", policy.name().toLowerCase(Locale.ROOT));
        anomalies++;
        boolean fail =
                policy == TrainingConfig.Anomaly.Policy.FAIL
                        || anomalies > config.anomaly().limit();
        record("non_finite", details);
        if (fail) {
            announce(directory.saveResumePoint(contents()));
            throw new TrainingException(
                    ("step %d: the loss is %s and the gradient's norm %s, in chunk %d (%d such"
                         + " steps in a row; events.jsonl names the rows); the weights before it"
                         + " are saved: resume with another anomaly.policy (skip_batch, skip_chunk,"
                         + " reseed), a smaller schedule.peak, or other data")
                            .formatted(step, loss, norm, chunk, anomalies));
        }
        switch (policy) {
            case SKIP_CHUNK -> skipChunk = true;
            case RESEED -> {
                orderSeed += rowsPerChunk.size(); // no other chunk's seed
                advance();
            }
            default -> advance();
        }
    }

    private void report(double loss, double rate, double norm, double speed) throws IOException {
        StepMetrics metrics =
                new StepMetrics(
                        step,
                        loss,
                        rate,
                        norm,
                        tokens,
                        speed,
                        peakFlops > 0
                                ? OptionalDouble.of(speed * flopsPerToken / peakFlops)
                                : OptionalDouble.empty(),
                        DeviceMemory.used(manager.getDevice()));
        log.metrics(metrics);
        listeners.forEach(listener -> listener.onStep(metrics));
    }

    private void validate() throws IOException {
        if (config.validation().every() == 0 || validated == step) {
            return;
        }
        validated = step;
        List<ValidationLoss> losses = validation.compute(step, manager, gradients);
        for (ValidationLoss loss : losses) {
            log.validation(loss);
        }
        listeners.forEach(listener -> listener.onValidation(losses));
    }

    private void saveBetweenCheckpoints(boolean atChunksEnd) throws IOException {
        long every = config.checkpoints().everySteps();
        if (every > 0 && step % every == 0 && !atChunksEnd) {
            announce(directory.saveResumePoint(contents()));
            directory.prune(config.checkpoints().keep(), config.checkpoints().keepOptimizer());
        }
    }

    private StateContents contents() throws IOException {
        log.flush();
        ArraySource weights = new ArraySource(gradients.parameters());
        ArraySource state = new ArraySource(optimizer.state());
        return new StateContents(state(), weights.specs(), weights, state.specs(), state, files);
    }

    private TrainingState state() {
        return new TrainingState(step, chunk, stepInChunk, tokens, orderSeed, optimizer.updates());
    }

    private void announce(SavedState saved) throws IOException {
        for (TrainingListener listener : listeners) {
            listener.onSaved(saved);
        }
    }

    private void record(String kind, Map<String, Object> details) throws IOException {
        RunEvent event = new RunEvent(step, kind, details);
        log.event(event);
        listeners.forEach(listener -> listener.onEvent(event));
    }

    private void restore() throws IOException {
        orderSeed = config.seed();
        Optional<SavedState> latest = directory.latest();
        if (latest.isPresent()) {
            TrainedWeights.restore(latest.get(), gradients.parameters(), optimizer, manager);
            TrainingState state = latest.get().state();
            step = state.step();
            chunk = state.chunk();
            stepInChunk = state.stepInChunk();
            tokens = state.tokens();
            orderSeed = state.orderSeed();
            checkPlace(latest.get());
        } else if (config.start().isPresent()) {
            StartWeights.load(config.start().get(), decoder, manager);
        }
    }

    /**
     * Other data may follow, but a step's number tells which rows it sees, so its place is kept.
     */
    private void checkPlace(SavedState saved) {
        long place = stepInChunk;
        for (long steps : stepsPerChunk.subList(0, Math.min(chunk, stepsPerChunk.size()))) {
            place += steps;
        }
        boolean inChunk = chunk < stepsPerChunk.size() && stepInChunk < stepsPerChunk.get(chunk);
        boolean atEnd = chunk == stepsPerChunk.size() && stepInChunk == 0;
        if (place != step || !(inChunk || atEnd)) {
            throw new TrainingException(
                    ("%s is at step %d, step %d of chunk %d, which the data doesn't have there: its"
                         + " chunks are of %s steps; resume with data whose chunks up to this one"
                         + " are as large as those before")
                            .formatted(saved.path(), step, stepInChunk, chunk, stepsPerChunk));
        }
    }

    /**
     * Returns a builder.
     *
     * @return a builder with all options at their defaults
     */
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
        private final List<TrainingListener> listeners = new ArrayList<>();
        private double flopsPerToken;
        private double peakFlops;

        private Builder() {}

        /**
         * Sets what the run computes.
         *
         * @param config the configuration
         * @return this builder
         */
        public Builder setConfig(TrainingConfig config) {
            this.config = config;
            return this;
        }

        /**
         * Sets the model.
         *
         * @param decoder a decoder without weights, or one with float32 weights to begin with
         * @return this builder
         */
        public Builder setDecoder(CausalDecoder decoder) {
            this.decoder = decoder;
            return this;
        }

        /**
         * Sets the data.
         *
         * @param dataset the data set, the caller's to close
         * @return this builder
         */
        public Builder setDataset(TokenDataset dataset) {
            this.dataset = dataset;
            return this;
        }

        /**
         * Sets where the run is kept.
         *
         * @param directory the run's directory, the caller's to close
         * @return this builder
         */
        public Builder setRun(RunDirectory directory) {
            this.directory = directory;
            return this;
        }

        /**
         * Sets the manager that the weights are attached to, on the device to train on.
         *
         * @param manager the manager, the caller's to close once the model is of no more use
         * @return this builder
         */
        public Builder setManager(NDManager manager) {
            this.manager = manager;
            return this;
        }

        /**
         * Sets the files that go into each saved state.
         *
         * @param files contents by name, such as {@code config.json} and the tokenizer's
         * @return this builder
         */
        public Builder optFiles(Map<String, byte[]> files) {
            this.files = Map.copyOf(files);
            return this;
        }

        /**
         * Sets what model FLOPs utilization is computed from.
         *
         * @param perToken the floating-point operations that a token takes, forward and backward
         * @param peak the device's operations per second
         * @return this builder
         */
        public Builder optFlops(double perToken, double peak) {
            flopsPerToken = perToken;
            peakFlops = peak;
            return this;
        }

        /**
         * Adds who is told.
         *
         * @param listener the listener
         * @return this builder
         */
        public Builder addListener(TrainingListener listener) {
            listeners.add(listener);
            return this;
        }

        /**
         * Builds the loop.
         *
         * @return the loop
         * @throws IllegalArgumentException if something required is missing, or data, model and
         *     configuration don't fit together, as {@link TrainingPlan#of(TrainingConfig,
         *     CausalDecoder, ai.llm360.common.data.DataManifest)} finds
         */
        public TrainingLoop build() {
            if (config == null
                    || decoder == null
                    || dataset == null
                    || directory == null
                    || manager == null) {
                throw new IllegalArgumentException(
                        "a training loop needs setConfig, setDecoder, setDataset, setRun and"
                                + " setManager");
            }
            return new TrainingLoop(this);
        }
    }
}
