package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.NextTokenLoss;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.TinyModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A loaded model does what DJL's users expect of any: describe, save, load, train. */
class DjlModelTest {

    private static final long[][] IDS = {{1, 5, 9, 42, 17}};

    @TempDir Path temp;
    private Path directory;

    @BeforeEach
    void write() throws IOException {
        directory = TinyModel.writeTo(temp.resolve("tiny"));
    }

    private ZooModel<NDList, NDList> load(WeightType dtype) throws Exception {
        return Criteria.of(directory.toString(), NDList.class, NDList.class)
                .optDtype(dtype)
                .loadModel();
    }

    private static float[] logits(Model model) throws TranslateException {
        try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
            NDArray ids = model.getNDManager().create(IDS);
            return predictor.predict(new NDList(ids)).singletonOrThrow().toFloatArray();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"FP32", "BF16"})
    void a_loaded_block_is_initialised_and_describes_itself(WeightType dtype) throws Exception {
        try (ZooModel<NDList, NDList> model = load(dtype)) {
            Block block = model.getBlock();
            assertThat(block.isInitialized()).isTrue();
            assertThat(block.describeInput().keys()).containsExactly("input_ids");
            assertThat(model.describeInput().get("input_ids")).isEqualTo(new Shape(-1, -1));
            assertThat(block.getOutputShapes(new Shape[] {new Shape(2, 5)}))
                    .containsExactly(new Shape(2, 5, 300));
        }
    }

    @Test
    void saved_by_djl_and_loaded_again_it_computes_the_same() throws Exception {
        float[] before;
        try (ZooModel<NDList, NDList> model = load(WeightType.FP32)) {
            before = logits(model);
            model.save(temp.resolve("saved"), "mine");
        }
        assertThat(temp.resolve("saved").resolve("mine-0000.params")).exists();
        try (Model model = Model.newInstance("mine", "PyTorch")) {
            model.setBlock(Criteria.newBlock(directory.toString()));
            model.load(temp.resolve("saved"));
            assertThat(model.getBlock().isInitialized()).isTrue();
            assertThat(logits(model)).isEqualTo(before);
        }
    }

    private static byte[] parameters(Block block) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        block.saveParameters(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private static void loadParameters(Model model, byte[] parameters)
            throws IOException, MalformedModelException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(parameters));
        model.getBlock().loadParameters(model.getNDManager(), in);
    }

    @ParameterizedTest
    @EnumSource(WeightType.class)
    void parameters_replace_those_that_were_loaded(WeightType dtype) throws Exception {
        byte[] parameters;
        float[] expected;
        try (ZooModel<NDList, NDList> model = load(WeightType.FP32)) {
            model.getBlock().getParameters().get("model.norm.weight").getArray().muli(2);
            expected = logits(model);
            parameters = parameters(model.getBlock());
        }
        try (ZooModel<NDList, NDList> model = load(dtype)) {
            assertThat(logits(model)).isNotEqualTo(expected);
            loadParameters(model, parameters);
            assertThat(logits(model)).isEqualTo(expected);
        }
    }

    @Test
    void parameters_of_another_model_are_refused_by_name() throws Exception {
        Path wider = TinyAmber.of(TinyAmber.sizes().setHiddenSize(48)).writeTo(temp.resolve("b"));
        try (ZooModel<NDList, NDList> other =
                        Criteria.loadModel(wider.toString(), NDList.class, NDList.class);
                ZooModel<NDList, NDList> model = load(WeightType.FP32)) {
            byte[] parameters = parameters(other.getBlock());
            assertThatThrownBy(() -> loadParameters(model, parameters))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("model.embed_tokens.weight is (96, 48)")
                    .hasMessageContaining("expected (300, 32)");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"BF16", "FP16", "INT8"})
    void what_djl_can_neither_save_nor_train_says_what_to_do(WeightType dtype) throws Exception {
        try (ZooModel<NDList, NDList> model = load(dtype)) {
            assertThatThrownBy(() -> model.save(temp.resolve("saved"), "mine"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("weights are " + dtype)
                    .hasMessageContaining("optDtype(WeightType.FP32)");
            assertThatThrownBy(() -> model.newTrainer(config()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("weights are " + dtype)
                    .hasMessageContaining("optDtype(WeightType.FP32)");
        }
    }

    @Test
    void to_be_trained_in_another_dtype_is_a_contradiction() {
        assertThatThrownBy(
                        () ->
                                Criteria.of(directory.toString())
                                        .optTrainable()
                                        .optDtype(WeightType.BF16)
                                        .loadModel())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("optDtype(WeightType.FP32)");
    }

    private static DefaultTrainingConfig config() {
        Optimizer adam = Optimizer.adam().optLearningRateTracker(Tracker.fixed(1e-4f)).build();
        return new DefaultTrainingConfig(new NextTokenLoss()).optOptimizer(adam);
    }

    @Test
    void a_djl_trainer_goes_on_training_a_loaded_model() throws Exception {
        String text = "        if (array == null) {\n            return INDEX_NOT_FOUND;";
        try (Home home = Home.at(temp.resolve("home"));
                ZooModel<String, String> model =
                        Criteria.of("amber-nano@ckpt-004").optTrainable().loadModel();
                Trainer trainer = model.newTrainer(config())) {
            assertThat(home).isNotNull();
            double before = Criteria.generator(model).score(text).perplexity();
            long[] tokens = Criteria.generator(model).tokenizer().encodePrompt(text);
            trainer.initialize(new Shape(1, tokens.length - 1));
            NDArray ids = trainer.getManager().create(tokens).expandDims(0);
            for (int step = 0; step < 3; step++) {
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    NDList logits = trainer.forward(new NDList(ids.get(":, :-1")));
                    collector.backward(
                            trainer.getLoss().evaluate(new NDList(ids.get(":, 1:")), logits));
                }
                trainer.step();
            }
            assertThat(Criteria.generator(model).score(text).perplexity()).isLessThan(before);
        }
    }

    @Test
    void a_trainable_model_has_gradients_and_the_checkpoints_weights() throws Exception {
        try (ZooModel<NDList, NDList> model =
                        Criteria.of(directory.toString(), NDList.class, NDList.class)
                                .optTrainable()
                                .loadModel();
                ZooModel<NDList, NDList> other = load(WeightType.FP32)) {
            assertThat(((CausalDecoder) model.getBlock()).getParameters().values())
                    .allMatch(parameter -> parameter.getArray().hasGradient());
            assertThat(logits(model)).isEqualTo(logits(other));
        }
    }

    @Test
    void ids_that_are_no_ids_are_refused_by_what_is_wrong_with_them() throws Exception {
        try (ZooModel<NDList, NDList> model = load(WeightType.FP32);
                Predictor<NDList, NDList> predictor = model.newPredictor();
                NDManager manager = model.getNDManager().newSubManager()) {
            NDArray ids = manager.create(IDS);
            refused(predictor, new NDList(), "token ids of (B, T), not an empty list");
            refused(predictor, new NDList(ids, ids), "token ids of (B, T), not 2 arrays");
            refused(predictor, new NDList(ids.squeeze(0)), "not (5); ids.expandDims(0)");
            refused(predictor, new NDList(ids.expandDims(0)), "(B, T), a row for each sequence");
            NDArray floats = ids.toType(DataType.FLOAT32, true);
            refused(predictor, new NDList(floats), "INT64 or INT32, not float32");
            refused(predictor, new NDList(ids.add(296)), "token id 301 is outside");
            refused(predictor, new NDList(ids.neg()), "token id -1 is outside");
            refused(predictor, new NDList(ids.get(":, 0:0")), "0 positions don't fit");
            refused(predictor, new NDList(ids.get("0:0")), "not (0, 5)");
            assertThat(predictor.predict(new NDList(ids.toType(DataType.INT32, true))))
                    .isEqualTo(predictor.predict(new NDList(ids)));
        }
    }

    private static void refused(Predictor<NDList, NDList> predictor, NDList ids, String why) {
        assertThatThrownBy(() -> predictor.predict(ids))
                .isInstanceOf(TranslateException.class)
                .hasRootCauseInstanceOf(IllegalArgumentException.class)
                .rootCause()
                .hasMessageContaining(why);
    }
}
