package ai.llm360.zoo;

import ai.llm360.zoo.catalogue.PublishedCheckpoint;
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

    /** Reads {@code ORG/NAME@REVISION}, without a revision its branch {@code main}. */
    static Optional<HubReference> parseAny(String text) {
        return parse(text).or(() -> parse(text + "@main"));
    }

    static HubReference of(PublishedCheckpoint checkpoint) {
        return new HubReference(
                checkpoint.repository(), checkpoint.revision(), Optional.of(checkpoint));
    }

    /** Returns this as it is written. */
    @Override
    public String toString() {
        return repository + "@" + revision;
    }
}
