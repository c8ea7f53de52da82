package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.DecoderRules;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.WeightSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CpuBackendTest {

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
    void is_found_where_it_is_on_the_class_path_and_not_switched_off() {
        assumeThat(KernelLibrary.usable()).as("this machine has kernels").isTrue();
        assertThat(InferenceBackend.find()).get().isInstanceOf(CpuBackend.class);
        System.setProperty("llm360.kernels", "false");
        try {
            assertThat(InferenceBackend.find()).isEmpty();
        } finally {
            System.clearProperty("llm360.kernels");
        }
    }

    @Test
    void takes_what_its_kernels_and_a_direct_buffer_can() {
        assumeThat(KernelLibrary.usable()).as("this machine has kernels").isTrue();
        assertThat(new CpuBackend().supports(layout(32_000, 4096, 128))).isTrue();
        assertThat(new CpuBackend().supports(layout(32_000, 4096, 12))).isFalse();
        assertThat(new CpuBackend().supports(layout(131_071, 4096, 128))).isTrue();
        assertThat(new CpuBackend().supports(layout(131_072, 4096, 128))).isFalse();
    }
}
