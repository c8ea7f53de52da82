package ai.llm360.zoo.embedded;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.nn.NextTokenLoss;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Trains the model that is embedded in the zoo, from nothing, on {@link Stories}: two minutes on
 * two cores. Its argument is the directory to write, which must not exist.
 */
public final class TrainTiny {

    private static final int SEED = 360;
    private static final int STEPS = 1200;
    private static final int BATCH = 12; // B
    private static final int TOKENS = 96; // T
    private static final float PEAK = 4e-3f;

    private final Tokenizer tokenizer;
    private final Stories stories = new Stories(SEED);
    private final Deque<Long> stream = new ArrayDeque<>();

    private TrainTiny(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    public static void main(String[] args) throws Exception {
        Path target = Path.of(args[0]);
        Path work = Files.createTempDirectory("train-tiny");
        Path file =
                TinyTokenizer.llama().words(Stories.words().toArray(String[]::new)).writeJson(work);
        try (Tokenizer tokenizer = Tokenizer.open(file);
                Model model = Model.newInstance("tiny", "PyTorch")) {
            model.getNDManager().getEngine().setRandomSeed(SEED);
            Amber amber = new Amber(config(tokenizer.vocabularySize()));
            model.setBlock(amber);
            new TrainTiny(tokenizer).train(model);
            write(amber, Files.readAllBytes(file), target);
        }
    }

    private static AmberConfig config(int vocabulary) {
        return AmberConfig.builder()
                .setVocabularySize(vocabulary)
                .setHiddenSize(48)
                .setIntermediateSize(112)
                .setLayers(3)
                .setHeads(4)
                .optContextLength(256)
                .optTiedEmbeddings(true)
                .optInitializerRange(0.08)
                .optBosTokenId(1L)
                .optEosTokenIds(List.of(2L))
                .optDtype(TensorType.BF16)
                .build();
    }

    private void train(Model model) {
        DefaultTrainingConfig config =
                new DefaultTrainingConfig(new NextTokenLoss())
                        .optOptimizer(Optimizer.adam().optLearningRateTracker(schedule()).build());
        try (Trainer trainer = model.newTrainer(config)) {
            trainer.initialize(new Shape(BATCH, TOKENS));
            for (int step = 0; step < STEPS; step++) {
                float loss = step(trainer);
                if (step % 100 == 0 || step == STEPS - 1) {
                    System.out.printf("step %d, loss %.3f%n", step, loss);
                }
            }
        }
    }

    /** A linear warm-up, then half a cosine to nothing. */
    private static Tracker schedule() {
        return step ->
                PEAK
                        * Math.min(1, (step + 1) / 50f)
                        * (float)
                                (0.5
                                        + 0.5
                                                * Math.cos(
                                                        Math.PI
                                                                * Math.min(
                                                                        1.0,
                                                                        step / (double) STEPS)));
    }

    private float step(Trainer trainer) {
        try (NDManager scope = trainer.getManager().newSubManager()) {
            NDArray ids = batch(scope); // (B, T + 1)
            NDList input = new NDList(ids.get(":, :-1"));
            NDList labels = new NDList(ids.get(":, 1:"));
            float value;
            try (GradientCollector collector = trainer.newGradientCollector()) {
                NDArray loss = trainer.getLoss().evaluate(labels, trainer.forward(input));
                collector.backward(loss);
                value = loss.getFloat();
            }
            trainer.step();
            return value;
        }
    }

    private NDArray batch(NDManager manager) {
        long[] ids = new long[BATCH * (TOKENS + 1)];
        for (int i = 0; i < ids.length; i++) {
            while (stream.isEmpty()) {
                for (long id : tokenizer.encode(stories.get(), true, true)) {
                    stream.add(id);
                }
            }
            ids[i] = stream.remove();
        }
        return manager.create(ids, new Shape(BATCH, TOKENS + 1));
    }

    private static void write(Amber amber, byte[] tokenizer, Path target) throws IOException {
        List<TensorSpec> specs =
                amber.parameterShapes().entrySet().stream()
                        .map(e -> new TensorSpec(e.getKey(), TensorType.BF16, e.getValue()))
                        .toList();
        CheckpointWriter.builder()
                .setDirectory(target)
                .setTensors(specs)
                .setSource(
                        (spec, channel) ->
                                channel.write(
                                        bfloat16(
                                                amber.getParameters()
                                                        .get(spec.name())
                                                        .getArray()
                                                        .toType(DataType.FLOAT32, false)
                                                        .toFloatArray())))
                .optFile("config.json", amber.config().toJson().getBytes(StandardCharsets.UTF_8))
                .optFile("tokenizer.json", tokenizer)
                .build()
                .write();
    }

    /** Rounds to nearest, ties to even. */
    private static ByteBuffer bfloat16(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            int bits = Float.floatToRawIntBits(value);
            bytes.putShort((short) ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16));
        }
        return bytes.flip();
    }
}
