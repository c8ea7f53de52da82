package ai.llm360.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.EngineSettings;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;

/**
 * Makes {@code llm360://} URLs known to DJL: {@code Criteria.builder().optModelUrls(…)} accepts
 * {@code llm360://amber@ckpt-200} and {@code llm360:///a/directory}, each with arguments such as
 * {@code ?dtype=bf16}.
 */
public final class CheckpointRepositoryFactory implements RepositoryFactory {

    static {
        EngineSettings.apply();
    }

    /** Creates the factory. */
    public CheckpointRepositoryFactory() {}

    /** {@inheritDoc} */
    @Override
    public Repository newInstance(String name, URI uri) {
        try {
            return new CheckpointRepository(name, uri, reference(uri));
        } catch (ModelNotFoundException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Reference reference(URI uri) throws ModelNotFoundException {
        // "@" makes a URI's host of the checkpoint, so the authority is read as it stands.
        String authority = Objects.requireNonNullElse(uri.getRawAuthority(), "");
        String path = Objects.requireNonNullElse(uri.getPath(), "");
        if (authority.isEmpty() == path.isEmpty()) {
            throw new ModelNotFoundException(
                    "'%s' names no model: write llm360://amber@ckpt-200 or llm360:///a/directory"
                            .formatted(uri));
        }
        return authority.isEmpty()
                ? new Reference.AtPath(Path.of(path))
                : Reference.parse(authority);
    }

    /** {@inheritDoc} */
    @Override
    public Set<String> getSupportedScheme() {
        return Set.of(CheckpointRepository.SCHEME);
    }
}
