package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.catalogue.CheckpointNames;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a checkpoint: {@code model@checkpoint}, a path, a model in a static tree, or a revision of
 * a repository on the Hub. It means the same wherever one is taken.
 *
 * <p>A reference that starts with {@code /}, {@code ./}, {@code ../}, {@code ~/} or {@code file:},
 * or that names an existing directory or file with a separator in it, is a path: of a checkpoint,
 * or of a training run, which stands for its last checkpoint; {@code ./my-run@ckpt-003} is another
 * one of the run. {@code ORG/NAME@REVISION} is a {@link HubReference}, or what the {@link
 * Catalogue} knows by that repository and branch, such as {@code IFM/Amber@ckpt_200}. Any other is
 * a model's name and, after {@code @}, a checkpoint's; without one it is {@code latest}, the last
 * of its training. The series of {@code amber-nano} comes with the library; what LLM360 published
 * is in the Catalogue, which also says how its checkpoints may be spelled.
 *
 * <p>{@code llm360+file:///tree/model@checkpoint} is a checkpoint in a static tree, as {@code
 * llm360 export} makes them; {@code llm360+https://host/tree/model@checkpoint} is one in a tree
 * that a web server gives.
 */
public sealed interface Reference
        permits Reference.AtPath, Reference.Named, Reference.InTree, HubReference {

    /**
     * A checkpoint that lies at a path, a run, or {@code run@checkpoint} where there is no such
     * path.
     */
    record AtPath(Path path) implements Reference {}

    /** A checkpoint of a series, found by name. */
    record Named(String model, String checkpoint) implements Reference {

        @Override
        public String toString() {
            return model + "@" + checkpoint;
        }
    }

    /** A checkpoint of a static tree, found by name; {@code tree} is a directory or an address. */
    record InTree(URI tree, String model, String checkpoint) implements Reference {}

    /** The schemes of references into static trees. */
    Set<String> TREES = Set.of("llm360+file", "llm360+http", "llm360+https");

    /** Matches the name of a model, and of a checkpoint of it. */
    Pattern NAME = Pattern.compile("([A-Za-z0-9][\\w.-]*)(?:@([A-Za-z0-9][\\w.-]*))?");

    /**
     * Parses a reference.
     *
     * @throws ModelNotFoundException if it is neither a path nor a name, or names several
     *     checkpoints
     */
    static Reference parse(String text) throws ModelNotFoundException {
        SeriesPart.requireOne(text);
        if (isInTree(text)) {
            return inTree(text);
        }
        Optional<Path> path = RunCheckpoints.path(text);
        if (path.isPresent()) {
            return new AtPath(path.get());
        }
        Matcher name = NAME.matcher(text);
        if (name.matches()) {
            return new Named(
                    name.group(1),
                    Optional.ofNullable(name.group(2)).orElse(CheckpointNames.LATEST));
        }
        Optional<PublishedCheckpoint> published = onHub(text);
        if (published.isPresent()) {
            return new Named(published.get().model(), published.get().name());
        }
        return HubReference.parse(text)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "'%s' names no model: give model@checkpoint, such as amber@ckpt-200, a path that starts with ./ or /, or a repository of the Hub and its revision, such as LLM360/Amber@main"
                                                .formatted(text)));
    }

    private static InTree inTree(String text) throws ModelNotFoundException {
        int slash = text.lastIndexOf('/');
        Matcher name = NAME.matcher(text.substring(slash + 1));
        try {
            if (slash > 0 && name.matches()) {
                URI tree = new URI(text.substring("llm360+".length(), slash + 1));
                if (tree.getRawPath() != null && tree.getRawPath().startsWith("/")) {
                    return new InTree(
                            tree,
                            name.group(1),
                            Optional.ofNullable(name.group(2)).orElse(CheckpointNames.LATEST));
                }
            }
        } catch (URISyntaxException e) {
            // told below
        }
        throw new ModelNotFoundException(
                "'%s' names no model in a static tree: write llm360+file:///tree/model@checkpoint or llm360+https://host/tree/model@checkpoint, a space as %%20"
                        .formatted(text));
    }

    /**
     * {@return whether a reference is into a static tree, by one of the schemes {@code
     * llm360+file}, {@code llm360+http} and {@code llm360+https}}
     */
    static boolean isInTree(String text) {
        return TREES.contains(text.substring(0, Math.max(0, text.indexOf(':'))));
    }

    /**
     * {@return whether a reference names a range or a sample of checkpoints, which {@link
     * Zoo#series} lists; false for a path that there is}
     */
    static boolean isSeveral(String text) {
        return SeriesPart.parse(text).isPresent();
    }

    /**
     * {@return the number of tokens that a reference asks for, to which its checkpoint is the
     * nearest; empty for one that names its checkpoint otherwise}
     */
    static OptionalLong tokens(String text) {
        return CheckpointNames.tokens(text.substring(text.lastIndexOf('@') + 1));
    }

    private static Optional<PublishedCheckpoint> onHub(String text) {
        int at = text.indexOf('@');
        return Catalogue.of(List.of())
                .of(
                        at < 0 ? text : text.substring(0, at),
                        at < 0 ? PublishedRepository.MAIN : text.substring(at + 1));
    }

    /**
     * {@return a checkpoint's files on this machine, by the environment's model home and Hub's
     * cache: see {@link CheckpointEntry#path}}
     */
    static Path resolve(String text) throws ModelNotFoundException, IOException {
        return Zoo.ofEnvironment().checkpoint(text).path();
    }
}
