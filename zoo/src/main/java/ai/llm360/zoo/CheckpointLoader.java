package ai.llm360.zoo;

import ai.djl.MalformedModelException;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.BaseModelLoader;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import java.io.IOException;

/**
 * A loader of a zoo that DJL searches: it passes by what is asked for in other types, and looks at
 * the model home each time. DJL's zoos live as long as the JVM, and its own loader remembers for
 * ever what its repository held when it was first asked.
 */
final class CheckpointLoader extends BaseModelLoader {

    private final Repository repository;

    CheckpointLoader(Repository repository) {
        super(repository.getResources().get(0));
        this.repository = repository;
    }

    /** {@inheritDoc} */
    @Override
    public <I, O> ZooModel<I, O> loadModel(Criteria<I, O> criteria)
            throws IOException, ModelNotFoundException, MalformedModelException {
        GenerationTranslatorFactory own = new GenerationTranslatorFactory();
        Class<I> input = criteria.getInputClass();
        Class<O> output = criteria.getOutputClass();
        if (criteria.getTranslatorFactory() == null && !own.isSupported(input, output)) {
            throw new ModelNotFoundException(own.unsupported(input, output));
        }
        return new BaseModelLoader(repository.getResources().get(0)).loadModel(criteria);
    }
}
