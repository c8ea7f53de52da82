package ai.llm360.amber.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.GoldenValues;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What transformers, PEFT and torch computed of ten steps of fine-tuning, on amber-tiny. */
public final class FineTuningFixture implements AutoCloseable {

    private static final int STEPS = 10;
    private static final int ROW_LENGTH = 41;

    private final Path temp;
    private final Path fixture;
    private final JsonObject golden;
    private final NDManager manager;
    private final Amber amber;

    /** Loads the base model. */
    public FineTuningFixture(Path temp) throws IOException {
        this.temp = temp;
        fixture = Fixtures.shared("fixtures/finetune");
        golden = json("golden.json");
        manager = NDManager.newBaseManager("PyTorch");
        try (GoldenValues base = new GoldenValues("amber-tiny", manager)) {
            Path layout = base.path("safetensors");
            amber = new Amber(AmberConfig.read(layout.resolve("config.json")));
            WeightLoader.load(amber, layout, manager, WeightType.FP32, null);
        }
    }

    private JsonObject json(String name) throws IOException {
        return JsonParser.parseString(Files.readString(fixture.resolve(name))).getAsJsonObject();
    }

    public JsonObject golden() {
        return golden;
    }

    public Amber amber() {
        return amber;
    }

    public NDManager manager() {
        return manager;
    }

    /** A configuration; of a step two micro-batches of two examples. */
    public TrainingConfig config(String yaml) {
        return ConfigTree.parse(
                        """
                        name: golden
                        model: {model_type: the test's}
                        data: {path: the test's}
                        batch: {global: 4, micro: 2}
                        optimizer: {beta1: 0.9, beta2: 0.999, weight_decay: 0}
                        schedule: {kind: cosine, peak: 2e-3, end: 0, warmup_ratio: 0.2}
                        """)
                .with(ConfigTree.parse(yaml))
                .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    /** Makes an objective of a run on its data. */
    public interface ObjectiveMaker {

        /** Makes it. */
        Objective make(TokenDataset data) throws IOException;
    }

    /** Trains on the golden rows in their order. */
    public List<StepMetrics> train(TrainingConfig config, ObjectiveMaker objective)
            throws IOException {
        return train(config, Trainable.of(amber), objective);
    }

    /** Trains some weights. */
    public List<StepMetrics> train(
            TrainingConfig config, Trainable trainable, ObjectiveMaker objective)
            throws IOException {
        try (TokenDataset dataset = TokenDataset.open(writeData(config));
                RunDirectory run = RunDirectory.create(temp.resolve("run"), "", "{}")) {
            TrainingLoop.builder()
                    .setConfig(config)
                    .setDecoder(amber)
                    .setDataset(dataset)
                    .setRun(run)
                    .setManager(manager)
                    .optObjective(objective.make(dataset))
                    .optTrainable(trainable)
                    .build()
                    .run();
            List<StepMetrics> steps = StepMetrics.read(run.path());
            assertThat(steps).hasSize(STEPS);
            return steps;
        }
    }

    /** Puts each example where the order of the data will find it at its step. */
    private Path writeData(TrainingConfig config) throws IOException {
        boolean pairs = config.objective().rows() == 2;
        List<JsonElement> examples = new ArrayList<>();
        for (JsonElement step : json("data.json").getAsJsonArray(pairs ? "dpo" : "sft")) {
            for (JsonElement part : step.getAsJsonArray()) {
                if (pairs) {
                    examples.add(part);
                } else {
                    part.getAsJsonArray().forEach(examples::add);
                }
            }
        }
        int count = examples.size();
        int rowsOfOne = config.objective().rows();
        long[][] rows = new long[count * rowsOfOne][];
        float[][] masks = new float[rows.length][];
        DataOrder order =
                new DataOrder(ShuffleMode.PER_CHUNK, config.seed(), List.of((long) count));
        int at = 0;
        for (int step = 0; step < STEPS; step++) {
            for (long place : order.chunk(0, count / STEPS).rows(step)) {
                JsonObject example = examples.get(at++).getAsJsonObject();
                int row = (int) place * rowsOfOne;
                if (pairs) {
                    put(example, "chosen", rows, masks, row);
                    put(example, "rejected", rows, masks, row + 1);
                } else {
                    put(example, "answer", rows, masks, row);
                }
            }
        }
        Path data = temp.resolve("data");
        Files.createDirectories(data.resolve("sources"));
        return new TokenDatasetBuilder(ROW_LENGTH, 512).source("golden", rows, masks).write(data);
    }

    private static void put(
            JsonObject example, String answer, long[][] rows, float[][] masks, int row) {
        rows[row] = new long[ROW_LENGTH];
        masks[row] = new float[ROW_LENGTH - 1];
        JsonArray prompt = example.getAsJsonArray("prompt");
        JsonArray said = example.getAsJsonArray(answer);
        for (int i = 0; i < prompt.size(); i++) {
            rows[row][i] = prompt.get(i).getAsLong();
        }
        for (int i = 0; i < said.size(); i++) {
            rows[row][prompt.size() + i] = said.get(i).getAsLong();
            masks[row][prompt.size() + i - 1] = 1;
        }
    }

    /** Returns the elements of the model that are more than 1e-5 from the golden ones. */
    public List<String> different(String prefix) throws IOException {
        return different(Trainable.of(amber, name -> true), "golden.safetensors", prefix);
    }

    /** Returns the elements of trained weights that are more than 1e-5 from those of a file. */
    public List<String> different(Trainable trained, String file, String prefix)
            throws IOException {
        List<String> found = new ArrayList<>();
        try (Checkpoint weights = Checkpoint.open(path(file))) {
            for (Map.Entry<String, NDArray> weight : trained.weights().entrySet()) {
                FloatBuffer expected =
                        weights.read(prefix + weight.getKey())
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .asFloatBuffer();
                float[] values = weight.getValue().toFloatArray();
                for (int i = 0; i < values.length; i++) {
                    double error = Math.abs((double) values[i] - expected.get(i));
                    if (error > 1e-5) {
                        found.add("%s[%d] by %.1e".formatted(weight.getKey(), i, error));
                    }
                }
            }
        }
        return found;
    }

    public Path path(String name) {
        return fixture.resolve(name);
    }

    @Override
    public void close() {
        manager.close();
    }
}
