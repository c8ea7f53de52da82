package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What there is by name: published by LLM360, brought by the library, or put on this machine. It
 * looks at names and small files alone; no weights are opened, and the network isn't asked.
 *
 * <pre>{@code
 * for (ListedCheckpoint checkpoint : Zoo.series("amber").uniform(12)) {
 *     System.out.println(checkpoint.reference() + " " + checkpoint.tokens());
 * }
 * }</pre>
 */
public final class Zoo {

    private Zoo() {}

    /**
     * Returns the models.
     *
     * @return the names: of what LLM360 published, what the library brings, and what the model home
     *     holds beside
     * @throws IOException if the model home can't be listed
     */
    public static List<String> models() throws IOException {
        ModelHome home = ModelHome.get();
        Set<String> names = new LinkedHashSet<>(home.catalogue().models());
        EmbeddedSeries.all().forEach(series -> names.add(series.model()));
        names.addAll(home.models());
        return List.copyOf(names);
    }

    /**
     * Finds the directory of a whole series on this machine.
     *
     * @param reference a path, or the name of a model in the model home
     * @return the directory of a run, of a training in phases, or of checkpoints
     * @throws ModelNotFoundException if it is neither
     * @throws IOException if the model home can't be read
     */
    public static Path directory(String reference) throws ModelNotFoundException, IOException {
        ModelHome home = ModelHome.get();
        Reference parsed = Reference.parse(reference);
        if (parsed instanceof Reference.AtPath at) {
            return at.path();
        }
        if (parsed instanceof Reference.Named) {
            for (Path path : List.of(Path.of(reference), home.root().resolve(reference))) {
                if (Files.isDirectory(path)) {
                    return path;
                }
            }
        }
        throw new ModelNotFoundException(
                "'%s' is no training on this machine: expected its directory, or its name in %s"
                        .formatted(reference, home.root()));
    }

    /**
     * Returns a model's checkpoints, or some of them.
     *
     * @param reference a model's name for all, such as {@code amber}; a range, such as {@code
     *     amber@0..359:10}; so many, spread evenly, {@code amber@uniform:12}; or one, {@code
     *     amber@ckpt-200}. The model may also be the directory of a run, {@code ./my-run@0..8:2},
     *     or one in a static tree.
     * @return the checkpoints
     * @throws ModelNotFoundException if there are none, saying what there is
     * @throws IOException if the model home or the Hub's cache can't be read
     */
    public static CheckpointSeries series(String reference)
            throws ModelNotFoundException, IOException {
        return CheckpointSeries.of(ModelHome.get(), reference);
    }
}
