package ai.llm360.common.train;

import ai.llm360.common.data.ShuffleMode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Everything that decides what a training run computes. A run is a function of this, of its data
 * and of nothing else.
 *
 * <p>It is what a recipe's YAML file says and what a run directory keeps; the names there are these
 * in snake case. Each record checks its own values and refuses them with an {@link
 * IllegalArgumentException} that starts with the name in the file.
 *
 * @param name the run's name
 * @param model the model's {@code config.json}
 * @param seed decides the first weights and the order of the data: 0 to 2^31-1
 * @param data the token rows
 * @param batch the sequences of a step
 * @param optimizer the rule of the updates, and its constants
 * @param schedule the learning rate of each step
 * @param clip the largest global norm of the gradient; 0 for no limit
 * @param steps the last step, or 0 for all that the data gives
 * @param precision what matrix products are computed in; weights and their updates are float32
 * @param recomputeLayers how many layers, from the first on, have their activations computed again
 *     for the gradient: it saves their memory, and costs each a third more time; a model's layers,
 *     or more, for all
 * @param validation when the validation loss is computed
 * @param checkpoints what is kept
 * @param anomaly the reaction to a loss or gradient that is NaN or infinite
 * @param start the weights to begin with; absent for those that the seed draws
 * @param portable whether all x86-64 Linux systems are to compute the same bits, see {@link
 *     ai.llm360.common.config.PortableMode}, which takes more than twice the time
 * @param objective the loss
 * @param lora the adapter that is trained in place of the model's weights, if any is
 */
public record TrainingConfig(
        String name,
        Map<String, Object> model,
        long seed,
        Data data,
        Batch batch,
        Optimizer optimizer,
        Schedule schedule,
        double clip,
        long steps,
        Precision precision,
        int recomputeLayers,
        Validation validation,
        Checkpoints checkpoints,
        Anomaly anomaly,
        Optional<Start> start,
        boolean portable,
        Goal objective,
        Lora lora) {

    /** Checks the values. */
    public TrainingConfig {
        require(name == null || !name.isBlank(), "name must not be blank");
        require(
                seed >= 0 && seed <= Integer.MAX_VALUE,
                "seed (%d) must be 0 to %d, which libtorch's and NumPy's generators both take",
                seed,
                Integer.MAX_VALUE);
        notNegative("clip", clip);
        notNegative("steps", steps);
        notNegative("recompute_layers", recomputeLayers);
        require(
                !portable || precision == Precision.FP32,
                "portable needs precision fp32: how %s is multiplied depends on the processor",
                precision);
        if (model != null) { // config.json has nulls, which Map.copyOf refuses
            model = Collections.unmodifiableMap(new LinkedHashMap<>(model));
        }
    }

    /** The defaults, which are Amber's; what has none (name, model, data path, batch) is null. */
    public static final TrainingConfig DEFAULTS =
            new TrainingConfig(
                    null,
                    null,
                    11111,
                    new Data(null, ShuffleMode.PER_CHUNK, 0, 0, 1),
                    null,
                    new Optimizer(Optimizer.Kind.ADAMW, 0.9, 0.95, 0.99, 1e-8, 0.1, List.of()),
                    new Schedule(Schedule.Kind.COSINE, 3e-4, 3e-5, 2000, 0, 0),
                    1.0,
                    0,
                    Precision.FP32,
                    0,
                    new Validation(0, 16),
                    new Checkpoints(0, 2, true),
                    new Anomaly(Anomaly.Policy.FAIL, 10),
                    Optional.empty(),
                    false,
                    new Goal(
                            Goal.Kind.PRETRAINING,
                            Goal.Normalisation.TOKENS,
                            Goal.Preference.SIGMOID,
                            0.1,
                            0),
                    new Lora(
                            0,
                            16,
                            false,
                            0,
                            List.of(),
                            List.of(),
                            Map.of(),
                            Map.of(),
                            List.of(),
                            Lora.Base.FP32));

    /**
     * The token rows.
     *
     * @param path the directory of a prepared data set; a relative one starts at the working
     *     directory
     * @param order how rows are shuffled
     * @param chunks the number of chunks to train on, or 0 for all that there are
     * @param rowsPerChunk the rows of a chunk where the data set is not at hand, for planning only
     * @param epochs how often the chunks are gone through, one after another; each time they are
     *     chunks of their own, with an order and a checkpoint of their own
     */
    public record Data(String path, ShuffleMode order, int chunks, long rowsPerChunk, int epochs) {

        /** Checks the values. */
        public Data {
            notNegative("chunks", chunks);
            notNegative("rows_per_chunk", rowsPerChunk);
            positive("epochs", epochs);
        }
    }

    /**
     * The sequences of a step; where preferences are learnt, the pairs of sequences.
     *
     * @param global sequences per optimizer step, over all processes (Amber: 2240)
     * @param micro sequences per forward pass of one process; {@code global} must be a multiple
     */
    public record Batch(int global, int micro) {

        /** Checks the values. */
        public Batch {
            positive("global", global);
            positive("micro", micro);
            require(
                    global % micro == 0,
                    "global (%d) must be a multiple of micro (%d)",
                    global,
                    micro);
        }
    }

    /**
     * The rule that weights are updated by, as PyTorch computes it.
     *
     * @param kind the rule
     * @param beta1 AdamW's decay of the mean gradient
     * @param beta2 AdamW's decay of the mean squared gradient
     * @param alpha RMSprop's decay of the mean squared gradient
     * @param epsilon what is added to the root of the mean square
     * @param weightDecay the decay of every parameter (Amber decays norms and embeddings too);
     *     RMSprop adds it to the gradient
     * @param groups exceptions; the first whose pattern matches a parameter's name counts
     */
    public record Optimizer(
            Optimizer.Kind kind,
            double beta1,
            double beta2,
            double alpha,
            double epsilon,
            double weightDecay,
            List<ParameterGroup> groups) {

        /** Names the rules. */
        public enum Kind {
            /** AdamW (arXiv 1711.05101). */
            ADAMW,
            /** RMSprop without momentum, not centered, as AmberSafe's DPO. */
            RMSPROP
        }

        /** Checks the values. */
        public Optimizer {
            require(beta1 >= 0 && beta1 < 1, "beta1 (%s) must be at least 0, below 1", beta1);
            require(beta2 >= 0 && beta2 < 1, "beta2 (%s) must be at least 0, below 1", beta2);
            require(alpha >= 0 && alpha < 1, "alpha (%s) must be at least 0, below 1", alpha);
            positive("epsilon", epsilon);
            notNegative("weight_decay", weightDecay);
            groups = List.copyOf(groups);
        }
    }

    /**
     * Parameters with constants of their own.
     *
     * @param match a regular expression for whole names, such as {@code .*norm\.weight}
     * @param lrScale multiplies the learning rate
     * @param weightDecay the decay of these parameters
     */
    public record ParameterGroup(String match, double lrScale, double weightDecay) {

        /** Checks the values. */
        public ParameterGroup {
            try {
                Pattern.compile(match);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "match ('%s') is no regular expression: %s"
                                .formatted(match, e.getDescription()),
                        e);
            }
            notNegative("lr_scale", lrScale);
            notNegative("weight_decay", weightDecay);
        }
    }

    /**
     * The learning rate of each step; the first step is number 0.
     *
     * @param kind its shape after the warm-up
     * @param peak the rate at the warm-up's end
     * @param end the rate at step {@code total} and after it
     * @param warmup the steps of the linear warm-up from 0
     * @param warmupRatio the part of all steps that the warm-up takes, rounded up to a whole step,
     *     as transformers' {@code warmup_ratio}; 0 for the steps that {@code warmup} says
     * @param total the steps until {@code end}, warm-up included, or 0 for all of the run's; a run
     *     whose steps may change when it is resumed needs one of its own
     */
    public record Schedule(
            Schedule.Kind kind,
            double peak,
            double end,
            long warmup,
            double warmupRatio,
            long total) {

        /** Checks the values. */
        public Schedule {
            positive("peak", peak);
            notNegative("end", end);
            require(!kind.falls() || end <= peak, "end (%s) must be at most peak (%s)", end, peak);
            notNegative("warmup", warmup);
            require(
                    warmupRatio >= 0 && warmupRatio <= 1,
                    "warmup_ratio (%s) must be 0 to 1",
                    warmupRatio);
            notNegative("total", total);
            require(
                    total == 0 || warmupRatio > 0 || warmup <= total,
                    "warmup (%d) must be at most total (%d)",
                    warmup,
                    total);
        }

        /** The shapes. */
        public enum Kind {
            /** Half a cosine, as Amber. */
            COSINE,
            /** A straight line, as CrystalCoder. */
            LINEAR,
            /** The peak throughout. */
            CONSTANT,
            /**
             * The peak throughout, after a warm-up that begins above 0: {@code (t + 1) / (W + 1)}
             * of the peak, as DPO's reference implementation.
             */
            REFERENCE;

            /** Returns whether the rate changes after the warm-up. */
            boolean falls() {
                return this == COSINE || this == LINEAR;
            }
        }
    }

    /**
     * The loss of a step.
     *
     * @param kind what is learnt
     * @param lossNormalisation what the sum of the labels' losses is divided by in supervised
     *     fine-tuning
     * @param preference the loss of a pair
     * @param beta how strongly preferences are held to the weights that the run begins with
     * @param labelSmoothing the part of the pairs that is taken for wrongly labelled; below 0.5
     */
    public record Goal(
            Goal.Kind kind,
            Normalisation lossNormalisation,
            Preference preference,
            double beta,
            double labelSmoothing) {

        /** Checks the values. */
        public Goal {
            positive("beta", beta);
            require(
                    labelSmoothing >= 0 && labelSmoothing < 0.5,
                    "label_smoothing (%s) must be at least 0, below 0.5",
                    labelSmoothing);
            require(
                    labelSmoothing == 0 || preference == Preference.SIGMOID,
                    "label_smoothing (%s) goes with preference sigmoid alone",
                    labelSmoothing);
        }

        /** Returns the rows that belong together: those of a pair, or one. */
        public int rows() {
            return kind == Goal.Kind.DPO ? 2 : 1;
        }

        /** Names what is learnt. */
        public enum Kind {
            /** Every next token; see {@link Objective#pretraining}. */
            PRETRAINING,
            /** The answers: the labels that the data's masks let count. */
            SFT,
            /**
             * To prefer one answer to another (Direct Preference Optimization, arXiv 2305.18290).
             */
            DPO
        }

        /** Names the divisors of a step's sum of losses. */
        public enum Normalisation {
            /** All labels that count in the step. */
            TOKENS,
            /**
             * The labels of each micro-batch, and the mean over these: transformers before 4.46,
             * which AmberChat was trained with. The size of a micro-batch then decides the loss.
             */
            MICRO_BATCH,
            /** The rows of the step: the mean of the sums, as AmberSafe's first stage. */
            EXAMPLES
        }

        /** Names the losses of a pair. */
        public enum Preference {
            /**
             * {@code -log sigmoid(beta x)} of the margin x, with label smoothing if there is any.
             */
            SIGMOID,
            /** {@code (x - 1 / (2 beta))^2}: IPO of sums, as DPO's reference implementation. */
            IPO,
            /** The same of means over each answer's tokens, as TRL's {@code ipo}. */
            IPO_MEAN
        }
    }

    /**
     * A low-rank adapter (LoRA, arXiv 2106.09685), in PEFT's words. The model's weights are frozen
     * with it, and a saved state holds the adapter alone, in PEFT's layout.
     *
     * @param r the rank of its matrices; 0 for no adapter: the model's weights are trained
     * @param alpha the change is scaled by {@code alpha / r}
     * @param rslora whether it is scaled by {@code alpha / sqrt(r)} instead
     * @param dropout the share of inputs that training drops, 0 to below 1
     * @param targetModules the linear layers that are adapted: what their names end with; or one
     *     pattern for whole names, or {@code all-linear}. If none are named, PEFT's choice for
     *     LLaMA: {@code q_proj} and {@code v_proj}
     * @param excludeModules those that aren't though they are named
     * @param rankPattern other ranks, by patterns of what names end with
     * @param alphaPattern other alphas, likewise
     * @param modulesToSave modules that are trained whole beside it
     * @param base what the frozen weights are held as
     */
    public record Lora(
            int r,
            double alpha,
            boolean rslora,
            double dropout,
            List<String> targetModules,
            List<String> excludeModules,
            Map<String, Integer> rankPattern,
            Map<String, Double> alphaPattern,
            List<String> modulesToSave,
            Base base) {

        /** Checks the values. */
        public Lora {
            notNegative("r", r);
            require(
                    dropout >= 0 && dropout < 1,
                    "dropout (%s) must be at least 0, below 1",
                    dropout);
            targetModules = List.copyOf(targetModules);
            excludeModules = List.copyOf(excludeModules);
            modulesToSave = List.copyOf(modulesToSave);
            rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
            alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
        }

        /** Names the types of frozen weights. */
        public enum Base {
            /** float32. */
            FP32,
            /** bfloat16, half of the memory. */
            BF16,
            /** int8, a quarter of the memory, on the CPU. */
            INT8
        }
    }

    /** Names the type that matrix products are computed in. */
    public enum Precision {
        /** float32. */
        FP32,
        /** bfloat16 products; float32 weights, norms, softmax, loss and optimizer. */
        BF16
    }

    /**
     * When the validation loss is computed.
     *
     * @param every the steps between two, and at each checkpoint; 0 for never
     * @param batches the most micro-batches of each validation source
     */
    public record Validation(long every, int batches) {

        /** Checks the values. */
        public Validation {
            notNegative("every", every);
            positive("batches", batches);
        }
    }

    /**
     * Configures the saved states. After each chunk a checkpoint joins the series.
     *
     * @param everySteps the steps between further points to resume from; 0 for none
     * @param keep how many of those further points are kept
     * @param keepOptimizer whether the checkpoints of the series keep their optimizer state once a
     *     later one is whole
     */
    public record Checkpoints(long everySteps, int keep, boolean keepOptimizer) {

        /** Checks the values. */
        public Checkpoints {
            notNegative("every_steps", everySteps);
            positive("keep", keep);
        }
    }

    /**
     * Names the reaction to a loss or gradient that is NaN or infinite: the weights are left as
     * they were, in any case, and the event is recorded.
     *
     * @param policy what then
     * @param limit how many in a row end the run all the same
     */
    public record Anomaly(Policy policy, int limit) {

        /** Checks the values. */
        public Anomaly {
            positive("limit", limit);
        }

        /** The remedies that LLM360's paper names, and stopping. */
        public enum Policy {
            /** The run ends with an error. */
            FAIL,
            /** The next step goes on. */
            SKIP_BATCH,
            /** The next chunk goes on. */
            SKIP_CHUNK,
            /** The seed of the order is switched: other batches follow, from the next step on. */
            RESEED
        }
    }

    /**
     * Weights that a run begins with, as a phase does with those of the phase before it. Steps,
     * schedule and the optimizer's state begin anew.
     *
     * @param checkpoint the directory or file of a checkpoint, in any type
     * @param sha256 what identifies its weights, see {@link StartWeights#identify}; absent until
     *     the run begins
     */
    public record Start(String checkpoint, Optional<String> sha256) {

        /** Checks the values. */
        public Start {
            require(
                    sha256.isEmpty() || sha256.get().matches("[0-9a-f]{64}"),
                    "sha256 ('%s') must be of 64 hexadecimal digits in lower case",
                    sha256.orElse(""));
        }
    }

    private static void positive(String name, Number value) {
        require(
                value.doubleValue() > 0 && Double.isFinite(value.doubleValue()),
                "%s (%s) must be positive",
                name,
                value);
    }

    private static void notNegative(String name, Number value) {
        require(
                value.doubleValue() >= 0 && Double.isFinite(value.doubleValue()),
                "%s (%s) must not be negative",
                name,
                value);
    }

    private static void require(boolean holds, String message, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(message.formatted(values));
        }
    }
}
