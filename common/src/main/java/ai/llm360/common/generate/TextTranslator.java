package ai.llm360.common.generate;

import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import ai.llm360.common.nn.BlockCall;
import ai.llm360.common.nn.CausalDecoder;
import java.util.function.Function;

/**
 * Lets DJL's {@code Predictor} continue a text: a prompt in, its continuation out.
 *
 * @param <O> what a continuation becomes
 */
public final class TextTranslator<O> implements NoBatchifyTranslator<String, O> {

    private final TextGenerator generator;
    private final GenerationConfig config;
    private final Function<Generation, O> output;

    /**
     * Creates a translator.
     *
     * @param generator the generator, on the same model as the predictor
     * @param config how to continue
     * @param output what becomes of a continuation, such as {@link Generation#text}
     */
    public TextTranslator(
            TextGenerator generator, GenerationConfig config, Function<Generation, O> output) {
        this.generator = generator;
        this.config = config;
        this.output = output;
    }

    /** Returns the generator that this translator continues texts with. */
    public TextGenerator generator() {
        return generator;
    }

    /** {@inheritDoc} */
    @Override
    public NDList processInput(TranslatorContext ctx, String prompt) {
        return new Call(generator, config, prompt);
    }

    /** {@inheritDoc} */
    @Override
    public O processOutput(TranslatorContext ctx, NDList list) {
        return output.apply(((Call) list).result);
    }

    /** The whole generation, which the model runs in place of a forward pass. */
    @SuppressWarnings("serial") // an NDList is serializable in name only
    private static final class Call extends BlockCall {

        private static final long serialVersionUID = 1L;

        private final TextGenerator generator;
        private final GenerationConfig config;
        private final String prompt;
        private Generation result;

        Call(TextGenerator generator, GenerationConfig config, String prompt) {
            this.generator = generator;
            this.config = config;
            this.prompt = prompt;
        }

        @Override
        protected NDList run(CausalDecoder model) {
            result = generator.generate(prompt, config);
            return this;
        }
    }
}
