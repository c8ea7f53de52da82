package ai.llm360.zoo;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TextTranslator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.djl.GenerationArguments;
import ai.llm360.zoo.djl.ModelArgument;
import ai.llm360.zoo.djl.ServingTranslator;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Makes what stands between a user's types and the model.
 *
 * <ul>
 *   <li>{@code String} to {@code String}: a prompt to its continuation
 *   <li>{@code String} to {@link Generation}: the same with tokens and log-probabilities
 *   <li>{@code String} to {@link TokenStream}: a prompt to tokens that are made as they are asked
 *       for; the stream is the caller's to close
 *   <li>{@link NDList} to {@link NDList}: token ids (B, T) to logits (B, T, V)
 *   <li>{@link Input} to {@link Output}: for DJL Serving, a text to its continuation, or JSON in
 *       the schema of its LMI, {@code {"inputs": …, "parameters": {…}}}, to {@code
 *       {"generated_text": …}}; what is wrong with a request is its answer, with status 400
 * </ul>
 *
 * <p>How to continue is read from the arguments, which {@link ModelArgument} lists, and else from
 * the checkpoint's {@code generation_config.json}.
 */
public class GenerationTranslatorFactory implements TranslatorFactory {

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return Set.of(
                new Pair<>(String.class, String.class),
                new Pair<>(String.class, Generation.class),
                new Pair<>(String.class, TokenStream.class),
                new Pair<>(NDList.class, NDList.class),
                new Pair<>(Input.class, Output.class));
    }

    @Override
    @SuppressWarnings("unchecked") // the types are compared first
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
            throws TranslateException {
        if (!isSupported(input, output)) {
            throw new TranslateException(unsupported(input, output));
        }
        TextGenerator generator;
        GenerationConfig how;
        try {
            ModelArgument.check(arguments.keySet());
            if (input == NDList.class) {
                return (Translator<I, O>) new IdsTranslator();
            }
            GenerationConfig defaults = GenerationConfig.read(model.getModelPath());
            how = new GenerationArguments(arguments).toConfig(defaults);
            generator = newGenerator(model);
        } catch (IOException e) {
            model.close(); // DJL drops a model whose translator can't be made, without closing it
            throw new TranslateException(e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
        return (Translator<I, O>) translator(output, generator, how);
    }

    private static Translator<?, ?> translator(
            Class<?> output, TextGenerator generator, GenerationConfig how) {
        if (output == Output.class) {
            return new ServingTranslator(generator, how);
        }
        if (output == TokenStream.class) {
            return TextTranslator.ofTokens(generator, how);
        }
        return output == Generation.class
                ? new TextTranslator<>(generator, how, generation -> generation)
                : new TextTranslator<>(generator, how, Generation::text);
    }

    /**
     * The factory of a model that a URL names. Types that it doesn't support are an error that
     * lists those that it does: told that they aren't supported, DJL would go on to its own default
     * factory, and list that one's.
     */
    public static final class Strict extends GenerationTranslatorFactory {

        /** Creates the factory. */
        public Strict() {}

        /**
         * {@inheritDoc}
         *
         * @throws IllegalArgumentException if they aren't
         */
        @Override
        public boolean isSupported(Class<?> input, Class<?> output) {
            if (!super.isSupported(input, output)) {
                throw new IllegalArgumentException(unsupported(input, output));
            }
            return true;
        }
    }

    /** Refuses types as {@link #isSupported} does, in better words than DJL's. */
    static void requireSupported(Class<?> input, Class<?> output) throws ModelNotFoundException {
        GenerationTranslatorFactory factory = new GenerationTranslatorFactory();
        if (!factory.isSupported(input, output)) {
            throw new ModelNotFoundException(factory.unsupported(input, output));
        }
    }

    /** Says that two types are not supported, and which are. */
    String unsupported(Class<?> input, Class<?> output) {
        return "no translator from %s to %s; there are %s"
                .formatted(
                        input.getName(),
                        output.getName(),
                        getSupportedTypes().stream()
                                .map(
                                        t ->
                                                t.getKey().getTypeName()
                                                        + " to "
                                                        + t.getValue().getTypeName())
                                .sorted()
                                .collect(Collectors.joining(", ")));
    }

    /** Makes a generator whose tokenizer, if the model has one, is closed with the model. */
    private static TextGenerator newGenerator(Model model) throws IOException {
        Path directory = model.getModelPath();
        Optional<Tokenizer> tokenizer = Optional.empty();
        if (Files.exists(directory.resolve("tokenizer.json"))
                || Files.exists(directory.resolve("tokenizer.model"))) {
            tokenizer = Optional.of(Tokenizer.open(directory));
            model.getNDManager().attachInternal(UUID.randomUUID().toString(), tokenizer.get());
        }
        return new TextGenerator((CausalDecoder) model.getBlock(), tokenizer);
    }

    /** Hands token ids to the model as they are, and its logits back. */
    private static final class IdsTranslator implements NoBatchifyTranslator<NDList, NDList> {

        /** DJL skips the forward pass of an empty list, and would answer with another. */
        @Override
        public NDList processInput(TranslatorContext ctx, NDList input) {
            if (input.isEmpty()) {
                throw new IllegalArgumentException(
                        "the input is one array, token ids of (B, T), not an empty list");
            }
            return input;
        }

        @Override
        public NDList processOutput(TranslatorContext ctx, NDList list) {
            return list;
        }
    }
}
