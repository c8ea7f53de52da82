package ai.llm360.amber;

import ai.llm360.common.nn.CausalDecoder;
import ai.llm360.common.testing.GoldenTrainingTest;
import java.io.IOException;
import java.nio.file.Path;

/** The original is transformers' LlamaForCausalLM with torch.optim.AdamW. */
class TrainingGoldenTest extends GoldenTrainingTest {

    TrainingGoldenTest() {
        super("amber-tiny");
    }

    @Override
    protected CausalDecoder newBlock(Path config) throws IOException {
        return new Amber(AmberConfig.read(config));
    }

    @Override
    protected String recipe() {
        return """
        batch: {global: 4, micro: 2}
        schedule: {kind: cosine}
        """;
    }

    /**
     * The gradient of two elements of the embedding, [168, 52] and [203, 12] of (512, 64), nearly
     * cancels at some step. Transformers itself, on another CPU than the fixture's, is off by up to
     * 9.8e-5 there (eager attention, scaled-dot-product attention and fused AdamW each differ), and
     * by 7.5e-6 in float64.
     */
    @Override
    protected double tolerance(String parameter, int element) {
        boolean cancels = element == 168 * 64 + 52 || element == 203 * 64 + 12;
        return parameter.equals("model.embed_tokens.weight") && cancels
                ? 1e-4
                : super.tolerance(parameter, element);
    }
}
