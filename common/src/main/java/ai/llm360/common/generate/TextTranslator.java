package ai.llm360.common.generate;

import ai.djl.inference.streaming.StreamingTranslator;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import ai.llm360.common.model.BlockCall;
import ai.llm360.common.model.CausalDecoder;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Lets DJL's {@code Predictor} continue a text: a prompt in, its continuation out.
 *
 * <p>{@code Predictor.streamingPredict} works too. What it returns is DJL's: one object of the
 * output type, so tokens come one by one where that type is {@link TokenStream}; another is there
 * when the continuation is.
 *
 * @param <O> what a continuation becomes
 */
public final class TextTranslator<O>
        implements NoBatchifyTranslator<String, O>, StreamingTranslator<String, O> {

    private static final String CALL = "call";

    private final TextGenerator generator;
    private final GenerationConfig config;
    private final Function<String, O> output;

    /**
     * Creates a translator.
     *
     * @param generator the generator, on the same model as the predictor
     * @param output what becomes of a continuation, such as {@link Generation#text}
     */
    public TextTranslator(
            TextGenerator generator, GenerationConfig config, Function<Generation, O> output) {
        this(config, generator, prompt -> output.apply(generator.generate(prompt, config)));
    }

    private TextTranslator(
            GenerationConfig config, TextGenerator generator, Function<String, O> output) {
        this.generator = generator;
        this.config = config;
        this.output = output;
    }

    /**
     * Creates a translator to tokens that are made as they are asked for.
     *
     * @param generator the generator, on the same model as the predictor
     * @return the translator; each stream is the caller's to close
     */
    public static TextTranslator<TokenStream> ofTokens(
            TextGenerator generator, GenerationConfig config) {
        return new TextTranslator<>(config, generator, prompt -> generator.stream(prompt, config));
    }

    /** Returns the generator that this translator continues texts with. */
    public TextGenerator generator() {
        return generator;
    }

    /** Returns how this translator continues texts. */
    public GenerationConfig config() {
        return config;
    }

    @Override
    public NDList processInput(TranslatorContext ctx, String prompt) {
        Call<O> call = new Call<>(output, prompt);
        ctx.setAttachment(CALL, call);
        return call;
    }

    @Override
    @SuppressWarnings("unchecked") // processInput made it
    public O processOutput(TranslatorContext ctx, NDList list) {
        return ((Call<O>) list).result;
    }

    /** {@inheritDoc} The generation runs when the iterative output is asked for. */
    @Override
    @SuppressWarnings("unchecked") // processInput made it
    public StreamOutput<O> processStreamOutput(TranslatorContext ctx, Stream<NDList> list) {
        Call<O> call = (Call<O>) ctx.getAttachment(CALL);
        return new StreamOutput<>() {
            @Override
            public O getIterativeOutputInternal() {
                try (list) { // nothing is taken from it: the call knows the generator
                    return output.apply(call.prompt);
                }
            }

            @Override
            protected O buildAsyncOutput() {
                throw new UnsupportedOperationException("use getIterativeOutput");
            }

            @Override
            protected void computeAsyncOutputInternal(O output) {
                throw new UnsupportedOperationException("use getIterativeOutput");
            }
        };
    }

    @Override
    public Support getSupport() {
        return Support.ITERATIVE;
    }

    /** The whole generation, which the model runs in place of a forward pass. */
    @SuppressWarnings("serial") // an NDList is serializable in name only
    private static final class Call<O> extends BlockCall {

        private static final long serialVersionUID = 1L;

        private final Function<String, O> output;
        private final String prompt;
        private O result;

        Call(Function<String, O> output, String prompt) {
            this.output = output;
            this.prompt = prompt;
        }

        @Override
        protected NDList run(CausalDecoder model) {
            result = output.apply(prompt);
            return this;
        }
    }
}
