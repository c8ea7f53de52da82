package ai.llm360.common.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.llm360.common.kernel.KernelMatrix;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KernelDecoderTest {

    private static DecoderLayout layout(int vocabulary, int hidden, int headDim) {
        return new DecoderLayout(
                "",
                Map.of(),
                vocabulary,
                64,
                1,
                4,
                4,
                headDim,
                1,
                Optional.of(
                        new DecoderRules(
                                DecoderRules.Norm.RMS,
                                1e-5,
                                DecoderRules.Rotation.HALVES,
                                headDim,
                                0,
                                1,
                                List.of(3, 1, 2, 1))),
                WeightSpec.embedding("table", vocabulary, hidden),
                "layers",
                List.of(WeightSpec.linear("w", hidden, hidden)),
                List.of(WeightSpec.gain("norm", hidden)),
                Optional.empty());
    }

    @Test
    void takes_what_its_kernels_and_a_direct_buffer_can() {
        assumeThat(KernelMatrix.supported()).as("this machine has kernels").isTrue();
        assertThat(KernelDecoder.supports(layout(32_000, 4096, 128))).isTrue();
        assertThat(KernelDecoder.supports(layout(32_000, 4096, 12))).isFalse();
        assertThat(KernelDecoder.supports(layout(131_071, 4096, 128))).isTrue();
        assertThat(KernelDecoder.supports(layout(131_072, 4096, 128))).isFalse();
    }
}
