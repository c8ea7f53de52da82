package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.SafetensorsBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorMatcherTest {

    @TempDir Path folder;

    @Test
    void returns_the_tensors_in_the_expected_order_and_passes_over_the_ignored()
            throws IOException {
        Map<String, Shape> expected = new LinkedHashMap<>();
        expected.put("z", new Shape(2));
        expected.put("a", new Shape(1));
        IgnoreRule buffers =
                new IgnoreRule(
                        "buffers", Pattern.compile(".*_buffer|a"), "the model computes them");
        try (Checkpoint checkpoint = checkpoint("a", 1, "z", 2, "x_buffer", 3)) {
            Map<String, TensorInfo> found =
                    new TensorMatcher(expected, List.of(buffers)).match(checkpoint);
            assertThat(found.keySet()).containsExactly("z", "a");
        }
    }

    @Test
    void reports_everything_at_once() throws IOException {
        Map<String, Shape> expected =
                Map.of("gone", new Shape(4, 2), "bent", new Shape(3), "fine", new Shape(1));
        try (Checkpoint checkpoint = checkpoint("fine", 1, "bent", 2, "extra", 5)) {
            assertThatThrownBy(() -> new TensorMatcher(expected, List.of()).match(checkpoint))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith(checkpoint.location() + ": ")
                    .hasMessageContaining("1 missing:\n    gone (4, 2)")
                    .hasMessageContaining("1 of another shape:\n    bent is (2), expected (3)")
                    .hasMessageContaining("1 unexpected:\n    extra (5)");
        }
    }

    @Test
    void shortens_long_lists() throws IOException {
        Map<String, Shape> expected = new LinkedHashMap<>();
        for (int i = 0; i < 47; i++) {
            expected.put("layer." + i, new Shape(1));
        }
        try (Checkpoint checkpoint = checkpoint("a", 1)) {
            assertThatThrownBy(() -> new TensorMatcher(expected, List.of()).match(checkpoint))
                    .hasMessageContaining("47 missing")
                    .hasMessageContaining("layer.9 ")
                    .hasMessageNotContaining("layer.10")
                    .hasMessageContaining("… and 37 more");
        }
    }

    private Checkpoint checkpoint(Object... namesAndSizes) throws IOException {
        SafetensorsBuilder builder = new SafetensorsBuilder();
        for (int i = 0; i < namesAndSizes.length; i += 2) {
            int size = (int) namesAndSizes[i + 1];
            builder.floats((String) namesAndSizes[i], new long[] {size}, new float[size]);
        }
        return Checkpoint.open(builder.write(folder.resolve("model.safetensors")));
    }
}
