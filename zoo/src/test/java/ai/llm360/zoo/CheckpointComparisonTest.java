package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.torch.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointComparisonTest {

    @TempDir Path temp;
    private SeriesCheckpoint published;

    private Path trained(String name, SafetensorsBuilder tensors) throws IOException {
        Path directory = Files.createDirectories(temp.resolve(name));
        tensors.write(directory.resolve("model.safetensors"));
        return directory;
    }

    private static SafetensorsBuilder weights(float... second) {
        return new SafetensorsBuilder()
                .floats("norm", new long[] {2}, 1, 1)
                .floats("head", new long[] {1, 3}, second);
    }

    @BeforeEach
    void publish() throws IOException {
        Path run = trained("run", weights(0.1f, 0.2f, 0.3f));
        Machine machine = new Machine("a processor", 2, "2.7.1", null, null);
        published =
                new SeriesWriter("nano", machine, temp.resolve("jar"))
                        .add(run, "ckpt-000", 1, 2, 3.5, Map.of())
                        .write()
                        .checkpoint("ckpt-000");
    }

    private CheckpointComparison compare(SafetensorsBuilder tensors) throws IOException {
        Path weights = temp.resolve("jar/ckpt-000");
        return CheckpointComparison.of(published, weights, trained("again", tensors), 3.25);
    }

    @Test
    void the_same_bits_are_identical() throws Exception {
        CheckpointComparison same = compare(weights(0.1f, 0.2f, 0.3f));
        assertThat(same.identical()).isTrue();
        assertThat(same)
                .isEqualTo(new CheckpointComparison("ckpt-000", 1, 2, 2, 0, null, 3.5, 3.25));
    }

    @Test
    void a_last_bit_is_seen_though_it_vanishes_in_bfloat16() throws Exception {
        CheckpointComparison close = compare(weights(0.1f, Math.nextUp(0.2f), 0.3f));
        assertThat(close.identical()).isFalse();
        assertThat(close.equalTensors()).isEqualTo(1);
        assertThat(close.largestDifference()).isZero();
    }

    @Test
    void the_largest_difference_is_found_and_named() throws Exception {
        CheckpointComparison apart = compare(weights(0.1f, 0.25f, 0.7f));
        assertThat(apart.differingMost()).isEqualTo("head");
        // 0.3 and 0.7 as bfloat16: 0x3E9A and 0x3F33.
        assertThat(apart.largestDifference()).isEqualTo(0.69921875 - 0.30078125);
    }

    @Test
    void what_is_no_number_is_no_small_difference() throws Exception {
        CheckpointComparison broken = compare(weights(Float.NaN, 0.2f, 0.7f));
        assertThat(broken.largestDifference()).isNaN();
        assertThat(broken.differingMost()).isEqualTo("head");
    }

    @Test
    void other_tensors_or_shapes_are_another_model() {
        assertThatThrownBy(
                        () -> compare(new SafetensorsBuilder().floats("norm", new long[] {1}, 1)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("again: has the tensors [norm]")
                .hasMessageContaining("ckpt-000 has [norm, head]");
        assertThatThrownBy(
                        () ->
                                compare(
                                        new SafetensorsBuilder()
                                                .floats("norm", new long[] {2}, 1, 1)
                                                .floats("head", new long[] {3}, 1, 2, 3)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("head has shape (3)");
    }
}
