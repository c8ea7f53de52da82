package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.NearNames;
import ai.llm360.zoo.tree.StaticTree;
import ai.llm360.zoo.tree.TreeCheckpoint;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;

/**
 * Checkpoints of static trees by reference, their names spelled as forgivingly as all others:
 * {@code llm360+file:///tree/my-amber@3}, {@code llm360+https://host/tree/my-amber@0..10:2}.
 */
public final class TreeModels {

    static final Set<String> SCHEMES = Set.of("llm360+file", "llm360+http", "llm360+https");

    private static final String OURS = "llm360+";

    private TreeModels() {}

    /**
     * Returns whether a reference is into a static tree.
     *
     * @param text any reference
     * @return whether it has one of the schemes {@code llm360+file}, {@code llm360+http} and {@code
     *     llm360+https}
     */
    public static boolean isReference(String text) {
        int colon = text.indexOf(':');
        return colon > 0 && SCHEMES.contains(text.substring(0, colon));
    }

    /** Parses {@code llm360+<address of the tree>/<model>@<checkpoint>}. */
    static Reference.InTree parse(String text) throws ModelNotFoundException {
        int slash = text.lastIndexOf('/');
        SeriesPart.requireOne(text);
        Matcher name = Reference.NAME.matcher(text.substring(slash + 1));
        try {
            if (slash > 0 && name.matches()) {
                URI tree = new URI(text.substring(OURS.length(), slash + 1));
                if (tree.getRawPath() != null && tree.getRawPath().startsWith("/")) {
                    return new Reference.InTree(
                            tree,
                            name.group(1),
                            Optional.ofNullable(name.group(2)).orElse(Reference.Named.LATEST));
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
     * Finds the checkpoints that a reference names. None of them is downloaded.
     *
     * @param reference a model in a tree for all its checkpoints, one of them, or several: {@code
     *     my-amber@0..10:2} is every second, {@code my-amber@uniform:3} are three
     * @return the checkpoints, in the order of training; never none
     * @throws ModelNotFoundException if there are none, saying what there is
     * @throws IOException if the tree has no such model, or can't be read
     */
    public static List<TreeCheckpoint> select(String reference)
            throws ModelNotFoundException, IOException {
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        Reference.InTree asked = parse(part.map(SeriesPart::model).orElse(reference));
        List<TreeCheckpoint> all = open(asked).checkpoints(asked.model());
        Catalogue known = Catalogue.current();
        if (part.isPresent()) {
            return part.get().of(all, checkpoint -> find(all, named(asked, checkpoint), known));
        }
        boolean one = reference.substring(reference.lastIndexOf('/')).contains("@");
        return one ? List.of(find(all, asked, known)) : all;
    }

    private static Reference.InTree named(Reference.InTree model, String checkpoint) {
        return new Reference.InTree(model.tree(), model.model(), checkpoint);
    }

    static StaticTree open(Reference.InTree reference) throws IOException {
        return StaticTree.at(reference.tree(), ModelHome.get().root().resolve(".trees"));
    }

    /** Returns a checkpoint's directory, after a download where the tree is a web server's. */
    static Path directory(Reference.InTree reference) throws ModelNotFoundException, IOException {
        StaticTree tree = open(reference);
        return tree.directory(
                find(tree.checkpoints(reference.model()), reference, Catalogue.current()), null);
    }

    /** Finds a checkpoint by any spelling of its name; {@code latest} is the last of the tree's. */
    static TreeCheckpoint find(
            List<TreeCheckpoint> all, Reference.InTree reference, Catalogue known)
            throws ModelNotFoundException {
        String asked = reference.checkpoint();
        Optional<TreeCheckpoint> found =
                SeriesPart.find(all, asked, TreeCheckpoint::name, one -> one.standing().tokens());
        if (found.isEmpty()) {
            found = published(all, reference, known);
        }
        return found.orElseThrow(
                () -> {
                    List<String> names = all.stream().map(TreeCheckpoint::name).toList();
                    return new ModelNotFoundException(
                            "no checkpoint '%s' of '%s' in %s: there are %s; did you mean %s?"
                                    .formatted(
                                            asked,
                                            reference.model(),
                                            reference.tree(),
                                            ModelHome.some(names),
                                            String.join(" or ", NearNames.of(asked, names))));
                });
    }

    /** What the catalogue knows by that name may be here under the one that it gives. */
    private static Optional<TreeCheckpoint> published(
            List<TreeCheckpoint> all, Reference.InTree reference, Catalogue known) {
        return known.find(new Reference.Named(reference.model(), reference.checkpoint()))
                .flatMap(
                        found ->
                                all.stream()
                                        .filter(one -> one.name().equals(found.name()))
                                        .findFirst());
    }
}
