package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A finetuned model, of which the Hub has the result alone.
 *
 * @param name the model's name here
 * @param repository the Hub's repository
 */
record PublishedChat(String name, String repository) implements PublishedModel {

    private static final String MAIN = "main";

    @Override
    public int published() {
        return 1;
    }

    @Override
    public List<PublishedCheckpoint> checkpoints() {
        return List.of(
                new PublishedCheckpoint(
                        name,
                        MAIN,
                        repository,
                        MAIN,
                        OptionalInt.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalInt.empty(),
                        Evidence.OBSERVED));
    }

    @Override
    public Optional<PublishedCheckpoint> named(String asked) {
        return asked.equals(MAIN) ? Optional.of(last()) : Optional.empty();
    }

    @Override
    public String explain(String asked) {
        return name + " has one checkpoint, " + MAIN;
    }
}
