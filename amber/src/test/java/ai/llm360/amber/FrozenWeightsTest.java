package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.torch.TensorLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training of a part of the weights: what is frozen has no gradient and keeps its bits. */
class FrozenWeightsTest {

    private static final double LABELS = 48;

    @TempDir Path temp;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Amber load(boolean tied, WeightType type) throws IOException {
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes().optTiedEmbeddings(tied));
        Path directory = temp.resolve("model-" + tied);
        if (!Files.exists(directory)) {
            tiny.writeTo(directory);
        }
        Amber amber = new Amber(tiny.config());
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    /** Two rows of 24 positions. */
    private TokenBatch batch() {
        long[] ids = new Random(5).longs(50, 0, 96).toArray();
        return new TokenBatch(manager.create(ids, new Shape(2, 25)), Optional.empty());
    }

    private Map<String, NDArray> copies(Map<String, NDArray> arrays) {
        Map<String, NDArray> copies = new LinkedHashMap<>();
        arrays.forEach((name, array) -> copies.put(name, copy(array)));
        return copies;
    }

    private NDArray copy(NDArray array) {
        NDArray copy = array.duplicate();
        copy.attach(manager);
        return copy;
    }

    /** The gradients of some weights, computed with all others trained too. */
    private Map<String, NDArray> reference(boolean tied, Predicate<String> names)
            throws IOException {
        try (DecoderGradients all = new DecoderGradients(load(tied, WeightType.FP32), false, 0)) {
            all.add(batch(), LABELS);
            Map<String, NDArray> chosen = copies(all.gradients());
            chosen.keySet().removeIf(names.negate());
            return chosen;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lm_head.weight",
                "model.norm.weight",
                "model.embed_tokens.weight",
                "model.layers.1.*",
                "model.layers.0.mlp.up_proj.weight",
                ".*(q_proj|lm_head).*",
                "(?!model.embed_tokens).*",
                "(?!lm_head).*"
            })
    void trained_weights_have_the_gradients_that_training_all_gives(String pattern)
            throws IOException {
        for (boolean tied : new boolean[] {false, true}) {
            Predicate<String> names = name -> name.matches(pattern);
            if (tied && pattern.equals("lm_head.weight")) {
                continue; // the head is the embedding
            }
            Map<String, NDArray> expected = reference(tied, names);
            for (int recomputed : new int[] {0, 1}) {
                Amber amber = load(tied, WeightType.FP32);
                try (DecoderGradients some =
                        new DecoderGradients(Trainable.of(amber, names), false, recomputed)) {
                    some.add(batch(), LABELS);
                    assertThat(some.gradients().keySet()).isEqualTo(expected.keySet());
                    assertThat(some.weights().keySet()).isEqualTo(expected.keySet());
                    expected.forEach(
                            (name, gradient) ->
                                    assertThat(some.gradients().get(name))
                                            .as("%s, %d recomputed", name, recomputed)
                                            .isEqualTo(gradient));
                    assertThat(withGradient(amber)).isEqualTo(expected.keySet());
                }
            }
        }
    }

    private static Set<String> withGradient(Amber amber) {
        return amber.getParameters().stream()
                .filter(pair -> pair.getValue().getArray().hasGradient())
                .map(Pair::getKey)
                .collect(Collectors.toSet());
    }

    /** Loads all weights as bfloat16 but for one. */
    private Amber half(String exact) throws IOException {
        Amber amber = new Amber(TinyAmber.sizes().build());
        try (Checkpoint checkpoint = Checkpoint.open(temp.resolve("model-false"))) {
            TensorLoader loader = new TensorLoader(manager);
            for (Pair<String, Parameter> pair : amber.getParameters()) {
                TensorType type = pair.getKey().equals(exact) ? TensorType.F32 : TensorType.BF16;
                TensorInfo tensor = checkpoint.tensors().get(pair.getKey());
                pair.getValue().setArray(loader.load(manager, tensor, type));
                pair.getValue().freeze(!pair.getKey().equals(exact));
            }
        }
        return amber;
    }

    @Test
    void a_frozen_base_may_be_bfloat16() throws IOException {
        String name = "model.layers.0.mlp.up_proj.weight";
        Amber exact = load(false, WeightType.FP32);
        Amber half = half(name);
        try (DecoderGradients expected =
                        new DecoderGradients(Trainable.of(exact, name::equals), true, 0);
                DecoderGradients some = new DecoderGradients(half, false, 1)) {
            double loss = expected.add(batch(), LABELS);
            // bfloat16 keeps 8 bits: a relative error of 2^-9 in each operand.
            assertThat(some.add(batch(), LABELS) / loss).isBetween(0.98, 1.02);
            NDArray gradient = expected.gradients().get(name);
            NDArray error = some.gradients().get(name).sub(gradient);
            assertThat(error.norm().getFloat() / gradient.norm().getFloat()).isLessThan(0.05f);
            assertThat(withGradient(half)).containsExactly(name);
        }
    }

    @Test
    void what_djl_holds_frozen_is_frozen() throws IOException {
        Amber amber = load(false, WeightType.FP32);
        assertThat(Trainable.of(amber).weights()).hasSize(amber.getParameters().size());
        amber.freezeParameters(true, parameter -> true);
        assertThatThrownBy(() -> Trainable.of(amber).weights())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("every parameter is frozen")
                .hasMessageContaining("decoder.freezeParameters(false");
        amber.freezeParameters(false);
        assertThat(Trainable.of(amber).weights()).hasSize(amber.getParameters().size());
        Parameter norm = amber.getParameters().get("model.norm.weight");
        norm.freeze(true);
        amber.layers().get(0).freezeParameters(true);
        assertThat(Trainable.of(amber).weights().keySet())
                .doesNotContain("model.norm.weight")
                .noneMatch(name -> name.startsWith("model.layers.0."))
                .contains("model.layers.1.mlp.up_proj.weight", "lm_head.weight");
    }

    /** Freezes all but the last layer and the norms. */
    private static void freeze(Amber amber, NDManager owner) {
        amber.initialize(owner, DataType.FLOAT32, new Shape(1, 1));
        amber.getParameters().forEach(pair -> pair.getValue().freeze(!isTrained(pair.getKey())));
    }

    private static boolean isTrained(String name) {
        return name.startsWith("model.layers.1.") || name.contains("norm");
    }

    @Test
    void a_run_changes_the_trained_weights_alone_and_resumes_to_the_same_bits() throws IOException {
        Path whole = temp.resolve("whole");
        Path stopped = temp.resolve("stopped");
        Map<String, NDArray> first = new LinkedHashMap<>();
        Map<String, NDArray> last = new LinkedHashMap<>();
        manager.getEngine().setRandomSeed(3);
        TinyRun run = new TinyRun();
        run.before(
                        (amber, owner) -> {
                            freeze(amber, owner);
                            first.putAll(copies(weights(amber)));
                        })
                .afterEachStep(amber -> last.putAll(copies(weights(amber))))
                .run(whole);
        first.forEach(
                (name, array) ->
                        assertThat(last.get(name).equals(array))
                                .as(name)
                                .isEqualTo(!isTrained(name)));
        assertThat(SavedState.open(whole.resolve("ckpt-002")).tensorHashes().keySet())
                .containsAll(first.keySet())
                .contains("exp_avg.model.norm.weight")
                .doesNotContain("exp_avg.lm_head.weight");
        assertThat(run.metrics().get(0).gradientNorm()).isPositive();
        manager.getEngine().setRandomSeed(3);
        new TinyRun().before(FrozenWeightsTest::freeze).stopAfter(11).run(stopped);
        new TinyRun().before(FrozenWeightsTest::freeze).run(stopped);
        TinyRun.assertSame(stopped, whole);
        assertThatThrownBy(() -> new TinyRun().run(stopped)).hasMessageContaining("exp_avg.");
    }

    private static Map<String, NDArray> weights(Amber amber) {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        amber.getParameters()
                .forEach(pair -> weights.put(pair.getKey(), pair.getValue().getArray()));
        return weights;
    }
}
