package ai.llm360.cli;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.train.TrainingConfig;
import picocli.CommandLine.Command;

/** Runs {@code llm360 finetune}: trains a model to answer, or to prefer one answer to another. */
@Command(
        name = "finetune",
        description = {
            "Trains a model by a recipe on conversations (objective.kind: sft) or on preferences"
                    + " (dpo), from a checkpoint. Rows that aren't there are made of the files"
                    + " that the recipe's part 'prepare' names.",
            "Recipes: amber-chat, amber-safe, crystal-chat, amber-nano-chat, amber-nano-safe,"
                    + " crystalcoder-nano-chat, or a file. amber-safe is trained in two phases.",
            "Ctrl-C ends it after the current step, with a point to resume from; --resume then"
                    + " goes on to the same bits as if nothing had happened."
        })
final class FinetuneCommand extends PretrainCommand {

    @Override
    void checkObjective(TrainingConfig.Goal objective) {
        if (objective.kind() == TrainingConfig.Goal.Kind.PRETRAINING) {
            throw new ConfigException(
                    "objective.kind is pretraining, which llm360 pretrain does; expected sft or"
                            + " dpo, such as --set=objective.kind=sft");
        }
    }
}
