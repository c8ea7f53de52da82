package ai.llm360.common.finetune;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Goal;
import java.io.IOException;

/**
 * Makes of a configuration what a {@link ai.llm360.common.train.TrainingLoop} is handed: the loss,
 * and the weights that are trained.
 *
 * <pre>{@code
 * FineTuning tuning = FineTuning.of(config, decoder, dataset, manager);
 * TrainingLoop.builder()                     // … and what else it needs
 *         .setConfig(config)
 *         .optObjective(tuning.objective())
 *         .optTrainable(tuning.trainable());
 * }</pre>
 *
 * @param objective the loss
 * @param trainable the weights that are trained
 */
public record FineTuning(Objective objective, Trainable trainable) {

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
     * @throws ConfigException if the configuration asks for what can't be
     * @throws IOException if weights or rows can't be read, or what was computed can't be kept
     */
    public static FineTuning of(
            TrainingConfig config, CausalDecoder decoder, TokenDataset dataset, NDManager manager)
            throws IOException {
        check(config);
        Trainable trainable = Trainable.of(decoder);
        Goal goal = config.objective();
        Objective objective =
                switch (goal.kind()) {
                    case PRETRAINING -> Objective.pretraining();
                    case SFT ->
                            Objective.labels(goal.lossNormalisation(), config.batch().micro());
                    case DPO ->
                            new PreferenceObjective(
                                    goal,
                                    ReferenceScores.of(
                                            config,
                                            dataset,
                                            trainable,
                                            manager,
                                            () -> StartWeights.begin(config, decoder, manager)));
                };
        return new FineTuning(objective, trainable);
    }

    /**
     * Checks what a configuration asks for.
     *
     * @param config what a run computes
     * @throws ConfigException if it lacks the weights that it compares with
     */
    public static void check(TrainingConfig config) {
        if (config.objective().kind() == Goal.Kind.DPO && config.start().isEmpty()) {
            throw new ConfigException(
                    "objective.kind dpo compares with the weights that the run begins with; give"
                            + " start.checkpoint");
        }
    }
}
