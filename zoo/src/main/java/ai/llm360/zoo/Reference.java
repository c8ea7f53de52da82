package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What names a checkpoint: {@code model@checkpoint}, or a path.
 *
 * <p>A reference that starts with {@code /}, {@code ./}, {@code ../}, {@code ~/} or {@code file:},
 * or that names an existing directory or file with a separator in it, is a path. Any other is a
 * model's name and, after {@code @}, a checkpoint's; without one it is {@code latest}, the last of
 * its training. The series of {@code amber-nano} comes with the library; what LLM360 published is
 * in the {@link Catalogue}, which also says how its checkpoints may be spelled; {@code
 * IFM/Amber@ckpt_200} names one by the Hub's repository and its branch.
 *
 * <p>{@code llm360+file:///tree/model@checkpoint} is a checkpoint in a static tree, as {@code
 * llm360 publish} makes them; {@code llm360+https://host/tree/model@checkpoint} is one in a tree
 * that a web server gives.
 */
public sealed interface Reference {

    /** A checkpoint that lies at a path. */
    record AtPath(Path path) implements Reference {}

    /** A checkpoint of a series, found by name. */
    record Named(String model, String checkpoint) implements Reference {

        /** The checkpoint's name where none is given: the last of the series. */
        public static final String LATEST = "latest";

        @Override
        public String toString() {
            return model + "@" + checkpoint;
        }
    }

    /** A checkpoint of a static tree, found by name; {@code tree} is a directory or an address. */
    record InTree(URI tree, String model, String checkpoint) implements Reference {}

    /** What a model or checkpoint may be called. */
    Pattern NAME = Pattern.compile("([A-Za-z0-9][\\w.-]*)(?:@([A-Za-z0-9][\\w.-]*))?");

    /**
     * Parses a reference.
     *
     * @param text the reference
     * @return what it names
     * @throws ModelNotFoundException if it is neither a path nor a name, or names several
     *     checkpoints
     */
    static Reference parse(String text) throws ModelNotFoundException {
        SeriesPart.requireOne(text);
        if (TreeModels.isReference(text)) {
            return TreeModels.parse(text);
        }
        if (text.startsWith("file:")) {
            try {
                return new AtPath(Path.of(URI.create(text)));
            } catch (IllegalArgumentException e) {
                return new AtPath(Path.of(text.substring("file:".length())));
            }
        }
        if (text.equals("~") || text.startsWith("~/")) {
            return new AtPath(Path.of(System.getProperty("user.home") + text.substring(1)));
        }
        Matcher name = NAME.matcher(text);
        if (!name.matches()) {
            try {
                Path path = Path.of(text);
                boolean existing = text.contains("/") && Files.exists(path);
                if (text.startsWith(".") || path.isAbsolute() || existing) {
                    return new AtPath(path);
                }
            } catch (InvalidPathException e) {
                // Neither a path nor a name.
            }
            Optional<PublishedCheckpoint> published = onHub(text);
            if (published.isPresent()) {
                return new Named(published.get().model(), published.get().name());
            }
            throw new ModelNotFoundException(
                    "'%s' names no model: give model@checkpoint, such as amber@ckpt-200, or a path that starts with ./ or /"
                            .formatted(text));
        }
        return new Named(name.group(1), Optional.ofNullable(name.group(2)).orElse(Named.LATEST));
    }

    private static Optional<PublishedCheckpoint> onHub(String text) {
        int at = text.indexOf('@');
        return Catalogue.of(List.of())
                .of(
                        at < 0 ? text : text.substring(0, at),
                        at < 0 ? PublishedAmber.MAIN : text.substring(at + 1));
    }

    /**
     * Finds the checkpoint on this machine. Nothing of the Hub is downloaded; what a web server's
     * tree has is.
     *
     * @param text the reference
     * @return its directory, or its file if the reference is a path to one
     * @throws ModelNotFoundException if there is no such checkpoint, saying what there is and how
     *     to get one
     * @throws IOException if the model home can't be listed, or a tree can't be read
     */
    static Path resolve(String text) throws ModelNotFoundException, IOException {
        Reference reference = parse(text);
        if (reference instanceof InTree inTree) {
            return TreeModels.directory(inTree);
        }
        if (reference instanceof Named named) {
            return ModelHome.get().find(named);
        }
        Path path = ((AtPath) reference).path().toAbsolutePath().normalize();
        if (!Files.exists(path)) {
            List<String> near = ModelHome.neighbours(path);
            throw new ModelNotFoundException(
                    "no checkpoint at %s: there is no such directory%s"
                            .formatted(
                                    path,
                                    near.isEmpty()
                                            ? ""
                                            : "; beside it there is " + String.join(", ", near)));
        }
        return path;
    }
}
