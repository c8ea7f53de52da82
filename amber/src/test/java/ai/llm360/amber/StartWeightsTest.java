package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.TrainingState;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that begins with the weights of another one. */
class StartWeightsTest {

    @TempDir Path directory;
    private Path first;

    @BeforeEach
    void train() throws IOException {
        new TinyRun().run(directory.resolve("first"));
        first = directory.resolve("first/ckpt-002");
    }

    private TinyRun second() {
        return new TinyRun().start(first);
    }

    /** Draws other weights, and puts a checkpoint's in their place. */
    private static void give(Amber amber, NDManager manager, Path checkpoint) {
        manager.getEngine().setRandomSeed(99);
        amber.initialize(manager, DataType.FLOAT32, new Shape(1, 1));
        try (Checkpoint stored = Checkpoint.open(checkpoint)) {
            for (String name : stored.tensors().keySet()) {
                float[] values = new float[(int) stored.get(name).elementCount()];
                stored.read(name, TensorType.F32).asFloatBuffer().get(values);
                amber.getParameters().get(name).getArray().set(values);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void begins_anew_with_the_weights_as_if_a_hand_had_given_them() throws IOException {
        TinyRun byHand = new TinyRun().before((amber, manager) -> give(amber, manager, first));
        byHand.run(directory.resolve("by-hand"));
        TinyRun second = second();
        second.run(directory.resolve("second"));
        TinyRun.assertSame(directory.resolve("by-hand"), directory.resolve("second"));
        TrainingState state = SavedState.open(directory.resolve("second/ckpt-000")).state();
        assertThat(state.step()).isEqualTo(TinyRun.STEPS_PER_CHUNK);
        assertThat(state.updates()).isEqualTo(TinyRun.STEPS_PER_CHUNK);
        assertThat(second.metrics().get(0).learningRate()).isZero();
        double before = new TinyRun().config().schedule().peak();
        assertThat(second.metrics().get(4).learningRate()).isEqualTo(before);
    }

    @Test
    void a_stop_changes_no_bit_and_what_was_begun_needs_the_first_run_no_more() throws IOException {
        second().run(directory.resolve("whole"));
        Path stopped = directory.resolve("stopped");
        assertThat(second().stopAfter(5).run(stopped).finished()).isFalse();
        Files.move(directory.resolve("first"), directory.resolve("elsewhere"));
        assertThat(second().run(stopped).finished()).isTrue();
        TinyRun.assertSame(directory.resolve("whole"), stopped);
    }

    private static TrainingConfig identify(Path checkpoint) throws IOException {
        TrainingConfig config = new TinyRun().start(checkpoint).config();
        return StartWeights.identify(config, new Amber(TinyAmber.sizes().build()));
    }

    private Path convert(Path checkpoint, String name, TensorType type) throws IOException {
        Path target = directory.resolve(name);
        CheckpointConverter.builder()
                .setSource(checkpoint)
                .setTarget(target)
                .optType(type)
                .build()
                .convert();
        return target;
    }

    @Test
    void the_same_weights_in_another_type_are_the_same_weights() throws IOException {
        Path rounded = convert(first, "rounded", TensorType.BF16);
        Path widened = convert(rounded, "widened", TensorType.F32);
        TrainingConfig.Start start = identify(rounded).start().orElseThrow();
        assertThat(identify(widened).start().orElseThrow().sha256()).isEqualTo(start.sha256());
        assertThat(identify(first).start().orElseThrow().sha256()).isNotEqualTo(start.sha256());
        assertThat(Path.of(start.checkpoint())).isAbsolute();
        new TinyRun().start(rounded).run(directory.resolve("a"));
        new TinyRun().start(widened).run(directory.resolve("b"));
        TinyRun.assertSame(directory.resolve("a"), directory.resolve("b"));
    }

    @Test
    void other_weights_than_it_was_begun_with_are_refused() throws IOException {
        Path copy = convert(first, "copy", TensorType.F32);
        TrainingConfig identified = identify(copy);
        assertThat(StartWeights.identify(identified, null)).isSameAs(identified);
        Files.move(copy.resolve("model.safetensors"), directory.resolve("old"));
        Files.copy(
                directory.resolve("first/ckpt-001/model.safetensors"),
                copy.resolve("model.safetensors"));
        Path run = directory.resolve("second");
        TinyRun second = new TinyRun().start(identified.start().orElseThrow());
        assertThatThrownBy(() -> second.run(run))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("holds other weights than the run was begun with")
                .hasMessageContaining(identified.start().orElseThrow().sha256().orElseThrow());
    }

    @Test
    void a_head_that_a_tied_model_would_drop_is_refused() throws IOException {
        TrainingConfig config = new TinyRun().start(first).config();
        Amber tied = new Amber(TinyAmber.sizes().optTiedEmbeddings(true).build());
        assertThatThrownBy(() -> StartWeights.identify(config, tied))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lm_head.weight isn't equal to model.embed_tokens.weight")
                .hasMessageContaining("set tie_word_embeddings to false");
    }

    @Test
    void weights_of_another_model_are_refused_with_all_that_differs() throws IOException {
        Path wider =
                TinyAmber.of(TinyAmber.sizes().setIntermediateSize(48))
                        .writeTo(directory.resolve("wider"));
        assertThatThrownBy(() -> identify(wider))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("the checkpoint is not of this model")
                .hasMessageContaining("6 of another shape");
        Path run = directory.resolve("second");
        assertThatThrownBy(() -> new TinyRun().start(wider).run(run))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("6 of another shape");
    }

    @Test
    void a_run_is_begun_only_with_weights_that_it_will_know_again() throws IOException {
        DataManifest data = DataManifest.read(TinyRun.data(directory.resolve("first")));
        Path run = directory.resolve("second");
        assertThatThrownBy(() -> TrainingRun.begin(run, second().config(), data))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("StartWeights.identify");
        TrainingRun.begin(run, identify(first), data).close();
        ConfigTree saved = TrainingRun.savedConfig(run);
        assertThat(saved.bind(TrainingConfig.class, TrainingConfig.DEFAULTS))
                .isEqualTo(identify(first));
    }
}
