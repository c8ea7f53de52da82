package ai.llm360.zoo;

import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import ai.djl.util.Progress;
import ai.llm360.common.nn.CausalDecoder;
import ai.llm360.common.nn.WeightLoader;
import ai.llm360.common.nn.WeightType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Makes the block that a checkpoint's config.json describes and loads the weights into it.
 *
 * <p>DJL finds it by the artifact's argument {@code blockFactory}. Of the arguments it reads {@code
 * dtype}: fp32, bf16, fp16 or int8; without one the weights keep the checkpoint's own type.
 */
public final class DecoderBlockFactory implements BlockFactory {

    private static final long serialVersionUID = 1L;

    /** Creates the factory. */
    public DecoderBlockFactory() {}

    /** {@inheritDoc} The weights are loaded, so DJL need not look for parameters of its own. */
    @Override
    public Block newBlock(Model model, Path path, Map<String, ?> arguments) throws IOException {
        Object dtype = arguments.get("dtype");
        Object progress = arguments.get("progress");
        try {
            CausalDecoder decoder = Architecture.describedBy(path);
            WeightLoader.load(
                    decoder,
                    path,
                    model.getNDManager(),
                    dtype == null ? null : WeightType.parse(dtype.toString()),
                    progress instanceof Progress p ? p : null);
            return decoder;
        } catch (IOException | RuntimeException | Error e) {
            model.close(); // DJL drops a model whose block can't be made, without closing it
            throw e;
        }
    }
}
