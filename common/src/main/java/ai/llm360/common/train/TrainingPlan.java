package ai.llm360.common.train;

import ai.djl.Device;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.MemoryBudget;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * Computes the cost of a training run before it starts: steps, tokens, memory, arithmetic, time.
 *
 * @param config the run's configuration
 * @param model the model's sizes
 * @param context the positions of a sequence (T)
 * @param stepsPerChunk the whole steps that each chunk gives, in each epoch; empty where the rows
 *     aren't known
 * @param steps the run's steps
 * @param trained the parameters that are trained: all of the model's, or an adapter's
 */
public record TrainingPlan(
        TrainingConfig config,
        ModelSize model,
        int context,
        List<Long> stepsPerChunk,
        long steps,
        long trained) {

    /**
     * Plans a run without its data at hand: with {@code data.chunks} chunks of {@code
     * data.rows_per_chunk} rows, of as many positions as the model takes.
     *
     * @param decoder the model, which needs no weights
     * @throws ConfigException if the configuration says neither how many rows there are nor how
     *     many steps
     */
    public static TrainingPlan of(TrainingConfig config, CausalDecoder decoder) {
        TrainingConfig.Data data = config.data();
        boolean known = data.chunks() > 0 && data.rowsPerChunk() > 0;
        if (!known && config.steps() == 0) {
            throw new ConfigException(
                    "missing data.chunks and data.rows_per_chunk, or steps: expected where there is"
                            + " no data set at "
                            + data.path());
        }
        List<Long> rows =
                known ? Collections.nCopies(data.chunks(), data.rowsPerChunk()) : List.of();
        return of(config, decoder, rows, decoder.contextLength());
    }

    /**
     * Plans a run on its data.
     *
     * @param decoder the model, which needs no weights
     * @param data the manifest of the data
     * @throws ConfigException if model and data don't go together, the data isn't enough, or the
     *     warm-up is longer than the run
     */
    public static TrainingPlan of(TrainingConfig config, CausalDecoder decoder, DataManifest data) {
        int context = data.rowLength() - 1;
        if (context > decoder.contextLength()) {
            throw new ConfigException(
                    "the data's rows are of %d positions, but the model takes at most %d"
                            .formatted(context, decoder.contextLength()));
        }
        if (data.vocabularySize() > decoder.vocabularySize()) {
            throw new ConfigException(
                    "the data's vocabulary is of %d tokens, but the model knows %d"
                            .formatted(data.vocabularySize(), decoder.vocabularySize()));
        }
        List<Long> rows = data.rowsPerChunk();
        if (config.data().chunks() > rows.size()) {
            throw new ConfigException(
                    "data.chunks is %d, but the data set has %d"
                            .formatted(config.data().chunks(), rows.size()));
        }
        int chunks = config.data().chunks() == 0 ? rows.size() : config.data().chunks();
        return of(config, decoder, rows.subList(0, chunks), context);
    }

    private static TrainingPlan of(
            TrainingConfig config, CausalDecoder decoder, List<Long> rows, int context) {
        int global = config.batch().global() * config.objective().rows();
        List<Long> perChunk =
                Collections.nCopies(config.data().epochs(), rows).stream()
                        .flatMap(List::stream)
                        .map(count -> count / global)
                        .toList();
        long available = perChunk.stream().mapToLong(Long::longValue).sum();
        if (perChunk.contains(0L)) {
            throw new ConfigException(
                    "batch.global is %d, but a chunk has only %d %s"
                            .formatted(
                                    config.batch().global(),
                                    Collections.min(rows) / config.objective().rows(),
                                    config.objective().rows() == 1 ? "rows" : "pairs"));
        }
        long steps = config.steps();
        if (steps == 0 || (!rows.isEmpty() && steps > available)) {
            steps = available;
        }
        TrainingConfig.Schedule schedule = config.schedule();
        if (schedule.total() == 0 && schedule.warmupRatio() == 0 && schedule.warmup() > steps) {
            throw new ConfigException(
                    ("schedule.warmup is %d, but the run has only %d steps; give a shorter one, or"
                                    + " as schedule.total the steps of the whole schedule")
                            .formatted(schedule.warmup(), steps));
        }
        ModelSize model = ModelSize.of(decoder);
        return new TrainingPlan(config, model, context, perChunk, steps, model.parameters());
    }

    /**
     * Returns the same plan where other parameters than the model's are trained.
     *
     * @param parameters their number, such as an adapter's
     */
    public TrainingPlan training(long parameters) {
        return new TrainingPlan(config, model, context, stepsPerChunk, steps, parameters);
    }

    /** Returns the positions that an optimizer step trains on, over all processes. */
    public long tokensPerStep() {
        return (long) config.batch().global() * config.objective().rows() * context;
    }

    /** Returns the positions that the run trains on. */
    public long tokens() {
        return steps * tokensPerStep();
    }

    /**
     * Returns the arithmetic of a token's training as model FLOP utilization counts it (PaLM, arXiv
     * 2204.02311, appendix B): 6 for each matrix element, and 12 L C T for attention, as if every
     * position saw all others. What recomputation adds is no use of the model's and not counted.
     *
     * @return floating-point operations
     */
    public double flopsPerToken() {
        return 6.0 * model.matrices() + 2 * causalAttention();
    }

    /** Returns the same where a position sees only those before it: 6 L C T for attention. */
    public double causalFlopsPerToken() {
        return 6.0 * model.matrices() + causalAttention();
    }

    private double causalAttention() {
        return 6.0 * model.layers() * model.hidden() * context;
    }

    /**
     * Returns how long the run takes.
     *
     * @param flopsPerSecond the rate at which all devices together compute, while they train
     * @return the time; for each recomputed layer a third more, for its second forward pass
     */
    public Duration time(double flopsPerSecond) {
        double recomputed = Math.min(config.recomputeLayers(), model.layers());
        double work = tokens() * flopsPerToken() * (1 + recomputed / model.layers() / 3);
        return Duration.ofMillis(Math.round(1000 * work / flopsPerSecond));
    }

    /** Returns the memory that the run takes on each device. */
    public TrainingMemory memory() {
        return memory(config.recomputeLayers(), config.batch().micro());
    }

    private TrainingMemory memory(int recomputeLayers, int micro) {
        long positions = (long) micro * config.objective().rows() * context;
        return TrainingMemory.of(model, config, recomputeLayers, positions, trained);
    }

    /**
     * Checks that the run fits into a device's free memory.
     *
     * @throws IllegalArgumentException if it doesn't, naming the memory that it takes, and what
     *     would fit
     */
    public void checkFits(Device device) {
        checkFits(MemoryBudget.of(device));
    }

    void checkFits(MemoryBudget budget) {
        TrainingMemory needed = memory();
        if (budget.holds(needed.total())) {
            return;
        }
        throw new IllegalArgumentException(
                "training takes about %s (weights %s, gradients %s, optimizer %s, activations %s), but %s; %s"
                        .formatted(
                                MemoryBudget.gigabytes(needed.total()),
                                MemoryBudget.gigabytes(needed.weights()),
                                MemoryBudget.gigabytes(needed.gradients()),
                                MemoryBudget.gigabytes(needed.optimizer()),
                                MemoryBudget.gigabytes(
                                        needed.copies() + needed.activations() + needed.loss()),
                                budget,
                                cure(budget)));
    }

    /** The gentlest change that makes the run fit: smaller micro-batches, then recomputation. */
    private String cure(MemoryBudget budget) {
        int all = Math.toIntExact(model.layers());
        List<Integer> choices =
                config.recomputeLayers() >= all
                        ? List.of(all)
                        : List.of(config.recomputeLayers(), all);
        for (int layers : choices) {
            for (int micro = config.batch().micro(); micro > 0; micro--) {
                if (config.batch().global() % micro == 0
                        && budget.holds(memory(layers, micro).total())) {
                    return "with batch.micro=%d%s it takes %s"
                            .formatted(
                                    micro,
                                    layers > config.recomputeLayers()
                                            ? " and recompute_layers=" + layers
                                            : "",
                                    MemoryBudget.gigabytes(memory(layers, micro).total()));
                }
            }
        }
        return "no batch.micro makes it fit; choose a smaller model or a larger device";
    }
}
