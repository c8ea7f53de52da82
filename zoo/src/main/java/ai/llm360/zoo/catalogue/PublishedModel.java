package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A model that LLM360 published, and how its checkpoints are named: this one is a finetuned model,
 * of which the Hub has the result alone. What it says of branches is the Hub's word where it was
 * made with a {@link BranchList}, else what is known without the Hub.
 */
class PublishedModel {

    private final String name;
    private final String repository;
    private final int count;
    private final boolean asked;
    private final List<PublishedCheckpoint> checkpoints;

    /**
     * Creates a model.
     *
     * @param count how many checkpoints were published; more, perhaps, than are known by name
     * @param list the Hub's branches, if it was asked
     * @param checkpoints those that are known by name, in the order of training; never none
     */
    PublishedModel(
            String name,
            String repository,
            int count,
            Optional<BranchList> list,
            List<PublishedCheckpoint> checkpoints) {
        this.name = name;
        this.repository = list.map(BranchList::repository).orElse(repository);
        this.count = list.isPresent() ? checkpoints.size() : count;
        this.asked = list.isPresent();
        this.checkpoints = List.copyOf(checkpoints);
    }

    /** Makes a finetuned model. */
    static PublishedModel finetuned(String name, String repository) {
        PublishedCheckpoint only =
                new PublishedCheckpoint(
                        name,
                        PublishedRepository.MAIN,
                        repository,
                        PublishedRepository.MAIN,
                        OptionalInt.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalInt.empty(),
                        Evidence.OBSERVED);
        return new PublishedModel(name, repository, 1, Optional.empty(), List.of(only));
    }

    final String name() {
        return name;
    }

    /** Returns the Hub's repository. */
    final String repository() {
        return repository;
    }

    /** Returns how many checkpoints were published; more, perhaps, than are known by name. */
    final int published() {
        return count;
    }

    /** Returns whether the Hub has told its branches. */
    final boolean asked() {
        return asked;
    }

    final List<PublishedCheckpoint> checkpoints() {
        return checkpoints;
    }

    /**
     * Returns the checkpoint with a name, in any of its spellings.
     *
     * @param given the name in lower case, with {@code -} for each {@code _}
     */
    Optional<PublishedCheckpoint> named(String given) {
        return given.equals(PublishedRepository.MAIN) ? Optional.of(last()) : Optional.empty();
    }

    /** Says what there is, for someone who asked for a checkpoint that isn't. */
    String explain(String given) {
        return name + " has one checkpoint, " + PublishedRepository.MAIN;
    }

    /** Returns the last checkpoint of the training. */
    final PublishedCheckpoint last() {
        return checkpoints.get(checkpoints.size() - 1);
    }
}
