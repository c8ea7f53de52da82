package ai.llm360.crystalcoder;

import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.testing.GoldenTrainingTest;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The original is the released block with its parameter groups, masked rows, and the linear
 * schedule with warm-up.
 */
class CrystalCoderTrainingGoldenTest extends GoldenTrainingTest {

    CrystalCoderTrainingGoldenTest() {
        super("crystalcoder-tiny");
    }

    @Override
    protected CausalDecoder newBlock(Path config) throws IOException {
        return new CrystalCoder(CrystalCoderConfig.read(config));
    }

    @Override
    protected String recipe() {
        return """
        batch: {global: 4, micro: 4}
        schedule: {kind: linear}
        optimizer:
          groups:
            - {match: '.*\\.c_(attn|proj|fc|fc2)\\.weight', lr_scale: 0.0625, weight_decay: 0.1}
            - {match: 'transformer\\.wte\\.weight', lr_scale: 1, weight_decay: 0.1}
            - {match: '.*', lr_scale: 1, weight_decay: 0}
        """;
    }

    /**
     * What a key's bias adds in a dimension that doesn't turn is the same for every key, so the
     * softmax takes it out again: its gradient is 0 but for rounding, some 4e-12, and AdamW's
     * epsilon of 1e-9 is too small to hide that. The updates change nothing ({@link
     * CrystalCoderTest}), and the golden values are one CPU's rounding: in float64 these weights
     * don't move, the golden ones did by 2e-4 (root mean square). The same training in Python, by
     * other kernels or threads, ends up to 1.4e-3 from them, with no more than 6 of the 144 within
     * 1e-5.
     */
    @Override
    protected double tolerance(String parameter, int element) {
        int hidden = 64;
        int headDim = 16;
        int rotaryDim = 4;
        boolean ofKey = element / hidden == 1;
        boolean turns = element % headDim < rotaryDim;
        return parameter.endsWith("c_attn.bias") && ofKey && !turns
                ? 5e-3
                : super.tolerance(parameter, element);
    }
}
