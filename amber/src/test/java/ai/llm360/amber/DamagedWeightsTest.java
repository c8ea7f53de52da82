package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights that aren't finite, and files that change while they are mapped, are errors. */
class DamagedWeightsTest {

    private static final long[] PROMPT = {1, 17, 90, 3, 42};
    private static final String UP = "model.layers.1.mlp.up_proj.weight";

    @TempDir Path temp;
    private NDManager manager;
    private Path model;

    @BeforeEach
    void write() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        model = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Path weights() {
        return model.resolve("model.safetensors");
    }

    /** Replaces the first number of a tensor. */
    private void damage(String name, float value) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(model);
                FileChannel file = FileChannel.open(weights(), StandardOpenOption.WRITE)) {
            TensorInfo tensor = checkpoint.get(name);
            ByteBuffer number = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            file.write(number.putFloat(0, value), tensor.offset());
        }
    }

    private void toBfloat16() throws IOException {
        Path half = temp.resolve("half");
        CheckpointConverter.builder()
                .setSource(model)
                .setTarget(half)
                .optType(TensorType.BF16)
                .build()
                .convert();
        model = half;
    }

    private Amber amber(WeightType type) throws IOException {
        Amber amber = new Amber(AmberConfig.read(model.resolve("config.json")));
        WeightLoader.load(amber, model, manager, type, null);
        return amber;
    }

    private TextGenerator generator(WeightType type) throws IOException {
        return new TextGenerator(amber(type), Optional.empty());
    }

    private static Generation generate(TextGenerator generator, double temperature) {
        GenerationConfig config =
                GenerationConfig.builder().optMaxNewTokens(3).optTemperature(temperature).build();
        return generator.generateIds(List.of(PROMPT), config).get(0);
    }

    @ParameterizedTest
    @CsvSource({
        "FP32, NaN, 0",
        "FP32, Infinity, 0",
        "FP32, -Infinity, 0.7",
        "FP32, NaN, 0.7",
        "BF16, NaN, 0",
        "BF16, Infinity, 0.7",
        "INT8, NaN, 0",
        "INT8, -Infinity, 0.7",
        "FP16, NaN, 0",
        "FP16, 1e9, 0" // which float16 has no number for
    })
    void logits_that_are_not_finite_are_an_error_that_says_where_it_begins(
            WeightType type, float value, double temperature) throws IOException {
        damage(UP, value);
        TextGenerator generator = generator(type);
        assertThatThrownBy(() -> generate(generator, temperature))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "the model's logits are not finite: row 0 after 5 tokens, the last of them"
                                + " 42; layer 1 of 0 to 1 is the first to give NaN or infinity.")
                .hasMessageContaining("load the model as bf16 or fp32");
        assertThatThrownBy(() -> generator.scoreIds(PROMPT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "the model's logits are not finite: the score of token 17 at position 1;")
                .hasMessageContaining("layer 1 of 0 to 1 is the first");
    }

    @Test
    void where_it_begins_may_be_the_embedding_or_the_head() throws IOException {
        damage("lm_head.weight", Float.NEGATIVE_INFINITY);
        assertThatThrownBy(() -> generate(generator(WeightType.FP32), 0))
                .hasMessageContaining("its layers give finite numbers, so it is the head");
        damage("lm_head.weight", 0);
        damage("model.embed_tokens.weight", Float.NaN);
        TextGenerator generator = generator(WeightType.FP32);
        assertThat(generate(generator, 0).ids()).hasSize(3); // without token 0
        assertThatThrownBy(() -> generator.scoreIds(new long[] {1, 0, 2}))
                .hasMessageStartingWith(
                        "the model's logits are not finite: the score of token 0 at position 1; the"
                                + " embedding is the first");
    }

    /** A number that overwriting would change, or a file that would end too early. */
    private enum Change {
        SHORTER,
        OVERWRITTEN,
        REPLACED,
        REMOVED;

        void apply(Path file) throws IOException {
            switch (this) {
                case SHORTER -> {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(4096);
                    }
                }
                case OVERWRITTEN -> Files.setLastModifiedTime(file, FileTime.fromMillis(360_000));
                case REPLACED -> {
                    FileTime time = Files.getLastModifiedTime(file);
                    Path copy = Files.copy(file, file.resolveSibling("copy"));
                    Files.setLastModifiedTime(copy, time);
                    Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
                }
                case REMOVED -> Files.delete(file);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void a_mapped_file_that_changed_is_an_error_before_it_is_read(Change change)
            throws IOException {
        Amber amber = amber(WeightType.FP32);
        TextGenerator generator = new TextGenerator(amber, Optional.empty());
        amber.requireUnchangedFiles();
        GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(2).build();
        change.apply(weights());
        assertThatThrownBy(amber::requireUnchangedFiles)
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(weights() + ": changed since it was loaded: ")
                .hasMessageEndingWith("; load the model again");
        String message = "changed since it was loaded";
        assertThatThrownBy(() -> generator.streamIds(List.of(PROMPT), config).close())
                .hasMessageContaining(message);
        assertThatThrownBy(() -> generator.scoreIds(PROMPT)).hasMessageContaining(message);
        assertThatThrownBy(() -> amber.logits(manager, new long[][] {PROMPT}))
                .hasMessageContaining(message);
        assertThatThrownBy(() -> amber.hiddenStates(manager, new long[][] {PROMPT}))
                .hasMessageContaining(message);
        assertThatThrownBy(() -> new DecoderGradients(amber, false, 0).close())
                .hasMessageContaining(message);
    }

    @Test
    void int8_and_what_is_prepared_are_mapped_and_what_is_cast_is_not() throws IOException {
        TextGenerator cast = generator(WeightType.BF16);
        TextGenerator rounded = generator(WeightType.INT8);
        Change.OVERWRITTEN.apply(weights());
        assertThat(generate(cast, 0).ids()).hasSize(3);
        assertThatThrownBy(() -> generate(rounded, 0))
                .hasMessageContaining(weights() + ": changed since");

        toBfloat16();
        Amber block = new Amber(AmberConfig.read(model.resolve("config.json")));
        Path file = WeightPreparation.prepare(block, model, WeightType.INT8, null);
        TextGenerator prepared = generator(WeightType.INT8);
        Change.SHORTER.apply(file);
        assertThatThrownBy(() -> generate(prepared, 0)).hasMessageContaining(file + ": changed");
    }

    @Test
    void a_stream_that_has_begun_goes_on_where_its_file_is_replaced() throws IOException {
        TextGenerator generator = generator(WeightType.FP32);
        Generation expected = generate(generator, 0);
        GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(3).build();
        try (TokenStream stream = generator.streamIds(List.of(PROMPT), config)) {
            stream.next();
            Change.REPLACED.apply(weights());
            assertThat(stream.finish()).containsExactly(expected);
        }
    }
}
