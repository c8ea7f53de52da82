package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.List;
import java.util.Optional;

/**
 * A model that LLM360 published, and how its checkpoints are named. What it says of branches is the
 * Hub's word where it was made with a {@link BranchList}, else what is known without the Hub.
 */
interface PublishedModel {

    /** Returns the model's name here. */
    String name();

    /** Returns the Hub's repository. */
    String repository();

    /** Returns how many checkpoints were published; more, perhaps, than are known by name. */
    int published();

    /** Returns the checkpoints that are known by name, in the order of training; never none. */
    List<PublishedCheckpoint> checkpoints();

    /**
     * Returns the checkpoint with a name, in any of its spellings.
     *
     * @param name the name in lower case, with {@code -} for each {@code _}
     */
    Optional<PublishedCheckpoint> named(String name);

    /** Says what there is, for someone who asked for a checkpoint that isn't. */
    String explain(String name);

    /** Returns whether the Hub may know better where a checkpoint is, or whether there is one. */
    default boolean isOpen(PublishedCheckpoint checkpoint) {
        return checkpoint.evidence() == Evidence.UNCONFIRMED;
    }

    /** Returns the last checkpoint of the training. */
    default PublishedCheckpoint last() {
        return checkpoints().get(checkpoints().size() - 1);
    }
}
