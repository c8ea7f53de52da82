package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.model.NextTokenLoss;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loss and the gradients of training against DJL's autograd on all logits at once. */
class DecoderGradientsTest {

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

    static TinyAmber.Sizes sizes() {
        return TinyAmber.sizes().optContextLength(512);
    }

    private Amber load(TinyAmber.Sizes sizes, WeightType type) throws IOException {
        Path directory = temp.resolve("model");
        TinyAmber tiny = TinyAmber.of(sizes);
        if (!Files.exists(directory)) {
            tiny.writeTo(directory);
        }
        Amber amber = new Amber(tiny.config());
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    private TokenBatch batch(int rows, int positions, long seed) {
        long[] ids = new Random(seed).longs((long) rows * (positions + 1), 0, 96).toArray();
        return new TokenBatch(
                manager.create(ids, new Shape(rows, positions + 1)), Optional.empty());
    }

    private static double labels(TokenBatch batch) {
        Shape shape = batch.ids().getShape();
        return shape.get(0) * (shape.get(1) - 1);
    }

    private TokenBatch masked(TokenBatch batch, long seed) {
        Shape shape = batch.ids().get(":, 1:").getShape();
        Random random = new Random(seed);
        float[] mask = new float[(int) shape.size()];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = random.nextInt(3) == 0 ? 0 : 1;
        }
        return new TokenBatch(batch.ids(), Optional.of(manager.create(mask, shape)));
    }

    /** Adds a batch's gradient to those of the weights by DJL's means, and returns its loss. */
    private double autograd(Amber amber, TokenBatch batch, float scale) {
        for (Pair<String, Parameter> pair : amber.getParameters()) {
            pair.getValue().getArray().setRequiresGradient(true);
        }
        ParameterStore store = new ParameterStore(manager, false);
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDList inputs = new NDList(batch.ids().get(":, :-1"));
            NDList logits = amber.forward(store, inputs, true);
            NDArray labels = batch.ids().get(":, 1:");
            NDArray loss =
                    batch.weights().isEmpty()
                            ? new NextTokenLoss().evaluate(new NDList(labels), logits)
                            : logits.get(0)
                                    .logSoftmax(-1)
                                    .gather(labels.expandDims(2), 2)
                                    .squeeze(2)
                                    .mul(batch.weights().get())
                                    .sum()
                                    .div(-labels.size());
            collector.backward(loss.mul(scale));
            return loss.getFloat();
        }
    }

    private static void assertNear(Map<String, NDArray> actual, Amber expected) {
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.getParameters().keys());
        for (Pair<String, Parameter> pair : expected.getParameters()) {
            NDArray gradient = pair.getValue().getArray().getGradient();
            double norm = gradient.norm().getFloat();
            double error = actual.get(pair.getKey()).sub(gradient).norm().getFloat();
            assertThat(norm).as(pair.getKey()).isPositive();
            assertThat(error / norm).as("relative error of %s", pair.getKey()).isLessThan(2e-6);
        }
    }

    private static void assertSame(Map<String, NDArray> actual, Map<String, NDArray> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, array) -> assertThat(actual.get(name)).as(name).isEqualTo(array));
    }

    static Stream<Arguments> family() {
        return Stream.of(
                Arguments.of("untied", sizes()),
                Arguments.of("tied", sizes().optTiedEmbeddings(true)),
                Arguments.of("grouped-query", sizes().optKeyValueHeads(2)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("family")
    void micro_batches_add_up_to_what_autograd_gives(String name, TinyAmber.Sizes sizes)
            throws IOException {
        Amber exact = load(sizes, WeightType.FP32);
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes, WeightType.FP32), false, 0)) {
            for (int i = 0; i < 3; i++) {
                TokenBatch batch = batch(2, 24, i);
                double third = gradients.add(batch, 3 * labels(batch));
                assertThat(3 * third).isCloseTo(autograd(exact, batch, 1f / 3), within(2e-6));
                assertThat(gradients.loss(batch, 3 * labels(batch))).isEqualTo(third);
            }
            assertNear(gradients.gradients(), exact);
        }
    }

    /** The head takes {@link DecoderGradients#LOSS_ROWS} positions at a time: 256. */
    @ParameterizedTest
    @CsvSource({"1, 1", "3, 100", "2, 128", "1, 257", "3, 301"})
    void any_number_of_positions_is_divided_among_the_rows_of_the_loss(int rows, int positions)
            throws IOException {
        Amber exact = load(sizes(), WeightType.FP32);
        TokenBatch batch = batch(rows, positions, 7);
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes(), WeightType.FP32), false, 0)) {
            double loss = gradients.add(batch, labels(batch));
            assertThat(loss).isCloseTo(autograd(exact, batch, 1), within(2e-6));
            assertThat(gradients.loss(batch, labels(batch))).isEqualTo(loss);
            if (positions > 1) { // one position attends to itself: queries have no gradient
                assertNear(gradients.gradients(), exact);
            }
        }
    }

    @Test
    void masked_labels_add_nothing_and_the_divisor_stays() throws IOException {
        Amber exact = load(sizes(), WeightType.FP32);
        TokenBatch batch = masked(batch(3, 301, 7), 8);
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes(), WeightType.FP32), false, 0)) {
            double loss = gradients.add(batch, labels(batch));
            assertThat(loss).isCloseTo(autograd(exact, batch, 1), within(2e-6));
            assertThat(gradients.loss(batch, labels(batch))).isEqualTo(loss);
            assertNear(gradients.gradients(), exact);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void labels_that_count_alone_have_the_gradient_of_all(int recompute) throws IOException {
        Amber exact = load(sizes(), WeightType.FP32);
        TokenBatch batch = masked(batch(3, 301, 7), 8);
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes(), WeightType.FP32), false, recompute)) {
            double loss = gradients.addCounted(batch, labels(batch));
            assertThat(loss).isCloseTo(autograd(exact, batch, 1), within(2e-6));
            assertNear(gradients.gradients(), exact);
        }
    }

    @Test
    void rows_without_a_label_that_counts_add_nothing() throws IOException {
        TokenBatch batch = batch(2, 24, 1);
        NDArray none = manager.zeros(new Shape(2, 24));
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes(), WeightType.FP32), false, 0)) {
            TokenBatch unlabelled = new TokenBatch(batch.ids(), Optional.of(none));
            assertThat(gradients.addCounted(unlabelled, 1)).isZero();
            assertThat(gradients.logProbabilities(unlabelled)).containsExactly(0, 0);
            assertThat(gradients.gradients().values())
                    .allMatch(array -> array.abs().max().getFloat() == 0);
        }
    }

    /** A loss of 2 a - 3 b of two rows' log-probabilities weighs their labels' losses so. */
    @Test
    void a_loss_of_rows_has_the_gradient_of_their_labels_weighed_by_its_slopes()
            throws IOException {
        TokenBatch batch = masked(batch(2, 40, 1), 3);
        NDArray slopes = manager.create(new float[] {-2, 3}, new Shape(2, 1));
        Optional<NDArray> weighed = batch.weights().map(mask -> mask.mul(slopes));
        List<double[]> told = new ArrayList<>();
        try (DecoderGradients expected =
                        new DecoderGradients(load(sizes(), WeightType.FP32), false, 0);
                DecoderGradients gradients =
                        new DecoderGradients(load(sizes(), WeightType.FP32), false, 1)) {
            expected.addCounted(new TokenBatch(batch.ids(), weighed), 1);
            gradients.addWeighed(
                    batch,
                    rows -> {
                        told.add(rows);
                        return new double[] {2, -3};
                    });
            assertSame(gradients.gradients(), expected.gradients());
            assertThat(gradients.logProbabilities(batch)).containsExactly(told.get(0));
        }
    }

    @Test
    void a_rows_log_probability_is_the_sum_of_its_labels_scores() throws IOException {
        Amber amber = load(sizes(), WeightType.FP32);
        TokenBatch batch = batch(2, 24, 1);
        NDArray mask = manager.zeros(new Shape(2, 24));
        mask.set(new NDIndex("0, 9:20"), 1);
        mask.set(new NDIndex("1, 3:"), 1);
        List<LabelledRow> rows = new ArrayList<>();
        for (int row = 0; row < 2; row++) {
            long[] ids = batch.ids().get(row).toLongArray();
            rows.add(
                    LabelledRow.scoredFrom(
                            row == 0 ? 10 : 4, row == 0 ? Arrays.copyOf(ids, 21) : ids));
        }
        double[] scores =
                amber.score(rows, Batching.EXACT).stream().mapToDouble(LabelScores::sum).toArray();
        try (DecoderGradients gradients = new DecoderGradients(amber, false, 0)) {
            assertThat(gradients.logProbabilities(new TokenBatch(batch.ids(), Optional.of(mask))))
                    .containsExactly(scores, within(1e-4));
        }
    }

    @Test
    void a_mask_of_ones_gives_the_bits_of_none() throws IOException {
        TokenBatch batch = batch(2, 24, 1);
        NDArray ones = manager.ones(new Shape(2, 24));
        try (DecoderGradients without =
                        new DecoderGradients(load(sizes(), WeightType.FP32), false, 0);
                DecoderGradients with =
                        new DecoderGradients(load(sizes(), WeightType.FP32), false, 0)) {
            assertThat(with.add(new TokenBatch(batch.ids(), Optional.of(ones)), 48))
                    .isEqualTo(without.add(batch, 48));
            assertSame(with.gradients(), without.gradients());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, false", "1, true", "2, false", "2, true", "99, true"})
    void recomputed_layers_give_the_same_bits(int layers, boolean tied) throws IOException {
        TinyAmber.Sizes sizes = sizes().optTiedEmbeddings(tied);
        try (DecoderGradients kept = new DecoderGradients(load(sizes, WeightType.FP32), false, 0);
                DecoderGradients recomputed =
                        new DecoderGradients(load(sizes, WeightType.FP32), false, layers)) {
            for (int i = 0; i < 2; i++) {
                TokenBatch batch = batch(2, 40, i);
                assertThat(recomputed.add(batch, 160)).isEqualTo(kept.add(batch, 160));
            }
            assertSame(recomputed.gradients(), kept.gradients());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cleared_gradients_begin_at_zero_in_the_same_arrays(boolean tied) throws IOException {
        Amber amber = load(sizes().optTiedEmbeddings(tied), WeightType.FP32);
        try (DecoderGradients gradients = new DecoderGradients(amber, false, 0)) {
            assertThat(gradients.gradients().keySet()).isEqualTo(gradients.weights().keySet());
            assertThat(gradients.gradients().values())
                    .allMatch(array -> array.abs().max().getFloat() == 0);
            gradients.add(batch(2, 24, 1), 48);
            Map<String, NDArray> handles = new LinkedHashMap<>(gradients.gradients());
            Map<String, NDArray> first = new LinkedHashMap<>();
            handles.forEach((name, array) -> first.put(name, array.duplicate()));
            gradients.clear();
            handles.forEach(
                    (name, array) -> assertThat(array.abs().max().getFloat()).as(name).isZero());
            gradients.add(batch(2, 24, 1), 48);
            assertSame(handles, first);
        }
    }

    @Test
    void what_others_left_in_the_gradients_is_dropped() throws IOException {
        TokenBatch batch = batch(2, 24, 1);
        Amber used = load(sizes(), WeightType.FP32);
        autograd(used, batch(2, 24, 2), 1);
        try (DecoderGradients fresh =
                        new DecoderGradients(load(sizes(), WeightType.FP32), false, 0);
                DecoderGradients again = new DecoderGradients(used, false, 0)) {
            fresh.add(batch, 48);
            again.add(batch, 48);
            assertSame(again.gradients(), fresh.gradients());
        }
    }

    @Test
    void computing_the_loss_alone_leaves_the_gradients_as_they_are() throws IOException {
        try (DecoderGradients gradients =
                new DecoderGradients(load(sizes(), WeightType.FP32), false, 0)) {
            gradients.add(batch(2, 24, 1), 48);
            Map<String, NDArray> before = new LinkedHashMap<>();
            gradients.gradients().forEach((name, array) -> before.put(name, array.duplicate()));
            gradients.loss(batch(2, 24, 2), 48);
            assertSame(gradients.gradients(), before);
        }
    }

    @Test
    void bfloat16_weights_are_refused() throws IOException {
        Amber amber = load(sizes(), WeightType.BF16);
        assertThatThrownBy(() -> new DecoderGradients(amber, true, 0).close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "weights are trained in float32, but model.embed_tokens.weight is BF16;"
                                + " load the model as fp32");
    }
}
