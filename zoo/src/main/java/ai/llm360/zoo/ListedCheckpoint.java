package ai.llm360.zoo;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.TrainingState;
import ai.llm360.zoo.tree.TrainedModel;
import ai.llm360.zoo.tree.TreeCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A checkpoint of a {@link CheckpointSeries}, with what is known of it without opening its weights.
 *
 * @param model the model's name; of a run its directory, and in a static tree the model's address,
 *     as they were given
 * @param name its name
 * @param published what LLM360 published under that name
 * @param step the optimizer steps done, where that is known; within the phase where there are
 *     phases
 * @param tokens the positions trained on, where that is known
 * @param atHand whether it can be loaded without a download
 * @param directory where it lies; absent also for one that the library brings and that has not been
 *     used yet
 */
public record ListedCheckpoint(
        String model,
        String name,
        Optional<PublishedCheckpoint> published,
        OptionalLong step,
        OptionalLong tokens,
        boolean atHand,
        Optional<Path> directory) {

    /**
     * Returns the name that it is loaded by.
     *
     * @return a {@link Reference}, such as {@code amber@ckpt-200}
     */
    public String reference() {
        return model + "@" + name;
    }

    /**
     * Loads the checkpoint as a model that continues texts, as {@link Criteria#loadModel(String)}
     * does: a published one that isn't at hand is downloaded first.
     *
     * @return the model, the caller's to close
     * @throws ModelNotFoundException if it isn't at hand and can't be downloaded
     * @throws MalformedModelException if the checkpoint breaks its format's rules
     * @throws IOException if reading or downloading fails
     */
    public ZooModel<String, String> load()
            throws ModelNotFoundException, MalformedModelException, IOException {
        return Criteria.loadModel(reference());
    }

    static ListedCheckpoint of(PublishedCheckpoint checkpoint, Optional<Path> directory) {
        return new ListedCheckpoint(
                checkpoint.model(),
                checkpoint.name(),
                Optional.of(checkpoint),
                checkpoint.step(),
                checkpoint.tokens(),
                directory.isPresent(),
                directory);
    }

    static ListedCheckpoint of(String model, SeriesCheckpoint brought) {
        return new ListedCheckpoint(
                model,
                brought.name(),
                Optional.empty(),
                OptionalLong.of(brought.step()),
                OptionalLong.of(brought.tokens()),
                true,
                Optional.empty());
    }

    /** One in a static tree: of a directory's the files are at hand. */
    static ListedCheckpoint of(String model, TreeCheckpoint checkpoint) {
        return new ListedCheckpoint(
                model,
                checkpoint.name(),
                Optional.empty(),
                checkpoint.standing().step(),
                checkpoint.standing().tokens(),
                model.startsWith("llm360+file:"),
                Optional.empty());
    }

    /** One of a run's directory, or of a directory of checkpoints. */
    static ListedCheckpoint of(String model, TrainedModel.Source source) {
        return new ListedCheckpoint(
                model,
                source.name(),
                Optional.empty(),
                source.standing().step(),
                source.standing().tokens(),
                true,
                Optional.of(source.directory()));
    }

    /** One that LLM360 didn't publish; of a run's checkpoint the run says how far it is. */
    static ListedCheckpoint of(String model, String name, Path directory) throws IOException {
        Optional<TrainingState> state = state(directory);
        return new ListedCheckpoint(
                model,
                name,
                Optional.empty(),
                state.isPresent() ? OptionalLong.of(state.get().step()) : OptionalLong.empty(),
                state.isPresent() ? OptionalLong.of(state.get().tokens()) : OptionalLong.empty(),
                true,
                Optional.of(directory));
    }

    private static Optional<TrainingState> state(Path directory) throws IOException {
        try {
            return Optional.of(SavedState.open(directory).state());
        } catch (RunException e) {
            return Optional.empty(); // no run's, or damaged: loading it will tell
        }
    }
}
