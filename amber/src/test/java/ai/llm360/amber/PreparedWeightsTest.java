package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.KernelMatrix;
import ai.llm360.common.nn.KvCache;
import ai.llm360.common.nn.WeightLoader;
import ai.llm360.common.nn.WeightPreparation;
import ai.llm360.common.nn.WeightType;
import ai.llm360.common.testing.Decoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreparedWeightsTest {

    private static final long[] IDS = {1, 17, 90, 3, 3, 42, 55, 8, 61, 2, 0, 95};

    @TempDir Path temp;
    private NDManager manager;
    private Path model;

    @BeforeEach
    void write() throws IOException {
        assumeThat(KernelMatrix.supported()).isTrue();
        manager = NDManager.newBaseManager("PyTorch");
        TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("fp32"));
        model = temp.resolve("bf16");
        CheckpointConverter.builder()
                .setSource(temp.resolve("fp32"))
                .setTarget(model)
                .optType(TensorType.BF16)
                .build()
                .convert();
    }

    @AfterEach
    void close() {
        if (manager != null) {
            manager.close();
        }
    }

    private Amber block() throws IOException {
        return new Amber(AmberConfig.read(model.resolve("config.json")));
    }

    private Amber load(WeightType type) throws IOException {
        Amber amber = block();
        WeightLoader.load(amber, model, manager, type, null);
        return amber;
    }

    private float[] oneByOne(Amber amber) {
        return Decoding.oneByOne(amber, manager, IDS, true).toFloatArray();
    }

    private Path prepare(WeightType type) throws IOException {
        return WeightPreparation.prepare(block(), model, type, null);
    }

    @Test
    void int8_is_the_same_bit_for_bit() throws IOException {
        float[] rounded = oneByOne(load(WeightType.INT8));
        Path file = prepare(WeightType.INT8);
        assertThat(file).isEqualTo(model.resolve("prepared-int8.safetensors"));
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(rounded);
    }

    /** The weights are the same; exceptions are added last, so sums differ in their last bits. */
    @Test
    void bfloat16_differs_by_the_order_of_sums_alone() throws IOException {
        float[] plain = oneByOne(load(WeightType.BF16));
        prepare(WeightType.BF16);
        float[] prepared = oneByOne(load(WeightType.BF16));
        for (int i = 0; i < plain.length; i++) {
            assertThat(prepared[i]).isCloseTo(plain[i], within(2e-5f));
        }
    }

    /** Of more than four rows, bfloat16 is libtorch's where the CPU has arithmetic for it. */
    @ParameterizedTest
    @CsvSource({"BF16, 4", "INT8, 4", "INT8, 24"})
    void rows_have_the_bits_that_they_have_alone(WeightType type, int tokens) throws IOException {
        prepare(type);
        Amber amber = load(type);
        long[] ids = ids(tokens);
        float[] alone = Decoding.oneByOne(amber, manager, ids, true).toFloatArray();
        try (KvCache cache = amber.newCache(1, tokens)) {
            NDArray last = amber.advance(manager, cache, new int[] {0}, new long[][] {ids});
            int vocabulary = amber.vocabularySize();
            assertThat(last.toFloatArray())
                    .containsExactly(
                            Arrays.copyOfRange(alone, alone.length - vocabulary, alone.length));
        }
    }

    @Test
    void prompts_of_bfloat16_are_as_near_as_ever() throws IOException {
        long[] ids = ids(24);
        float[] plain = load(WeightType.BF16).logits(manager, new long[][] {ids}).toFloatArray();
        prepare(WeightType.BF16);
        NDArray prepared = load(WeightType.BF16).logits(manager, new long[][] {ids});
        for (int i = 0; i < plain.length; i++) {
            // libtorch rounds activations to bfloat16 between products, our kernels don't.
            assertThat(prepared.toFloatArray()[i]).isCloseTo(plain[i], within(0.05f));
        }
    }

    private static long[] ids(int tokens) {
        return LongStream.range(0, tokens).map(i -> (7 * i + 3) % 96).toArray();
    }

    @Test
    void what_was_prepared_of_other_weights_is_not_used() throws IOException {
        prepare(WeightType.INT8);
        Path weights = model.resolve("model.safetensors");
        FileTime time = Files.getLastModifiedTime(weights);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                FileChannel file = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            long offset = checkpoint.get("model.layers.0.mlp.up_proj.weight").offset();
            file.write(ByteBuffer.wrap(new byte[] {0x40, 0x40}), offset); // 3.0
        }
        Files.setLastModifiedTime(weights, time);
        float[] changed = oneByOne(load(WeightType.INT8));
        Files.delete(model.resolve("prepared-int8.safetensors"));
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(changed);
        prepare(WeightType.INT8);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 1000));
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(changed);
    }

    @Test
    void a_damaged_file_is_named() throws IOException {
        Path file = prepare(WeightType.BF16);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> load(WeightType.BF16))
                .withMessageStartingWith(file + ": holds no prepared weights; delete it");
        assertThat(oneByOne(load(WeightType.INT8))).isNotEmpty(); // which that file isn't for
        prepare(WeightType.BF16);
        assertThat(oneByOne(load(WeightType.BF16))).isNotEmpty();
    }

    @Test
    void prepared_weights_train_as_ever_from_the_checkpoint() throws IOException {
        prepare(WeightType.BF16);
        Amber amber = load(WeightType.BF16);
        assertThat(amber.getParameters().get("model.layers.1.mlp.down_proj.weight").getArray())
                .isNotNull();
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> prepare(WeightType.FP16))
                .withMessageContaining("not fp16");
    }
}
