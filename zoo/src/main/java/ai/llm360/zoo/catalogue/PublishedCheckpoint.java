package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.Reference;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A checkpoint that LLM360 published on the Hugging Face Hub.
 *
 * @param model the model's name here, such as {@code amber}
 * @param name the checkpoint's name here, such as {@code ckpt-200}
 * @param repository the Hub's repository, such as {@code LLM360/Amber}
 * @param revision the repository's branch, such as {@code ckpt_200}
 * @param phase the phase of training, where there are phases; from 1
 * @param step the optimizer steps done, within the phase where there are phases; absent for a
 *     finetuned model
 * @param tokens the positions trained on since training began; absent for a finetuned model
 * @param chunk the last chunk of the data that was trained on, where data and checkpoints go
 *     together; from 0
 * @param evidence how sure it is that the branch exists
 */
public record PublishedCheckpoint(
        String model,
        String name,
        String repository,
        String revision,
        OptionalInt phase,
        OptionalLong step,
        OptionalLong tokens,
        OptionalInt chunk,
        Evidence evidence) {

    /** Says how sure it is that a branch exists, without asking the Hub. */
    public enum Evidence {
        /** It has been seen on the Hub, or its makers name it. */
        OBSERVED,
        /** The model card gives a rule for all branches, and this is one of them. */
        RULE,
        /** Its name fits the pattern of the branches that have been seen. */
        UNCONFIRMED
    }

    /** {@return the {@link Reference} that names it in the zoo, such as {@code amber@ckpt-200}} */
    public String reference() {
        return model + "@" + name;
    }

    /** {@return the phase, the step and the tokens, as far as there are any} */
    public Standing standing() {
        return new Standing(
                phase.isPresent() ? Optional.of("" + phase.getAsInt()) : Optional.empty(),
                step,
                tokens,
                OptionalDouble.empty());
    }
}
