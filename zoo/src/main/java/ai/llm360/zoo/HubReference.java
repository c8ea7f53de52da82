package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A revision of a repository on the Hub.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param revision a branch, a tag or a commit
 * @param published what the catalogue knows of it, where it was asked for by its name there
 */
public record HubReference(
        String repository, String revision, Optional<PublishedCheckpoint> published)
        implements Reference {

    private static final Pattern FORM =
            Pattern.compile("(\\w[\\w.-]*/\\w[\\w.-]*)(?:@(\\w[\\w./-]*))?");

    /** Reads {@code ORG/NAME@REVISION}; empty if it is no such thing, or has no revision. */
    static Optional<HubReference> parse(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches() && form.group(2) != null
                ? Optional.of(new HubReference(form.group(1), form.group(2), Optional.empty()))
                : Optional.empty();
    }

    /**
     * Parses what a user wrote.
     *
     * @param text a published checkpoint, such as {@code amber@ckpt-200}, or a range of them, such
     *     as {@code amber@0..359:40}; or, with a slash in it, any repository and its revision, such
     *     as {@code LLM360/Amber@ckpt_200}, without {@code @} its branch {@code main}
     * @param catalogue where published checkpoints are looked up
     * @return the revisions, in the order of training
     * @throws ModelNotFoundException if LLM360 published no such checkpoint, saying what there is
     * @throws IOException if the model home can't be listed
     */
    public static List<HubReference> select(String text, Catalogue catalogue)
            throws ModelNotFoundException, IOException {
        Matcher form = FORM.matcher(text);
        if (form.matches()) {
            String asked = Optional.ofNullable(form.group(2)).orElse("main");
            String revision = catalogue.revision(form.group(1), asked);
            return List.of(new HubReference(form.group(1), revision, Optional.empty()));
        }
        String model = SeriesPart.parse(text).map(SeriesPart::model).orElse(text);
        Matcher name = NAME.matcher(model);
        boolean here = name.matches() && ModelHome.get().hasOwn(name.group(1));
        if (here || text.contains("/")) {
            throw new ModelNotFoundException(
                    "'%s' is not on the Hub%s: expected a published checkpoint, such as amber@ckpt-200, several, such as amber@0..359:40, or a repository and its revision, such as LLM360/Amber@main"
                            .formatted(
                                    text,
                                    here
                                            ? ", but comes with the library or lies in the model"
                                                    + " home"
                                            : ""));
        }
        return catalogue.select(text).checkpoints().stream().map(HubReference::of).toList();
    }

    static HubReference of(PublishedCheckpoint checkpoint) {
        return new HubReference(
                checkpoint.repository(), checkpoint.revision(), Optional.of(checkpoint));
    }

    /** Returns the name that it was published under, else the revision's. */
    String name() {
        return published.map(PublishedCheckpoint::reference).orElse(toString());
    }

    /** Returns where the Hub's cache has it, if it can be loaded from there. */
    Optional<Path> pulled() throws IOException {
        return new PulledCheckpoints(Optional.empty()).find(repository, revision);
    }

    /** Says that it isn't here, and how to get it. */
    String absent() {
        return "%s is not on this machine: llm360 pull %1$s downloads it".formatted(this);
    }

    /** Returns this as {@link #select} reads it. */
    @Override
    public String toString() {
        return repository + "@" + revision;
    }
}
