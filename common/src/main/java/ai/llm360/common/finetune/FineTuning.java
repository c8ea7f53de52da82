package ai.llm360.common.finetune;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.data.ConversationManifest;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Goal;
import ai.llm360.common.train.TrainingConfig.Lora;
import ai.llm360.common.train.TrainingConfig.Start;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Makes of a configuration what a {@link ai.llm360.common.train.TrainingLoop} is handed: the loss,
 * and the weights that are trained.
 *
 * @param objective the loss
 * @param trainable the weights that are trained
 * @param files what makes a saved state of an adapter a directory of PEFT's; empty without one
 */
public record FineTuning(Objective objective, Trainable trainable, Map<String, byte[]> files) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.]+");

    /** Copies the files. */
    public FineTuning {
        files = Map.copyOf(files);
    }

    /**
     * Gets ready to train. A preference loss needs what the first weights say of all rows: where
     * that isn't kept from an earlier time, it is computed here.
     *
     * @param config what the run computes; the weights it begins with are {@linkplain
     *     StartWeights#identify identified}
     * @param decoder the model, which needs no weights
     * @param dataset the rows
     * @param manager the manager, on the device to train on, that weights are attached to
     * @return the loss, and the weights
     * @throws ConfigException if the configuration asks for what can't be, or the rows are of
     *     another kind than it learns
     * @throws IOException if weights or rows can't be read, or what was computed can't be kept
     */
    public static FineTuning of(
            TrainingConfig config, CausalDecoder decoder, TokenDataset dataset, NDManager manager)
            throws IOException {
        check(config);
        boolean packed = isPacked(config.objective().kind(), dataset);
        Optional<LoraAdapters> lora =
                config.lora().r() > 0
                        ? Optional.of(adapters(config, decoder, manager))
                        : Optional.empty();
        Trainable trainable =
                lora.map(adapters -> adapters.trainable(config.seed()))
                        .orElseGet(() -> Trainable.of(decoder));
        Goal goal = config.objective();
        Objective objective =
                switch (goal.kind()) {
                    case PRETRAINING -> Objective.pretraining();
                    case SFT ->
                            Objective.labels(
                                    goal.lossNormalisation(), config.batch().micro(), packed);
                    case DPO ->
                            new PreferenceObjective(
                                    goal,
                                    ReferenceScores.of(
                                            config,
                                            dataset,
                                            trainable,
                                            manager,
                                            () -> {
                                                // A fresh adapter changes nothing yet.
                                                if (config.lora().r() == 0) {
                                                    StartWeights.begin(config, decoder, manager);
                                                }
                                            }));
                };
        return new FineTuning(objective, trainable, lora.map(LoraAdapters::files).orElse(Map.of()));
    }

    /** Rows of conversations say what they are; of others the masks are all that there is. */
    private static boolean isPacked(Goal.Kind kind, TokenDataset dataset) throws IOException {
        Path directory = dataset.directory();
        if (!Files.exists(directory.resolve(ConversationManifest.FILE_NAME))) {
            return false;
        }
        ConversationManifest made = ConversationManifest.read(directory);
        if (made.hasPairs() != (kind == Goal.Kind.DPO)) {
            throw new ConfigException(
                    "%s holds %s, which objective.kind %s doesn't learn; prepare other rows, or set sft for conversations and targets, dpo for preferences"
                            .formatted(
                                    directory, made.kind(), kind.name().toLowerCase(Locale.ROOT)));
        }
        if (made.isPacked() && kind != Goal.Kind.SFT) {
            throw new ConfigException(
                    "%s has rows of several conversations (packing best-fit), which only objective.kind sft keeps apart; prepare it with packing none, or wrap"
                            .formatted(directory));
        }
        return made.isPacked();
    }

    /** Loads the base, unless the decoder has weights, and adds an adapter that changes nothing. */
    private static LoraAdapters adapters(
            TrainingConfig config, CausalDecoder decoder, NDManager manager) throws IOException {
        if (!decoder.isInitialized()) {
            Start start = config.start().orElseThrow();
            StartWeights.verify(start, decoder);
            WeightType type = WeightType.valueOf(config.lora().base().name());
            WeightLoader.load(decoder, Path.of(start.checkpoint()), manager, type, null);
        }
        return LoraAdapters.begin(decoder, adapter(config), config.seed());
    }

    private static AdapterConfig adapter(TrainingConfig config) {
        Lora lora = config.lora();
        return AdapterConfig.builder()
                .optR(lora.r())
                .optLoraAlpha(lora.alpha())
                .optUseRslora(lora.rslora())
                .optLoraDropout(lora.dropout())
                .optTargetModules(modules(lora.targetModules()))
                .optExcludeModules(modules(lora.excludeModules()))
                .optRankPattern(lora.rankPattern())
                .optAlphaPattern(lora.alphaPattern())
                .optModulesToSave(lora.modulesToSave())
                .optBaseModel(config.start().map(Start::checkpoint), Optional.empty())
                .build();
    }

    /** A single name with characters that names don't have is a pattern, or all-linear. */
    private static ModuleNames modules(List<String> names) {
        boolean pattern = names.size() == 1 && !NAME.matcher(names.get(0)).matches();
        return pattern ? ModuleNames.matching(names.get(0)) : ModuleNames.of(names);
    }

    /**
     * Counts the parameters that a run trains.
     *
     * @param config what it computes
     * @param decoder the model, which needs no weights
     * @return the model's; or the adapter's, with the modules that are trained whole
     * @throws ConfigException if the adapter names what the model hasn't
     */
    public static long trained(TrainingConfig config, CausalDecoder decoder) {
        Map<String, Shape> all = decoder.parameterShapes();
        if (config.lora().r() == 0) {
            return all.values().stream().mapToLong(Shape::size).sum();
        }
        AdapterTargets targets;
        try {
            targets = AdapterTargets.of(adapter(config), decoder);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("lora: " + e.getMessage(), e);
        }
        return targets.linear().values().stream()
                        .mapToLong(
                                target ->
                                        (long) target.rank()
                                                * (target.weight().inputs()
                                                        + target.weight().outputs()))
                        .sum()
                + targets.saved().stream().mapToLong(name -> all.get(name).size()).sum();
    }

    /**
     * Checks what a configuration asks for.
     *
     * @param config what a run computes
     * @throws ConfigException if it lacks the weights that it begins with and can't do without, or
     *     asks for what doesn't go together
     */
    public static void check(TrainingConfig config) {
        if (config.lora().r() > 0 && config.start().isEmpty()) {
            throw new ConfigException(
                    "lora adapts weights that are there; give start.checkpoint, or lora.r=0");
        }
        if (config.objective().kind() == Goal.Kind.DPO && config.lora().dropout() > 0) {
            throw new ConfigException(
                    "lora.dropout is %s, expected 0 with objective.kind dpo: what is compared must be computed alike"
                            .formatted(config.lora().dropout()));
        }
        if (config.objective().kind() == Goal.Kind.DPO && config.start().isEmpty()) {
            throw new ConfigException(
                    "objective.kind dpo compares with the weights that the run begins with; give"
                            + " start.checkpoint");
        }
    }
}
