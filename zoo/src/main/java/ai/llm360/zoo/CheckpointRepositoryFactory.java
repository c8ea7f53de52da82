package ai.llm360.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.EngineSettings;
import ai.llm360.zoo.catalogue.CheckpointNames;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes the environment's zoo known to DJL: {@code Criteria.builder().optModelUrls(…)} accepts
 * {@code llm360://amber@ckpt-200}, {@code llm360:///a/directory} and, in a static tree, {@code
 * llm360+https://host/tree/model@checkpoint}, each with arguments such as {@code ?dtype=bf16}. A
 * model without a checkpoint has an artifact for each of its checkpoints, the last first.
 */
public final class CheckpointRepositoryFactory implements RepositoryFactory {

    static final String SCHEME = "llm360";

    static {
        EngineSettings.apply();
    }

    @Override
    public Repository newInstance(String name, URI uri) {
        try {
            String text = text(uri);
            Reference reference = Reference.parse(text);
            return new CheckpointRepository(
                    name, uri, model(reference), () -> series(text, reference));
        } catch (ModelNotFoundException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static String text(URI uri) throws ModelNotFoundException {
        if (!SCHEME.equals(uri.getScheme())) {
            return uri.toString().replaceFirst("\\?.*", "");
        }
        // "@" makes a URI's host of the checkpoint, so the authority is read as it stands.
        String authority = Objects.requireNonNullElse(uri.getRawAuthority(), "");
        String path = Objects.requireNonNullElse(uri.getPath(), "");
        if (authority.isEmpty() == path.isEmpty()) {
            throw new ModelNotFoundException(
                    "'%s' names no model: write llm360://amber@ckpt-200 or llm360:///a/directory"
                            .formatted(uri));
        }
        return authority.isEmpty() ? path : authority;
    }

    private static String model(Reference reference) {
        if (reference instanceof Reference.Named named) {
            return named.model();
        }
        return reference instanceof Reference.InTree inTree
                ? inTree.model()
                : String.valueOf(((Reference.AtPath) reference).path().getFileName());
    }

    private static Series series(String text, Reference reference)
            throws ModelNotFoundException, IOException {
        Zoo zoo = Zoo.ofEnvironment();
        boolean all =
                !(reference instanceof Reference.AtPath)
                        && text.substring(text.lastIndexOf('/') + 1)
                                .matches("[^@]*(@" + CheckpointNames.LATEST + ")?");
        if (all) {
            return zoo.series(text.replaceFirst("@" + CheckpointNames.LATEST + "$", ""));
        }
        CheckpointEntry one = zoo.resolve(text);
        return Series.of(model(reference), List.of(one), zoo.catalogue());
    }

    @Override
    public Set<String> getSupportedScheme() {
        Set<String> schemes = new TreeSet<>(Reference.TREES);
        schemes.add(SCHEME);
        return schemes;
    }
}
