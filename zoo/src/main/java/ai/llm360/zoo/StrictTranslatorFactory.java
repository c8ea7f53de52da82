package ai.llm360.zoo;

import ai.djl.Model;
import ai.djl.repository.Metadata;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;

/**
 * The {@link GenerationTranslatorFactory} of a model that a URL names. Types that it doesn't
 * support are an error that lists those that it does: told that they aren't supported, DJL would go
 * on to its own default factory, and list that one's.
 */
public final class StrictTranslatorFactory implements TranslatorFactory {

    private final GenerationTranslatorFactory factory = new GenerationTranslatorFactory();

    /** Creates the factory. */
    public StrictTranslatorFactory() {}

    /** Makes this the factory of all artifacts. */
    static void install(Metadata metadata) {
        String name = StrictTranslatorFactory.class.getName();
        metadata.getArtifacts()
                .forEach(artifact -> artifact.getArguments().put("translatorFactory", name));
    }

    /** {@inheritDoc} */
    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return factory.getSupportedTypes();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if they aren't
     */
    @Override
    public boolean isSupported(Class<?> input, Class<?> output) {
        if (!factory.isSupported(input, output)) {
            throw new IllegalArgumentException(factory.unsupported(input, output));
        }
        return true;
    }

    /** {@inheritDoc} */
    @Override
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
            throws TranslateException {
        return factory.newInstance(input, output, model, arguments);
    }
}
