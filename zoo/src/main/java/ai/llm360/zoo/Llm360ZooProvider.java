package ai.llm360.zoo;

import ai.djl.MalformedModelException;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.BaseModelLoader;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.repository.zoo.ZooProvider;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.djl.MetadataJson;
import ai.llm360.zoo.source.EmbeddedSeries;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The model zoo of group {@code ai.llm360}, which DJL finds on the class path: {@code
 * optArtifactId("ai.llm360:amber").optFilter("checkpoint", "ckpt-200")}. Listing it asks nothing of
 * the network.
 */
public final class Llm360ZooProvider implements ZooProvider {

    /** The models that have a name. */
    private static final List<String> MODELS =
            Stream.concat(
                            Catalogue.of(List.of()).models().stream(),
                            EmbeddedSeries.all().stream().map(EmbeddedSeries::model))
                    .toList();

    @Override
    public ModelZoo getModelZoo() {
        return new Llm360ModelZoo();
    }

    private static final class Llm360ModelZoo extends ModelZoo {

        Llm360ModelZoo() {
            for (String model : MODELS) {
                URI uri = URI.create(CheckpointRepositoryFactory.SCHEME + "://" + model);
                Repository repository = new CheckpointRepositoryFactory().newInstance(model, uri);
                addModel(new Loader(repository));
            }
        }

        @Override
        public String getGroupId() {
            return MetadataJson.GROUP;
        }

        @Override
        public Set<String> getSupportedEngines() {
            return Set.of("PyTorch");
        }
    }

    /**
     * A loader of a zoo that DJL searches: it passes by what is asked for in other types, and looks
     * at the model home each time. DJL's zoos live as long as the JVM, and its own loader remembers
     * for ever what its repository held when it was first asked.
     */
    private static final class Loader extends BaseModelLoader {

        private final Repository repository;

        Loader(Repository repository) {
            super(repository.getResources().get(0));
            this.repository = repository;
        }

        @Override
        public <I, O> ZooModel<I, O> loadModel(Criteria<I, O> criteria)
                throws IOException, ModelNotFoundException, MalformedModelException {
            if (criteria.getTranslatorFactory() == null) {
                GenerationTranslatorFactory.requireSupported(
                        criteria.getInputClass(), criteria.getOutputClass());
            }
            return new BaseModelLoader(repository.getResources().get(0)).loadModel(criteria);
        }
    }
}
