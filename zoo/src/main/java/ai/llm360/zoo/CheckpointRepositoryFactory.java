package ai.llm360.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.nn.EngineSettings;
import java.net.URI;
import java.nio.file.Path;
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
        // "@" makes a URI's host of the checkpoint, so the authority is read as it stands.
        String authority = uri.getRawAuthority();
        try {
            Reference reference =
                    authority == null || authority.isEmpty()
                            ? new Reference.AtPath(Path.of(uri.getPath()))
                            : Reference.parse(authority);
            return new CheckpointRepository(name, uri, reference);
        } catch (ModelNotFoundException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** {@inheritDoc} */
    @Override
    public Set<String> getSupportedScheme() {
        return Set.of(CheckpointRepository.SCHEME);
    }
}
