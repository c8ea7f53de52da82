package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.util.List;
import java.util.Optional;

/**
 * A revision of a repository on the Hub.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param revision a branch, a tag or a commit
 * @param published what the catalogue knows of it, where it was asked for by its name there
 */
public record HubReference(
        String repository, String revision, Optional<PublishedCheckpoint> published) {

    /**
     * Parses what a user wrote.
     *
     * @param text a published checkpoint, such as {@code amber@ckpt-200}, or a range of them, such
     *     as {@code amber@0..359:40}; or, with a slash in it, any repository and its revision, such
     *     as {@code LLM360/Amber@ckpt_200}, without {@code @} its branch {@code main}
     * @param catalogue where published checkpoints are looked up
     * @return the revisions, in the order of training
     * @throws ModelNotFoundException if LLM360 published no such checkpoint, saying what there is
     */
    public static List<HubReference> select(String text, Catalogue catalogue)
            throws ModelNotFoundException {
        if (!text.contains("/")) {
            return catalogue.select(text).checkpoints().stream().map(HubReference::of).toList();
        }
        int at = text.indexOf('@');
        String repository = at < 0 ? text : text.substring(0, at);
        String revision = at < 0 ? "main" : catalogue.revision(repository, text.substring(at + 1));
        return List.of(new HubReference(repository, revision, Optional.empty()));
    }

    static HubReference of(PublishedCheckpoint checkpoint) {
        return new HubReference(
                checkpoint.repository(), checkpoint.revision(), Optional.of(checkpoint));
    }

    /** Returns this as {@link #select} reads it. */
    @Override
    public String toString() {
        return repository + "@" + revision;
    }
}
