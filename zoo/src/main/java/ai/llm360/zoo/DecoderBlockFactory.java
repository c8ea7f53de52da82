package ai.llm360.zoo;

import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import ai.djl.util.Progress;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.djl.Architecture;
import ai.llm360.zoo.djl.GenerationArguments;
import ai.llm360.zoo.djl.ModelArgument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes the block that a checkpoint's config.json describes and loads the weights into it.
 *
 * <p>DJL finds it by the artifact's argument {@code blockFactory}. Of the arguments it reads {@code
 * dtype}: fp32, bf16, fp16 or int8; without one the weights keep the checkpoint's own type. With
 * {@code trainParam=true} they are float32, and have gradients.
 */
public final class DecoderBlockFactory implements BlockFactory {

    private static final long serialVersionUID = 1L;

    /** The arguments that a {@code metadata.json} gives to DJL for it to load our models. */
    public static final Map<String, String> ARGUMENTS =
            Collections.unmodifiableMap(
                    new TreeMap<>(
                            Map.of(
                                    "blockFactory", DecoderBlockFactory.class.getName(),
                                    "translatorFactory",
                                            GenerationTranslatorFactory.class.getName(),
                                    "engine", "PyTorch")));

    /** {@inheritDoc} The weights are loaded, so DJL need not look for parameters of its own. */
    @Override
    public Block newBlock(Model model, Path path, Map<String, ?> arguments) throws IOException {
        Object progress = arguments.get(ModelArgument.PROGRESS.key());
        try {
            boolean train = trainParam(arguments);
            WeightType dtype = dtype(arguments, train);
            CausalDecoder decoder = Architecture.describedBy(path);
            WeightLoader.load(
                    decoder,
                    path,
                    model.getNDManager(),
                    dtype,
                    progress instanceof Progress p ? p : null);
            if (train) {
                decoder.freezeParameters(false);
            }
            return decoder;
        } catch (IOException | RuntimeException | Error e) {
            model.close(); // DJL drops a model whose block can't be made, without closing it
            throw e;
        }
    }

    private static boolean trainParam(Map<String, ?> arguments) {
        Object given = arguments.get(ModelArgument.TRAIN_PARAM.key());
        try {
            return given != null && GenerationArguments.flag(given.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "argument trainParam must be true or false, not '%s'".formatted(given), e);
        }
    }

    /** Returns the type that the arguments ask for, or null for the checkpoint's own. */
    private static WeightType dtype(Map<String, ?> arguments, boolean train) {
        Object given = arguments.get(ModelArgument.DTYPE.key());
        WeightType dtype = given == null ? null : WeightType.parse(given.toString());
        if (train && dtype != null && dtype != WeightType.FP32) {
            throw new IllegalArgumentException(
                    "a model that is to be trained has fp32 weights, not %s: leave optDtype out, or give optDtype(WeightType.FP32)"
                            .formatted(dtype));
        }
        return train ? WeightType.FP32 : dtype;
    }
}
