package ai.llm360.crystalcoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Decoding;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.crystalcoder.testing.NaiveCrystalCoder;
import ai.llm360.crystalcoder.testing.TinyCrystalCoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CrystalCoderTest {

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

    private CrystalCoder load(TinyCrystalCoder tiny, WeightType type) throws IOException {
        Path directory = Files.createTempDirectory(temp, "model");
        Files.delete(directory);
        return load(tiny.writeTo(directory), type);
    }

    private CrystalCoder load(Path directory, WeightType type) throws IOException {
        CrystalCoder model =
                new CrystalCoder(CrystalCoderConfig.read(directory.resolve("config.json")));
        WeightLoader.load(model, directory, manager, type, null);
        return model;
    }

    private static double maxError(NDArray logits, double[][] expected) {
        double[] flat = Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray();
        float[] actual = logits.toFloatArray();
        double max = 0;
        for (int i = 0; i < flat.length; i++) {
            max = Math.max(max, Math.abs(flat[i] - actual[i]));
        }
        return max;
    }

    @Test
    void gives_the_logits_of_its_rules_written_out_in_loops() throws IOException {
        TinyCrystalCoder tiny = new TinyCrystalCoder();
        NDArray logits = load(tiny, null).logits(manager, new long[][] {IDS});
        assertThat(maxError(logits, new NaiveCrystalCoder(tiny).logits(IDS))).isLessThan(2e-5);
    }

    /** 8 bits of mantissa in bfloat16, 7 or 8 bits a weight and an activation in int8. */
    @ParameterizedTest
    @CsvSource({"FP32, 2e-5", "BF16, 0.02", "INT8, 0.08"})
    void all_weights_stay_near_the_rules_in_whole_rows_and_one_by_one(WeightType type, double bound)
            throws IOException {
        TinyCrystalCoder tiny = new TinyCrystalCoder();
        double[][] expected = new NaiveCrystalCoder(tiny).logits(IDS);
        CrystalCoder model = load(tiny, type);
        double scale =
                Arrays.stream(expected)
                        .flatMapToDouble(Arrays::stream)
                        .map(Math::abs)
                        .max()
                        .orElseThrow();
        NDArray whole = model.logits(manager, new long[][] {IDS});
        NDArray ours = Decoding.oneByOne(model, manager, IDS, true);
        NDArray libtorch = Decoding.oneByOne(model, manager, IDS, false);
        for (NDArray logits : List.of(whole, ours, libtorch)) {
            assertThat(maxError(logits, expected) / scale).isLessThan(bound);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void a_row_of_a_ragged_batch_gives_what_it_gives_alone(WeightType type) throws IOException {
        TextGenerator generator =
                new TextGenerator(load(new TinyCrystalCoder(), type), Optional.empty());
        GenerationConfig config =
                GenerationConfig.builder().optMaxNewTokens(12).optIgnoreEos(true).build();
        long[] prompt = {1, 17, 90};
        List<Long> alone = generator.generateIds(List.of(prompt), config).get(0).ids();
        List<long[]> ragged = List.of(IDS, prompt, new long[] {5});
        assertThat(generator.generateIds(ragged, config).get(1).ids()).isEqualTo(alone);
    }

    @Test
    void a_key_bias_in_a_dimension_that_does_not_turn_changes_nothing() throws IOException {
        TinyCrystalCoder tiny = new TinyCrystalCoder();
        NDArray before = load(tiny, null).logits(manager, new long[][] {IDS});
        float[] bias = tiny.weight("transformer.h.1.attn.c_attn.bias");
        int hidden = tiny.config().hiddenSize();
        for (int i = hidden; i < 2 * hidden; i++) {
            if (i % tiny.config().headDim() >= tiny.config().rotaryDim()) {
                bias[i] += 1;
            }
        }
        NDArray after = load(tiny, null).logits(manager, new long[][] {IDS});
        assertThat(after.sub(before).abs().max().getFloat()).isLessThan(2e-6f);
    }

    @Test
    void buffers_and_the_second_head_of_released_files_are_passed_over() throws IOException {
        Path directory = released(false);
        NDArray logits = load(directory, null).logits(manager, new long[][] {IDS});
        assertThat(maxError(logits, new NaiveCrystalCoder(new TinyCrystalCoder()).logits(IDS)))
                .isLessThan(2e-5);
    }

    @Test
    void a_second_head_that_is_not_the_embedding_table_is_an_error() throws IOException {
        Path directory = released(true);
        assertThatThrownBy(() -> load(directory, null))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lm_head.weight isn't equal to transformer.wte.weight")
                .hasMessageContaining("tied-head");
    }

    /** The tiny model as released files are: with its buffers and a copy of the embedding table. */
    private Path released(boolean anotherHead) throws IOException {
        TinyCrystalCoder tiny = new TinyCrystalCoder();
        Path directory = tiny.writeTo(temp.resolve("released"));
        Path file = directory.resolve("model.safetensors");
        Files.delete(file);
        SafetensorsBuilder builder = new SafetensorsBuilder();
        new CrystalCoder(tiny.config())
                .parameterShapes()
                .forEach(
                        (name, shape) -> builder.floats(name, shape.getShape(), tiny.weight(name)));
        float[] head = tiny.weight("transformer.wte.weight").clone();
        head[head.length - 1] += anotherHead ? 1e-3f : 0;
        builder.floats("lm_head.weight", new long[] {96, 32}, head)
                .floats("transformer.h.0.attn.bias", new long[] {1, 1, 2, 2}, 1, 0, 1, 1)
                .floats("transformer.h.0.attn.masked_bias", new long[] {}, -1e4f)
                .write(file);
        return directory;
    }

    @Test
    void fresh_weights_are_the_pre_trainings_normal_draws_cut_at_two_deviations() {
        CrystalCoder model = fresh("pretraining");
        double matrix = 0.073 * Math.sqrt(0.0625);
        assertCut(model, "transformer.wte.weight", 0.073);
        assertCut(model, "transformer.h.0.attn.c_attn.weight", matrix);
        assertCut(model, "transformer.h.1.mlp.c_fc.weight", matrix);
        assertCut(model, "transformer.h.1.mlp.c_fc2.weight", matrix);
        assertCut(model, "transformer.h.0.attn.c_proj.weight", matrix / Math.sqrt(4));
        assertCut(model, "transformer.h.1.mlp.c_proj.weight", matrix / Math.sqrt(4));
        assertThat(array(model, "transformer.h.0.mlp.c_fc.bias").abs().max().getFloat()).isZero();
        assertThat(array(model, "transformer.h.0.ln_1.bias").abs().max().getFloat()).isZero();
        assertThat(array(model, "transformer.ln_f.weight").min().getFloat()).isEqualTo(1);
        assertThat(array(model, "transformer.ln_f.weight").max().getFloat()).isEqualTo(1);
    }

    @Test
    void fresh_weights_are_the_hugging_face_classs_by_name() {
        CrystalCoder model = fresh("hugging_face");
        assertNormal(model, "transformer.wte.weight", 0.02 * 0.25);
        assertNormal(model, "transformer.h.0.attn.c_attn.weight", 0.02 * 0.25);
        assertNormal(model, "transformer.h.1.mlp.c_proj.weight", 0.02 * 0.25 / 2);
    }

    private CrystalCoder fresh(String initialization) {
        String config =
                TinyCrystalCoder.CONFIG
                        .replace("\"n_embd\": 32", "\"n_embd\": 128")
                        .replace(
                                "\"bos_token_id\"",
                                "\"initialization\": \"%s\", \"bos_token_id\""
                                        .formatted(initialization));
        CrystalCoder model = new CrystalCoder(CrystalCoderConfig.parse(config));
        manager.getEngine().setRandomSeed(5);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, 1));
        return model;
    }

    private static NDArray array(CrystalCoder model, String name) {
        return model.getParameters().get(name).getArray();
    }

    /** Cut at two, a normal draw has 0.8796 of its deviation (Johnson, Kotz: doubly truncated). */
    private static void assertCut(CrystalCoder model, String name, double sigma) {
        assertNormal(model, name, 0.8796 * sigma);
        assertThat(array(model, name).abs().max().getFloat())
                .as(name)
                .isBetween((float) (1.9 * sigma), (float) (2 * sigma));
    }

    /** 7,000 draws or more: 5 % are five deviations of their deviation. */
    private static void assertNormal(CrystalCoder model, String name, double deviation) {
        NDArray array = array(model, name);
        double found = Math.sqrt(array.square().mean().getFloat());
        assertThat(found).as(name).isCloseTo(deviation, within(0.05 * deviation));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"rotary_dim\": 4|\"rotary_dim\": 10|rotary_dim (10) must be even, and at most the"
                        + " head dim (8)",
                "\"n_head\": 4|\"n_head\": 5|n_embd (32) must be a multiple of n_head (5)",
                "\"swiglu\"|\"gelu\"|activation_function is 'gelu', but this block has only"
                        + " 'swiglu'",
                "\"tie_word_embeddings\": true|\"tie_word_embeddings\": false|tie_word_embeddings"
                        + " is 'false'",
                "\"crystalcoder\"|\"gpt2\"|model_type is 'gpt2', but this architecture is"
                        + " 'crystalcoder'",
                "\"n_layer\": 2|\"other\": 2|'n_layer' is missing",
                "\"n_layer\": 2|\"n_layer\": 1000000000|n_layer (1000000000) must be at most 10000",
                "\"n_layer\": 2|\"n_layer\": 2.5|n_layer is 2.5; expected a whole number",
                "\"rotary_dim\": 4|\"rotary_dim\": 1e300|rotary_dim is 1e300; expected",
                "\"n_head\": 4|\"n_head\": \"4\"|n_head is \"4\"; expected a whole number",
                "\"n_layer\": 2|\"n_layer\": 2, \"initialization\": 1|initialization is 1; expected"
                        + " text",
                "\"tie_word_embeddings\": true|\"tie_word_embeddings\": \"true\""
                        + "|tie_word_embeddings is \"true\"; expected true or false",
                "\"eos_token_id\"|\"initialization\": \"xavier\", \"eos_token_id\"|initialization"
                        + " is 'xavier'"
            })
    void a_config_that_is_none_of_its_own_is_refused(String from, String to, String message) {
        String config = TinyCrystalCoder.CONFIG.replace(from, to);
        assertThat(config).isNotEqualTo(TinyCrystalCoder.CONFIG);
        assertThatThrownBy(() -> CrystalCoderConfig.parse(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
