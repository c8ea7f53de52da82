package ai.llm360.common.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twenty steps of the loop against twenty steps of an original implementation in Python. */
public abstract class GoldenTrainingTest {

    private static final int STEPS = 20;
    private static final int ROWS_PER_STEP = 4;
    private static final int ROW_LENGTH = 49;

    private final String fixture;

    @TempDir Path directory;

    protected GoldenTrainingTest(String fixture) {
        this.fixture = fixture;
    }

    /** Makes the block that a config.json describes. */
    protected abstract CausalDecoder newBlock(Path config) throws IOException;

    /** A recipe in YAML, but for what the golden values say themselves. */
    protected abstract String recipe();

    /**
     * Returns how far a trained weight may be from the golden one. AdamW divides a gradient by its
     * own size, so where a gradient cancels, its update magnifies the rounding of the sums.
     *
     * @param element its number in row-major order
     */
    protected double tolerance(String parameter, int element) {
        return 1e-5;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 99})
    void twenty_steps_give_the_golden_losses_norms_and_weights(int recomputeLayers)
            throws IOException {
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                GoldenValues golden = new GoldenValues(fixture, manager);
                TokenDataset dataset = TokenDataset.open(writeData(golden));
                RunDirectory run = RunDirectory.create(directory.resolve("run"), "", "{}")) {
            JsonObject expected =
                    JsonParser.parseString(Files.readString(golden.path("golden.json")))
                            .getAsJsonObject()
                            .getAsJsonObject("train");
            Path layout = golden.path("safetensors");
            CausalDecoder decoder = newBlock(layout.resolve("config.json"));
            WeightLoader.load(decoder, layout, manager, WeightType.FP32, null);
            TrainingLoop.builder()
                    .setConfig(config(expected, recomputeLayers))
                    .setDecoder(decoder)
                    .setDataset(dataset)
                    .setRun(run)
                    .setManager(manager)
                    .build()
                    .run();
            compare(StepMetrics.read(run.path()), expected);
            for (Pair<String, Parameter> pair : decoder.getParameters()) {
                String name = pair.getKey();
                NDArray trained = pair.getValue().getArray();
                float[] error = trained.sub(golden.floats("trained." + name)).toFloatArray();
                for (int i = 0; i < error.length; i++) {
                    assertThat(Math.abs((double) error[i]))
                            .as("%s, element %d", name, i)
                            .isLessThanOrEqualTo(tolerance(name, i));
                }
            }
        }
    }

    private TrainingConfig config(JsonObject golden, int recomputeLayers) {
        return ConfigTree.parse(recipe())
                .with("name", "golden")
                .with("model.model_type", "the test's")
                .with("data.path", "the test's")
                .with("recompute_layers=" + recomputeLayers)
                .with("schedule.peak=" + golden.get("peak").getAsString())
                .with("schedule.end=" + golden.get("end").getAsString())
                .with("schedule.warmup=" + golden.get("warmup").getAsString())
                .with("optimizer.epsilon=" + golden.get("eps").getAsString())
                .with("optimizer.weight_decay=" + golden.get("weight_decay").getAsString())
                .with("clip=" + golden.get("clip").getAsString())
                .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    private static void compare(List<StepMetrics> metrics, JsonObject golden) {
        JsonArray losses = golden.getAsJsonArray("loss");
        JsonArray norms = golden.getAsJsonArray("grad_norm");
        JsonArray rates = golden.getAsJsonArray("lr");
        assertThat(metrics).hasSize(STEPS);
        for (int i = 0; i < STEPS; i++) {
            StepMetrics step = metrics.get(i);
            double norm = norms.get(i).getAsDouble();
            assertThat(step.step()).isEqualTo(i + 1);
            assertThat(step.loss()).as("loss").isCloseTo(losses.get(i).getAsDouble(), within(1e-5));
            assertThat(step.gradientNorm()).as("norm").isCloseTo(norm, within(1e-4 * norm));
            assertThat(step.learningRate())
                    .as("rate")
                    .isCloseTo(rates.get(i).getAsDouble(), within(1e-12));
        }
    }

    /** Puts each golden row where the order of the data will find it at its step. */
    private Path writeData(GoldenValues golden) throws IOException {
        LongBuffer ids = golden.longs("train.data");
        boolean masked = golden.has("train.mask");
        float[] counted = masked ? golden.floats("train.mask").toFloatArray() : null;
        int count = STEPS * ROWS_PER_STEP;
        long seed = TrainingConfig.DEFAULTS.seed();
        DataOrder order = new DataOrder(ShuffleMode.PER_CHUNK, seed, List.of((long) count));
        long[][] rows = new long[count][ROW_LENGTH];
        float[][] masks = new float[masked ? count : 0][ROW_LENGTH - 1];
        int at = 0;
        for (int step = 0; step < STEPS; step++) {
            for (long place : order.chunk(0, ROWS_PER_STEP).rows(step)) {
                ids.get(rows[(int) place]);
                for (int t = 0; masked && t < ROW_LENGTH - 1; t++) {
                    masks[(int) place][t] = counted[at++];
                }
            }
        }
        Path data = directory.resolve("data");
        Files.createDirectories(data.resolve("sources"));
        return new TokenDatasetBuilder(ROW_LENGTH, 512).source("golden", rows, masks).write(data);
    }
}
