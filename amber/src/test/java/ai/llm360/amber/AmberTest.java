package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.util.Pair;
import ai.llm360.amber.testing.NaiveLlama;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.NextTokenLoss;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Decoding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AmberTest {

    private static final long[] IDS = {1, 17, 90, 3, 3, 42, 55, 8, 61, 2, 0, 95};

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

    private Amber load(TinyAmber tiny, WeightType type) throws IOException {
        Path directory = temp.resolve("model-" + type);
        tiny.writeTo(directory);
        Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    private static double maxError(NDArray logits, double[][] expected) {
        float[] actual = logits.toFloatArray();
        double max = 0;
        int at = 0;
        for (double[] row : expected) {
            for (double value : row) {
                max = Math.max(max, Math.abs(value - actual[at++]));
            }
        }
        return max;
    }

    static Stream<Arguments> family() {
        return Stream.of(
                Arguments.of("multi-head", TinyAmber.sizes()),
                Arguments.of("grouped-query", TinyAmber.sizes().optKeyValueHeads(2)),
                Arguments.of("multi-query", TinyAmber.sizes().optKeyValueHeads(1)),
                Arguments.of("tied head", TinyAmber.sizes().optTiedEmbeddings(true)),
                Arguments.of("another theta", TinyAmber.sizes().optRopeTheta(500000)),
                Arguments.of("a wide head", TinyAmber.sizes().optHeadDim(16)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("family")
    void gives_the_logits_of_the_paper_written_out_in_loops(String name, TinyAmber.Sizes sizes)
            throws IOException {
        TinyAmber tiny = TinyAmber.of(sizes);
        NDArray logits = load(tiny, null).logits(manager, new long[][] {IDS});
        // float32 through two layers: a few units in the last place of logits of size 3.
        assertThat(maxError(logits, new NaiveLlama(tiny).logits(IDS))).isLessThan(2e-5);
    }

    /** 8 bits of mantissa in bfloat16; 7 or 8 bits a weight and an activation in int8. */
    @ParameterizedTest
    @CsvSource({
        "FP32, false, 2e-5", "BF16, false, 0.02", "INT8, false, 0.08",
        "FP32, true, 2e-5", "BF16, true, 0.02", "INT8, true, 0.08"
    })
    void all_weights_stay_near_the_paper_in_whole_rows_and_one_by_one(
            WeightType type, boolean wideHeads, double bound) throws IOException {
        TinyAmber.Sizes sizes = TinyAmber.sizes();
        TinyAmber tiny = TinyAmber.of(wideHeads ? sizes.optHeadDim(16) : sizes);
        double[][] expected = new NaiveLlama(tiny).logits(IDS);
        double scale =
                Stream.of(expected)
                        .flatMapToDouble(Arrays::stream)
                        .map(Math::abs)
                        .max()
                        .orElseThrow();
        CausalDecoder model = load(tiny, type);
        NDArray whole = model.logits(manager, new long[][] {IDS});
        NDArray ours = Decoding.oneByOne(model, manager, IDS, true);
        NDArray libtorch = Decoding.oneByOne(model, manager, IDS, false);
        for (NDArray logits : List.of(whole, ours, libtorch)) {
            assertThat(maxError(logits, expected) / scale).isLessThan(bound);
        }
    }

    @Test
    void a_float16_checkpoint_in_float16_stays_near_float32() throws IOException {
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes());
        NDArray half = load(tiny, WeightType.FP16).logits(manager, new long[][] {IDS});
        assertThat(maxError(half, new NaiveLlama(tiny).logits(IDS))).isLessThan(0.02);
    }

    @Test
    void refuses_more_tokens_than_its_context() throws IOException {
        Amber amber = load(TinyAmber.of(TinyAmber.sizes()), null);
        assertThatThrownBy(() -> amber.logits(manager, new long[1][65]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("65 positions don't fit: the model's context length is 64");
    }

    @Test
    void refuses_a_token_outside_the_vocabulary() throws IOException {
        Amber amber = load(TinyAmber.of(TinyAmber.sizes()), null);
        assertThatThrownBy(() -> amber.logits(manager, new long[][] {{1, 96}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("token id 96 is outside the model's vocabulary of 0 to 95");
    }

    @Test
    void its_parameters_have_the_names_of_the_hub() throws IOException {
        Amber amber = load(TinyAmber.of(TinyAmber.sizes()), null);
        assertThat(amber.getParameters().keys())
                .hasSize(2 * 9 + 3)
                .contains(
                        "model.embed_tokens.weight",
                        "model.layers.1.self_attn.k_proj.weight",
                        "model.layers.0.mlp.down_proj.weight",
                        "model.norm.weight",
                        "lm_head.weight");
    }

    @Test
    void a_djl_predictor_gives_logits_for_ids() throws IOException, TranslateException {
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes());
        try (Model model = Model.newInstance("tiny", "PyTorch")) {
            model.setBlock(load(tiny, null));
            try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
                NDArray ids = manager.create(IDS).expandDims(0);
                NDArray logits = predictor.predict(new NDList(ids)).singletonOrThrow();
                assertThat(logits.getShape()).isEqualTo(new Shape(1, IDS.length, 96));
                assertThat(maxError(logits, new NaiveLlama(tiny).logits(IDS))).isLessThan(2e-5);
            }
        }
    }

    @Test
    void a_djl_trainer_trains_it_from_nothing_and_gradients_reach_every_parameter() {
        try (Model model = Model.newInstance("tiny", "PyTorch")) {
            Amber amber = new Amber(TinyAmber.sizes().build());
            model.setBlock(amber);
            DefaultTrainingConfig config =
                    new DefaultTrainingConfig(new NextTokenLoss())
                            .optOptimizer(
                                    Optimizer.adam()
                                            .optLearningRateTracker(Tracker.fixed(3e-3f))
                                            .build());
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(1, IDS.length - 1));
                NDManager m = trainer.getManager();
                NDArray ids = m.create(IDS).expandDims(0);
                NDList input = new NDList(ids.get(":, :-1"));
                NDList labels = new NDList(ids.get(":, 1:"));
                float first = 0;
                float last = 0;
                for (int step = 0; step < 30; step++) {
                    try (GradientCollector collector = trainer.newGradientCollector()) {
                        NDList logits = trainer.forward(input);
                        NDArray loss = trainer.getLoss().evaluate(labels, logits);
                        collector.backward(loss);
                        last = loss.getFloat();
                        first = step == 0 ? last : first;
                    }
                    if (step == 0) {
                        for (Pair<String, Parameter> p : amber.getParameters()) {
                            assertThat(p.getValue().getArray().getGradient().abs().sum().getFloat())
                                    .as(p.getKey())
                                    .isPositive();
                        }
                    }
                    trainer.step();
                }
                assertThat(first).isBetween(4f, 5.2f); // ln 96 = 4.56
                assertThat(last).isLessThan(first / 3);
            }
        }
    }

    @Test
    void what_was_trained_is_what_inference_then_uses() throws IOException {
        Amber amber = load(TinyAmber.of(TinyAmber.sizes()), null);
        float before = amber.logits(manager, new long[][] {IDS}).getFloat(0, 0, 0);
        Parameter head = amber.getParameters().get("lm_head.weight");
        head.getArray().muli(2);
        assertThat(amber.logits(manager, new long[][] {IDS}).getFloat(0, 0, 0))
                .isEqualTo(2 * before);
    }

    @Test
    void gradients_of_bfloat16_weights_point_where_those_of_float32_point() throws IOException {
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes().optKeyValueHeads(2));
        Map<String, NDArray> exact = gradients(load(tiny, WeightType.FP32));
        Map<String, NDArray> half = gradients(load(tiny, WeightType.BF16));
        exact.forEach(
                (name, gradient) -> {
                    NDArray other = half.get(name).toType(DataType.FLOAT32, true);
                    double cosine =
                            gradient.mul(other).sum().getFloat()
                                    / gradient.norm().getFloat()
                                    / other.norm().getFloat();
                    // 8 bits of mantissa: a relative error of a per cent, so 1 - cosine of 1e-4.
                    assertThat(cosine).as(name).isGreaterThan(0.999);
                });
    }

    private Map<String, NDArray> gradients(Amber amber) {
        Map<String, NDArray> gradients = new LinkedHashMap<>();
        amber.freezeParameters(false);
        ParameterStore store = new ParameterStore(manager, false);
        NDArray ids = manager.create(IDS).expandDims(0);
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDList logits = amber.forward(store, new NDList(ids.get(":, :-1")), true);
            collector.backward(new NextTokenLoss().evaluate(new NDList(ids.get(":, 1:")), logits));
        }
        for (Pair<String, Parameter> p : amber.getParameters()) {
            gradients.put(p.getKey(), p.getValue().getArray().getGradient());
        }
        return gradients;
    }
}
