package ai.llm360.common.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a decoder's prepared weights must be to its kernels. */
public abstract class PreparedWeightsTest {

    private static final long[] IDS = {1, 17, 90, 3, 3, 42, 55, 8, 61, 2, 0, 95};

    @TempDir Path temp;
    private NDManager manager;
    private Path model;

    @BeforeEach
    void write() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        writeTiny(temp.resolve("fp32"));
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

    /** Writes a float32 checkpoint of at least 96 tokens and some dozens of positions. */
    protected abstract void writeTiny(Path directory) throws IOException;

    /** Makes the block that a config.json describes. */
    protected abstract CausalDecoder newBlock(Path config) throws IOException;

    private CausalDecoder block() throws IOException {
        return newBlock(model.resolve("config.json"));
    }

    private CausalDecoder load(WeightType type) throws IOException {
        CausalDecoder decoder = block();
        WeightLoader.load(decoder, model, manager, type, null);
        return decoder;
    }

    private float[] oneByOne(CausalDecoder decoder) {
        return Decoding.oneByOne(decoder, manager, IDS, true).toFloatArray();
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

    @ParameterizedTest
    @ValueSource(ints = {4, 24})
    void rows_have_the_bits_that_they_have_alone(int tokens) throws IOException {
        prepare(WeightType.INT8);
        CausalDecoder decoder = load(WeightType.INT8);
        long[] ids = ids(tokens);
        float[] alone = Decoding.oneByOne(decoder, manager, ids, true).toFloatArray();
        try (KvCache cache = decoder.newCache(1, tokens)) {
            NDArray last = decoder.advance(manager, cache, new int[] {0}, new long[][] {ids});
            int vocabulary = decoder.vocabularySize();
            assertThat(last.toFloatArray())
                    .containsExactly(
                            Arrays.copyOfRange(alone, alone.length - vocabulary, alone.length));
        }
    }

    private static long[] ids(int tokens) {
        return LongStream.range(0, tokens).map(i -> (7 * i + 3) % 96).toArray();
    }

    @Test
    void what_was_prepared_of_other_weights_is_not_used() throws IOException {
        float[] before = oneByOne(load(WeightType.INT8));
        prepare(WeightType.INT8);
        Path weights = model.resolve("model.safetensors");
        FileTime time = Files.getLastModifiedTime(weights);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                FileChannel file = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            TensorInfo matrix =
                    checkpoint.tensors().values().stream()
                            .filter(t -> t.name().contains(".mlp.") && t.shape().dimension() == 2)
                            .findFirst()
                            .orElseThrow();
            long offset = matrix.offset();
            file.write(ByteBuffer.wrap(new byte[] {0x40, 0x40}), offset); // 3.0
        }
        Files.setLastModifiedTime(weights, time);
        float[] changed = oneByOne(load(WeightType.INT8));
        assertThat(changed).isNotEqualTo(before);
        Files.delete(model.resolve("prepared-int8.safetensors"));
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(changed);
        prepare(WeightType.INT8);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 1000));
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(changed);
    }

    @Test
    void a_damaged_file_is_named() throws IOException {
        Path file = prepare(WeightType.INT8);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> load(WeightType.INT8))
                .withMessageStartingWith(file + ": is damaged; delete it, or prepare it again");
        assertThat(oneByOne(load(WeightType.BF16))).isNotEmpty(); // which that file isn't for
        prepare(WeightType.INT8);
        assertThat(oneByOne(load(WeightType.INT8))).isNotEmpty();
    }

    private static void flip(Path file, long offset) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) (one.get(0) ^ 1));
            channel.write(one.flip(), offset);
        }
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void a_flipped_bit_is_found_before_it_is_computed_with() throws IOException {
        Path file = prepare(WeightType.INT8);
        TensorInfo tensor;
        try (Checkpoint prepared = Checkpoint.open(file)) {
            tensor = prepared.tensors().values().iterator().next();
        }
        assertThat(WeightPreparation.verify(file, bytes -> {})).isEmpty();
        flip(file, tensor.offset() + tensor.byteLength() / 2);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> load(WeightType.INT8))
                .withMessageContaining("1 of its tensors are not as they were written")
                .withMessageContaining(tensor.name());
        assertThat(WeightPreparation.verify(file, bytes -> {})).containsExactly(tensor.name());
    }

    @Test
    void a_file_is_checked_at_its_first_load_and_after_it_was_written_again() throws IOException {
        Path file = prepare(WeightType.INT8);
        Path note = file.resolveSibling("prepared-int8.safetensors.checked");
        assertThat(note).doesNotExist();
        load(WeightType.INT8);
        assertThat(note).content().startsWith("sound: " + Files.size(file) + " bytes of ");
        flip(file, Files.size(file) - 1); // and its time is as it was
        load(WeightType.INT8);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> load(WeightType.INT8))
                .withMessageContaining("1 of its tensors are not as they were written");
        prepare(WeightType.INT8);
        load(WeightType.INT8);
        assertThat(note).content().startsWith("sound: " + Files.size(file) + " bytes of ");
    }

    @Test
    void a_file_of_an_older_version_is_not_used() throws IOException {
        float[] rounded = oneByOne(load(WeightType.INT8));
        Path file = prepare(WeightType.INT8);
        byte[] bytes = Files.readAllBytes(file);
        String header = new String(bytes, StandardCharsets.ISO_8859_1);
        int version = header.indexOf("\"llm360.prepared\":\"2\"") + 19;
        bytes[version] = '1';
        bytes[header.indexOf("llm360.crc32c") + 12] = 'x'; // version 1 had no checksums
        Files.write(file, bytes);
        assertThat(oneByOne(load(WeightType.INT8))).containsExactly(rounded);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> WeightPreparation.verify(file, read -> {}))
                .withMessageContaining("has no checksums");
    }

    /** Earlier versions prepared bf16, too, in twelve bits a weight. */
    @Test
    void what_was_once_prepared_as_bf16_is_ignored() throws IOException {
        float[] before = oneByOne(load(WeightType.BF16));
        Path old = Files.createFile(model.resolve("prepared-bf16.safetensors"));
        assertThat(oneByOne(load(WeightType.BF16))).containsExactly(before);
        assertThat(WeightPreparation.files(model)).isEmpty();
        assertThat(old).isEmptyFile();
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"FP16", "BF16"})
    void other_types_are_refused(WeightType type) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> prepare(type))
                .withMessage(
                        "weights are prepared as int8, not %s, which is computed as the checkpoint has it"
                                .formatted(type));
    }
}
