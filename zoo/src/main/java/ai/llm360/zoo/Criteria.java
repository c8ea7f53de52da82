package ai.llm360.zoo;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.util.Progress;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TextTranslator;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.djl.Architecture;
import ai.llm360.zoo.djl.ModelArgument;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.util.List;

/**
 * The short way to a model.
 *
 * <pre>{@code
 * try (ZooModel<String, String> model = Criteria.loadModel("amber@ckpt-200");
 *         Predictor<String, String> predictor = model.newPredictor()) {
 *     System.out.println(predictor.predict("Once upon a time"));
 * }
 * }</pre>
 *
 * <p>It gives what DJL's own {@code Criteria} gives for {@code optModelUrls("llm360://…")}, with
 * errors that say what went wrong. A published checkpoint that isn't on this machine is downloaded
 * first, unless connections are switched off ({@code HF_HUB_OFFLINE}). A reference is {@code
 * model@checkpoint} or a path: see {@link Reference}.
 *
 * <p>On the CPU, weights in the checkpoint's own type are mapped from its files, which must not be
 * overwritten while the model is open; replacing them by renaming is safe.
 *
 * @param <I> the model's input type
 * @param <O> the model's output type
 */
public final class Criteria<I, O> {

    private final Resolver checkpoint;
    private final ai.djl.repository.zoo.Criteria.Builder<I, O> builder;
    private Progress progress;

    /** Finds the checkpoint, once, when the model is loaded. */
    interface Resolver {
        CheckpointEntry resolve() throws ModelNotFoundException, IOException;
    }

    Criteria(Resolver checkpoint, Class<I> input, Class<O> output) {
        this.checkpoint = checkpoint;
        builder = ai.djl.repository.zoo.Criteria.builder().setTypes(input, output);
    }

    /**
     * Loads a model that continues texts, in its checkpoint's own type, on DJL's default device:
     * see {@link #loadModel()}.
     */
    public static ZooModel<String, String> loadModel(String reference)
            throws ModelNotFoundException, MalformedModelException, IOException {
        return of(reference).loadModel();
    }

    /**
     * Loads a model with other types than text to text, as {@link #loadModel(String)} does.
     *
     * @param output the output type; {@link GenerationTranslatorFactory} lists the pairs
     */
    public static <I, O> ZooModel<I, O> loadModel(String reference, Class<I> input, Class<O> output)
            throws ModelNotFoundException, MalformedModelException, IOException {
        return of(reference, input, output).loadModel();
    }

    /** Starts to describe a model that continues texts. */
    public static Criteria<String, String> of(String reference) {
        return of(reference, String.class, String.class);
    }

    /** Starts to describe a model. */
    public static <I, O> Criteria<I, O> of(String reference, Class<I> input, Class<O> output) {
        return Zoo.ofEnvironment().criteria(reference, input, output);
    }

    /** Sets the device; DJL's default, a GPU where there is one, if it isn't called. */
    public Criteria<I, O> optDevice(Device device) {
        builder.optDevice(device);
        return this;
    }

    /** Sets the type to hold the weights in; the checkpoint's own if it isn't called. */
    public Criteria<I, O> optDtype(WeightType dtype) {
        return optArgument(ModelArgument.DTYPE.key(), dtype.toString());
    }

    /**
     * Loads the model to train it, with DJL's {@code Trainer} or by its gradients: the weights are
     * float32, whatever the checkpoint has, and take 16 bytes a parameter with AdamW.
     */
    public Criteria<I, O> optTrainable() {
        return optArgument(ModelArgument.TRAIN_PARAM.key(), "true");
    }

    /** Sets who is told how a download and then loading goes on. */
    public Criteria<I, O> optProgress(Progress progress) {
        this.progress = progress;
        return optArgument(ModelArgument.PROGRESS.key(), progress);
    }

    /**
     * Sets an argument, such as {@code max_new_tokens} or {@code temperature}.
     *
     * @param name its name: {@link ModelArgument} lists them
     * @throws IllegalArgumentException if there is no such argument, here or in DJL, or the value
     *     is null
     */
    public Criteria<I, O> optArgument(String name, Object value) {
        ModelArgument.check(List.of(name));
        if (value == null) {
            throw new IllegalArgumentException(
                    "argument %s is null; leave it out for its default".formatted(name));
        }
        builder.optArgument(name, value);
        return this;
    }

    /**
     * Loads the model.
     *
     * @return the model, the caller's to close
     * @throws ModelNotFoundException if the reference names nothing, or what can't be downloaded
     * @throws MalformedModelException if the checkpoint breaks its format's rules
     * @throws IOException if reading fails, or the checkpoint or its tokenizer is malformed
     * @throws IllegalArgumentException if there is no block for its architecture, or its weights
     *     don't fit into memory
     */
    public ZooModel<I, O> loadModel()
            throws ModelNotFoundException, MalformedModelException, IOException {
        ai.djl.repository.zoo.Criteria<I, O> criteria = builder.build();
        GenerationTranslatorFactory.requireSupported(
                criteria.getInputClass(), criteria.getOutputClass());
        try {
            return CheckpointRepository.load(checkpoint.resolve(), progress, criteria);
        } catch (ModelNotFoundException e) {
            // DJL says "No matching translator found" of a tokenizer that can't be read.
            if (e.getCause() instanceof TranslateException t
                    && t.getCause() instanceof IOException problem) {
                throw problem;
            }
            throw e;
        }
    }

    /**
     * Makes the block that a checkpoint's config.json describes, without loading weights: it says
     * which tensors the model has, and which ones of a checkpoint it has no use for.
     *
     * @throws ModelNotFoundException if the reference names nothing, or what can't be downloaded
     * @throws IOException if there is no config.json, or it can't be read
     * @throws IllegalArgumentException if it describes a model that there is no block for
     */
    public static CausalDecoder newBlock(String reference)
            throws ModelNotFoundException, IOException {
        return Architecture.describedBy(Zoo.ofEnvironment().checkpoint(reference).path());
    }

    /**
     * Makes the block that the text of a config.json describes, without weights: a model to train.
     *
     * @throws IllegalArgumentException if it isn't JSON, or describes a model that there is no
     *     block for
     */
    public static CausalDecoder newBlockOf(String configJson) {
        try {
            return Architecture.describedBy(configJson);
        } catch (JsonParseException e) {
            throw new IllegalArgumentException("the model's configuration " + e.getMessage(), e);
        }
    }

    /**
     * Returns how a model continues texts unless told otherwise: by its arguments, else by the
     * checkpoint's {@code generation_config.json}.
     *
     * @param model a model with text as its input, loaded from the zoo
     * @throws IllegalArgumentException if the model was loaded with other types
     */
    public static GenerationConfig generationConfig(ZooModel<String, ?> model) {
        return translator(model).config();
    }

    /**
     * {@return the generator behind a model that continues texts: streaming, batches, scores; of no
     * use once the model is closed}
     *
     * @param model a model with text as its input, loaded from the zoo
     * @throws IllegalArgumentException if the model was loaded with other types
     */
    public static TextGenerator generator(ZooModel<String, ?> model) {
        return translator(model).generator();
    }

    private static TextTranslator<?> translator(ZooModel<String, ?> model) {
        Translator<String, ?> translator = model.getTranslator();
        if (translator instanceof TextTranslator<?> text) {
            return text;
        }
        throw new IllegalArgumentException(
                "model '%s' was not loaded to continue texts: load it with String as its input"
                        .formatted(model.getName()));
    }
}
