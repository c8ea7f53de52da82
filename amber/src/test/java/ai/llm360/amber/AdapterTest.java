package ai.llm360.amber;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Decoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters against the same model with {@code W + scale * B A} in the weights' place. */
class AdapterTest {

    private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";
    private static final String DOWN = "model.layers.1.mlp.down_proj.weight";
    private static final String HEAD = "lm_head.weight";
    private static final long[][] IDS = {{1, 17, 33, 4, 95, 60, 2}, {5, 6, 7, 8, 9, 10, 11}};

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

    private Amber load(WeightType type) throws IOException {
        Path directory = temp.resolve("model");
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes());
        if (!Files.exists(directory)) {
            tiny.writeTo(directory);
        }
        Amber amber = new Amber(tiny.config());
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    private Adapter adapter(int inputs, int outputs, long seed) {
        return new Adapter(random(3, inputs, seed), random(outputs, 3, seed + 1), 0.5);
    }

    private NDArray random(int rows, int columns, long seed) {
        Random random = new Random(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() / 3;
        }
        return manager.create(values, new Shape(rows, columns));
    }

    private void adapt(Amber amber) {
        amber.setAdapter(QUERY, adapter(32, 32, 1));
        amber.setAdapter(DOWN, adapter(56, 32, 3));
        amber.setAdapter(HEAD, adapter(32, 96, 5));
    }

    private void merge(Amber amber) {
        merge(amber, QUERY, adapter(32, 32, 1));
        merge(amber, DOWN, adapter(56, 32, 3));
        merge(amber, HEAD, adapter(32, 96, 5));
        amber.weightsChanged();
    }

    private static void merge(Amber amber, String name, Adapter adapter) {
        NDArray weight = amber.getParameters().get(name).getArray();
        weight.addi(adapter.b().matMul(adapter.a()).mul(adapter.scale()));
    }

    @Test
    void every_path_of_inference_computes_with_them_and_without_them_once_removed()
            throws IOException {
        Amber amber = load(WeightType.FP32);
        Amber merged = load(WeightType.FP32);
        NDArray before = amber.logits(manager, IDS);
        merge(merged);
        adapt(amber);
        NDArray expected = merged.logits(manager, IDS);
        assertThat(maxDifference(before, expected)).isGreaterThan(0.01);
        assertThat(maxDifference(amber.logits(manager, IDS), expected)).isLessThan(1e-5);
        NDArray cached = Decoding.oneByOne(amber, manager, IDS[0], true);
        assertThat(maxDifference(cached, expected.get("0:1"))).isLessThan(1e-5);
        assertThat(amber.adapters().keySet()).containsExactly(QUERY, DOWN, HEAD);
        for (boolean training : new boolean[] {false, true}) {
            ParameterStore store = new ParameterStore(manager, false);
            NDList ids = new NDList(manager.create(IDS));
            NDArray logits = amber.forward(store, ids, training).singletonOrThrow();
            assertThat(maxDifference(logits, expected)).as("%s", training).isLessThan(1e-5);
        }
        amber.removeAdapters();
        assertThat(amber.logits(manager, IDS)).isEqualTo(before);
    }

    /** With and without kernels of this project, which know no adapters, for the base. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void a_base_of_any_type_computes_with_them(WeightType type) throws IOException {
        Amber merged = load(WeightType.FP32);
        NDArray exact = merged.logits(manager, IDS);
        merge(merged);
        NDArray expected = merged.logits(manager, IDS);
        Amber amber = load(type);
        NDArray before = amber.logits(manager, IDS);
        Decoding.oneByOne(amber, manager, IDS[0], true);
        adapt(amber);
        NDArray actual = amber.logits(manager, IDS);
        // The base's own rounding errors, which the adapters' rows go through as well.
        double bound = 2 * maxDifference(before, exact);
        assertThat(maxDifference(before, expected)).isGreaterThan(5 * bound);
        assertThat(maxDifference(actual, expected)).isLessThan(bound);
        NDArray cached = Decoding.oneByOne(amber, manager, IDS[0], true);
        assertThat(maxDifference(cached, expected.get("0:1"))).isLessThan(bound);
        amber.removeAdapters();
        assertThat(amber.logits(manager, IDS)).isEqualTo(before);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void a_changed_matrix_of_an_adapter_counts_from_the_next_step(WeightType type)
            throws IOException {
        Amber amber = load(type);
        adapt(amber);
        NDArray before = amber.logits(manager, IDS);
        amber.adapters().get(DOWN).b().muli(0);
        NDArray after = amber.logits(manager, IDS);
        assertThat(maxDifference(before, after)).isGreaterThan(1e-3);
        amber.setAdapter(DOWN, new Adapter(random(1, 56, 9), manager.zeros(new Shape(32, 1)), 1));
        assertThat(amber.logits(manager, IDS)).isEqualTo(after);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void copies_of_weights_are_made_anew_when_they_have_changed(WeightType type)
            throws IOException {
        Amber amber = load(type);
        NDArray before = amber.logits(manager, IDS);
        NDArray cached = Decoding.oneByOne(amber, manager, IDS[0], true);
        // Scaling a linear layer before a norm would change nothing; this one scales the logits.
        amber.getParameters().get(HEAD).getArray().muli(2);
        amber.weightsChanged();
        assertThat(maxDifference(amber.logits(manager, IDS), before.mul(2))).isLessThan(1e-6);
        NDArray after = Decoding.oneByOne(amber, manager, IDS[0], true);
        assertThat(maxDifference(after, cached.mul(2))).isLessThan(1e-6);
    }

    @Test
    void gradients_reach_an_adapter_of_a_frozen_bfloat16_base() throws IOException {
        Amber amber = load(WeightType.BF16);
        amber.setAdapter(DOWN, adapter(56, 32, 3));
        NDArray b = amber.adapters().get(DOWN).b();
        b.setRequiresGradient(true);
        JniUtils.setGradMode(true);
        try {
            ParameterStore store = new ParameterStore(manager, false);
            NDList ids = new NDList(manager.create(IDS));
            NDArray logits = amber.forward(store, ids, true).singletonOrThrow();
            NDArray ones = logits.onesLike();
            JniUtils.backward((PtNDArray) logits, (PtNDArray) ones, false, false);
        } finally {
            JniUtils.setGradMode(false);
        }
        assertThat(b.getGradient().getShape()).isEqualTo(new Shape(32, 3));
        assertThat(b.getGradient().abs().max().getFloat()).isPositive();
    }

    @Test
    void one_that_does_not_fit_is_refused() throws IOException {
        Amber amber = load(WeightType.FP32);
        assertThatThrownBy(() -> amber.setAdapter("model.norm.weight", adapter(32, 32, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no linear layer 'model.norm.weight' to adapt");
        assertThatThrownBy(() -> amber.setAdapter(DOWN, adapter(32, 56, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "an adapter of %s has A of (r, 56) and B of (32, r), not (3, 32) and (56, 3)"
                                .formatted(DOWN));
        NDArray a = manager.zeros(new Shape(3, 56), DataType.FLOAT16);
        NDArray b = manager.zeros(new Shape(32, 3));
        assertThatThrownBy(() -> amber.setAdapter(DOWN, new Adapter(a, b, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("FLOAT32");
        Adapter infinite = new Adapter(manager.zeros(new Shape(3, 56)), b, Double.NaN);
        assertThatThrownBy(() -> amber.setAdapter(DOWN, infinite))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("finite");
        assertThatThrownBy(
                        () ->
                                amber.whileOpen(
                                        () -> {
                                            amber.removeAdapters();
                                            return null;
                                        }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(amber.adapters()).isEmpty();
    }

    @Test
    void training_refuses_one_of_the_head() throws IOException {
        Amber amber = load(WeightType.FP32);
        amber.setAdapter(HEAD, adapter(32, 96, 5));
        assertThatThrownBy(() -> new DecoderGradients(amber, false, 0).close())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(HEAD);
    }

    @Test
    void the_loss_of_training_computes_with_them() throws IOException {
        Amber amber = load(WeightType.FP32);
        Amber merged = load(WeightType.FP32);
        amber.setAdapter(DOWN, adapter(56, 32, 3));
        merge(merged, DOWN, adapter(56, 32, 3));
        TokenBatch batch = new TokenBatch(manager.create(IDS), Optional.empty());
        try (DecoderGradients adapted = new DecoderGradients(amber, false, 0);
                DecoderGradients other = new DecoderGradients(merged, false, 0)) {
            assertThat(adapted.loss(batch, 12))
                    .isCloseTo(other.loss(batch, 12), within(1e-5));
        }
    }
}
