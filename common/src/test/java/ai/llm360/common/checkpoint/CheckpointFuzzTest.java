package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ai.llm360.common.testing.PickleBuilder;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import ai.llm360.io.internal.testing.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages valid files in thousands of ways. Whatever the damage, the file is either read, and then
 * every tensor lies inside it, or refused with a {@link CheckpointException}. Seeds are fixed, so a
 * failure repeats; its message holds the bytes.
 */
@Timeout(120)
class CheckpointFuzzTest {

    private static final int CASES = Mutations.cases(4000);
    private static final Duration LONGEST = Duration.ofSeconds(5);

    @TempDir Path folder;
    private int accepted;
    private int refused;

    @Test
    void a_damaged_safetensors_file_is_read_or_refused() throws IOException {
        byte[] good =
                new SafetensorsBuilder()
                        .metadata("format", "pt")
                        .floats("model.a", new long[] {2, 3}, 1, 2, 3, 4, 5, 6)
                        .tensor("model.b", TensorType.I64, new long[] {}, new byte[8])
                        .tensor("mask", TensorType.BOOL, new long[] {1, 4}, new byte[4])
                        .bytes();
        Path file = folder.resolve("x.safetensors");
        Random random = new Random(11);
        for (int i = 0; i < CASES; i++) {
            byte[] header = Arrays.copyOfRange(good, 8, good.length - 36);
            byte[] bad =
                    i % 2 == 0
                            ? Mutations.bytes(good, random)
                            : new SafetensorsBuilder()
                                    .data(36)
                                    .bytes(Mutations.json(header, random));
            open(replace(file, bad), file, bad);
        }
        assertThat(refused).isGreaterThan(CASES / 2);
        assertThat(accepted).isPositive();
    }

    @Test
    void a_damaged_index_is_read_or_refused() throws IOException {
        for (String name : new String[] {"a", "b"}) {
            new SafetensorsBuilder()
                    .floats("model." + name, new long[] {1}, 1)
                    .write(folder.resolve("model-" + name + ".safetensors"));
        }
        byte[] good =
                """
                {"metadata": {"total_size": 8, "nested": {"x": [1]}}, "weight_map":
                {"model.a": "model-a.safetensors", "model.b": "model-b.safetensors"}}
                """
                        .getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("model.safetensors.index.json");
        Random random = new Random(12);
        for (int i = 0; i < CASES; i++) {
            byte[] bad = i % 2 == 0 ? Mutations.bytes(good, random) : Mutations.json(good, random);
            open(replace(file, bad), folder, bad);
        }
        assertThat(refused).isGreaterThan(CASES / 2);
        assertThat(accepted).isPositive();
    }

    @Test
    void a_damaged_torch_file_is_read_or_refused() throws IOException {
        byte[] good =
                new TorchZipBuilder()
                        .floats("model.a", new long[] {2, 3}, 1, 2, 3, 4, 5, 6)
                        .storage("1", TensorType.BF16, new byte[8])
                        .view("model.b", "1", 0, new long[] {2, 2}, new long[] {1, 2})
                        .record("byteorder", "little")
                        .bytes();
        Path file = folder.resolve("x.bin");
        Random random = new Random(13);
        for (int i = 0; i < CASES; i++) {
            byte[] bad = Mutations.bytes(good, random);
            open(replace(file, bad), file, bad);
        }
        assertThat(refused).isGreaterThan(CASES / 4);
        assertThat(accepted).isPositive();
    }

    @Test
    void a_damaged_pickle_in_a_good_zip_is_read_or_refused() throws IOException {
        byte[] good =
                new PickleBuilder()
                        .proto(2)
                        .orderedDict()
                        .raw('q', 0)
                        .mark()
                        .text("w")
                        .tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {3, 1})
                        .text("v")
                        .global("torch._utils", "_rebuild_parameter")
                        .mark()
                        .tensor("FloatStorage", "0", 6, 2, new long[] {2}, new long[] {2})
                        .no()
                        .orderedDict()
                        .tuple()
                        .reduce()
                        .setItems()
                        .emptyDict()
                        .text("_metadata")
                        .raw('h', 0, 's', 'b')
                        .stop();
        Path file = folder.resolve("x.bin");
        Random random = new Random(14);
        for (int i = 0; i < CASES; i++) {
            byte[] pickle = Mutations.bytes(good, random);
            byte[] bad =
                    new TorchZipBuilder().pickle(pickle).record("data/0", new byte[24]).bytes();
            open(replace(file, bad), file, pickle);
        }
        assertThat(refused).isGreaterThan(CASES / 2);
        assertThat(accepted).isPositive();
    }

    /**
     * Deletes first, since ext4 flushes a file that is truncated and written again: 10 times
     * slower.
     */
    private static Path replace(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        return Files.write(file, bytes);
    }

    private void open(Path damaged, Path opened, byte[] bytes) {
        long start = System.nanoTime();
        try (Checkpoint checkpoint = Checkpoint.open(opened)) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                assertThat(tensor.offset() + tensor.spanBytes())
                        .isLessThanOrEqualTo(Files.size(tensor.file()));
                checkpoint.read(tensor.name());
            }
            accepted++;
        } catch (CheckpointException e) {
            assertThat(e).hasMessageContaining(folder.toString());
            refused++;
        } catch (IOException | RuntimeException | Error e) {
            fail(damaged.getFileName() + ": " + HexFormat.of().formatHex(bytes), e);
        }
        assertThat(System.nanoTime() - start).isLessThan(LONGEST.toNanos());
    }
}
