package ai.llm360.zoo;

import ai.llm360.zoo.tree.HubMirror;
import ai.llm360.zoo.tree.Standing;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** Under which names a mirror has what lies on the Hub. */
public final class MirroredCheckpoints {

    private MirroredCheckpoints() {}

    /**
     * Names a published checkpoint as the catalogue does.
     *
     * @param checkpoint the checkpoint
     * @return what to mirror
     */
    public static HubMirror.Source source(PublishedCheckpoint checkpoint) {
        Optional<String> phase =
                checkpoint.phase().isPresent()
                        ? Optional.of(Integer.toString(checkpoint.phase().getAsInt()))
                        : Optional.empty();
        return new HubMirror.Source(
                checkpoint.model(),
                checkpoint.name(),
                checkpoint.repository(),
                checkpoint.revision(),
                new Standing(
                        phase, checkpoint.step(), checkpoint.tokens(), OptionalDouble.empty()));
    }

    /**
     * Names what the catalogue doesn't have: the model by its repository, in small letters, and the
     * checkpoint by its revision.
     *
     * @param repository such as {@code my-lab/My-Model}
     * @param revision a branch, a tag or a commit
     * @return what to mirror
     */
    public static HubMirror.Source source(String repository, String revision) {
        String model = repository.substring(repository.indexOf('/') + 1);
        return new HubMirror.Source(
                model.toLowerCase(Locale.ROOT),
                revision.replace('/', '-'),
                repository,
                revision,
                Standing.UNKNOWN);
    }
}
