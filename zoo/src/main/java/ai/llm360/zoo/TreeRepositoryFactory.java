package ai.llm360.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.EngineSettings;
import java.net.URI;
import java.util.Set;

/**
 * Makes static trees known to DJL: {@code Criteria.builder().optModelUrls(…)} accepts {@code
 * llm360+file:///tree/model@checkpoint} and {@code llm360+https://host/tree/model@checkpoint}, with
 * arguments such as {@code ?dtype=bf16}.
 */
public final class TreeRepositoryFactory implements RepositoryFactory {

    static {
        EngineSettings.apply();
    }

    /** Creates the factory. */
    public TreeRepositoryFactory() {}

    /** {@inheritDoc} */
    @Override
    public Repository newInstance(String name, URI uri) {
        try {
            String reference = uri.toString().replaceFirst("\\?.*", "");
            return new TreeRepository(name, uri, TreeModels.parse(reference));
        } catch (ModelNotFoundException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** {@inheritDoc} */
    @Override
    public Set<String> getSupportedScheme() {
        return TreeModels.SCHEMES;
    }
}
