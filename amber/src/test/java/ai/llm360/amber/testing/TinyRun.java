package ai.llm360.amber.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.Amber;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.train.Collective;
import ai.llm360.common.train.Objective;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Anomaly;
import ai.llm360.common.train.TrainingConfig.Schedule;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A run that takes seconds: a tiny model on random rows, three chunks of eight steps. As a program
 * it runs, or resumes, in the directory named by its argument.
 */
public final class TinyRun {

    public static final int STEPS_PER_CHUNK = 8;
    public static final int CHUNKS = 3;
    public static final int STEPS = CHUNKS * STEPS_PER_CHUNK;

    private static final int GLOBAL_BATCH = 4;
    private static final int ROW_LENGTH = 17;
    private static final int VOCABULARY = 96;

    private TrainingConfig.Anomaly anomaly = new Anomaly(Anomaly.Policy.FAIL, 10);
    private TrainingConfig.Checkpoints checkpoints = new TrainingConfig.Checkpoints(3, 2, true);
    private TrainingConfig.Precision precision = TrainingConfig.Precision.FP32;
    private int recomputeLayers;
    private boolean tied;
    private boolean portable;
    private int epochs = 1;
    private TrainingConfig.Lora lora = TrainingConfig.DEFAULTS.lora();
    private TrainingConfig.Goal goal = TrainingConfig.DEFAULTS.objective();
    private long steps;
    private int stepsPerChunk = STEPS_PER_CHUNK;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private final List<StepMetrics> metrics = new ArrayList<>();
    private final List<RunEvent> events = new ArrayList<>();
    private Consumer<Amber> weights = amber -> {};
    private BiConsumer<Amber, NDManager> before = (amber, manager) -> {};
    private Optional<TrainingConfig.Start> start = Optional.empty();
    private Collective collective = Collective.local();
    private Function<Amber, Trainable> trainable = Trainable::of;
    private ObjectiveMaker objective = (config, data, amber, owner) -> Objective.pretraining();
    private Supplier<Map<String, byte[]>> files = Map::of;
    private TrainingLoop loop;

    /** Makes a loss. */
    public interface ObjectiveMaker {

        /** Makes that of a run on its data. */
        Objective make(TrainingConfig config, TokenDataset data, Amber amber, NDManager manager)
                throws IOException;
    }

    /** Tells on standard output what is done: {@code step N} and {@code saved N}. */
    public static void main(String[] arguments) throws IOException {
        TinyRun run = new TinyRun();
        run.listener(
                new TrainingListener() {
                    @Override
                    public void onStep(StepMetrics metrics) {
                        System.out.println("step " + metrics.step());
                    }

                    @Override
                    public void onSaved(SavedState saved) {
                        System.out.println("saved " + saved.state().step());
                    }
                });
        run.run(Path.of(arguments[0]));
        System.out.println("finished");
    }

    public TinyRun anomaly(Anomaly.Policy policy) {
        anomaly = new Anomaly(policy, 3);
        return this;
    }

    public TinyRun checkpoints(TrainingConfig.Checkpoints kept) {
        checkpoints = kept;
        return this;
    }

    public TinyRun precision(TrainingConfig.Precision computed) {
        precision = computed;
        return this;
    }

    public TinyRun recompute(int layers) {
        recomputeLayers = layers;
        return this;
    }

    public TinyRun portable() {
        portable = true;
        return this;
    }

    public TinyRun tied() {
        tied = true;
        return this;
    }

    /** Begins with a checkpoint's weights. */
    public TinyRun start(Path checkpoint) {
        return start(new TrainingConfig.Start(checkpoint.toString(), Optional.empty()));
    }

    public TinyRun start(TrainingConfig.Start weights) {
        start = Optional.of(weights);
        return this;
    }

    /** Ends after so many steps. */
    public TinyRun steps(long last) {
        steps = last;
        return this;
    }

    /** Gives the data that the run finds, or makes, chunks of so many steps. */
    public TinyRun stepsPerChunk(int count) {
        stepsPerChunk = count;
        return this;
    }

    /** Stops after a step, as Ctrl-C does. */
    public TinyRun stopAfter(long step) {
        return listener(
                new TrainingListener() {
                    @Override
                    public void onStep(StepMetrics done) {
                        if (done.step() == step) {
                            loop.stop();
                        }
                    }
                });
    }

    public TinyRun listener(TrainingListener listener) {
        listeners.add(listener);
        return this;
    }

    /** Is handed the model after each step, to look at it or to damage it. */
    public TinyRun afterEachStep(Consumer<Amber> action) {
        weights = action;
        return this;
    }

    /** Is handed the model before the loop, to give it weights. */
    public TinyRun before(BiConsumer<Amber, NDManager> action) {
        before = action;
        return this;
    }

    /** Trains some weights. */
    public TinyRun trainable(Function<Amber, Trainable> chosen) {
        trainable = chosen;
        return this;
    }

    /** Learns something else, of data with masks. */
    public TinyRun objective(TrainingConfig.Goal what, ObjectiveMaker maker) {
        goal = what;
        objective = maker;
        return this;
    }

    /** Goes through the data so many times. */
    public TinyRun epochs(int count) {
        epochs = count;
        return this;
    }

    /** Puts other files than config.json beside the weights. */
    public TinyRun files(Supplier<Map<String, byte[]>> others) {
        files = others;
        return this;
    }

    /** Shares each step with others. */
    public TinyRun collective(Collective others) {
        collective = others;
        return this;
    }

    /** What the steps of this object's runs reported. */
    public List<StepMetrics> metrics() {
        return metrics;
    }

    public List<RunEvent> events() {
        return events;
    }

    public TrainingLoop loop() {
        return loop;
    }

    public TrainingConfig config() {
        return new TrainingConfig(
                "tiny-run",
                Map.of("model_type", "llama"),
                7,
                new TrainingConfig.Data("data", ShuffleMode.PER_CHUNK, 0, 0, epochs),
                new TrainingConfig.Batch(GLOBAL_BATCH, 2),
                TrainingConfig.DEFAULTS.optimizer(),
                new Schedule(Schedule.Kind.COSINE, 3e-3, 3e-4, 4, 0, 0),
                1.0,
                steps,
                precision,
                recomputeLayers,
                new TrainingConfig.Validation(6, 1),
                checkpoints,
                anomaly,
                start,
                portable,
                goal,
                lora);
    }

    /** Where the data of a run are. */
    public static Path data(Path directory) {
        return directory.resolveSibling(directory.getFileName() + "-data");
    }

    /** Runs, or resumes, in a directory: the data go into one beside it. */
    public TrainingResult run(Path directory) throws IOException {
        Path data = data(directory);
        if (!Files.exists(data) && collective.rank() == 0) {
            writeData(data);
        }
        collective.broadcast(List.of()); // the data are there
        TinyAmber.Sizes sizes = TinyAmber.sizes().optTiedEmbeddings(tied);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                TokenDataset dataset = TokenDataset.open(data);
                RunDirectory run =
                        collective.rank() == 0
                                ? open(directory, dataset.manifest().toJson())
                                : null) {
            Amber amber = new Amber(sizes.build());
            before.accept(amber, manager);
            TrainingLoop.Builder builder =
                    TrainingLoop.builder()
                            .setConfig(config())
                            .setDecoder(amber)
                            .setDataset(dataset)
                            .setRun(run)
                            .setManager(manager)
                            .optCollective(collective)
                            .optTrainable(trainable.apply(amber))
                            .optObjective(objective.make(config(), dataset, amber, manager))
                            .optFiles(
                                    files.get().isEmpty()
                                            ? Map.of(
                                                    "config.json",
                                                    sizes.toJson().getBytes(StandardCharsets.UTF_8))
                                            : files.get())
                            .addListener(
                                    new TrainingListener() {
                                        @Override
                                        public void onStep(StepMetrics step) {
                                            metrics.add(step);
                                            weights.accept(amber);
                                        }

                                        @Override
                                        public void onEvent(RunEvent event) {
                                            events.add(event);
                                        }
                                    });
            listeners.forEach(builder::addListener);
            loop = builder.build();
            return loop.run();
        }
    }

    private static RunDirectory open(Path directory, String data) throws IOException {
        return Files.exists(directory)
                ? RunDirectory.open(directory)
                : RunDirectory.create(directory, "name: tiny-run\n", data);
    }

    /** Asserts that two runs ended with the same bits, and that their metrics tell the same. */
    public static void assertSame(Path left, Path right) throws IOException {
        assertThat(figures(left)).isEqualTo(figures(right));
        assertThat(ValidationLoss.read(left)).isEqualTo(ValidationLoss.read(right));
        for (int i = 0; i < CHUNKS; i++) {
            String name = "ckpt-00" + i;
            SavedState a = SavedState.open(left.resolve(name));
            SavedState b = SavedState.open(right.resolve(name));
            a.verify();
            assertThat(a.state()).isEqualTo(b.state());
            assertThat(a.tensorHashes()).isEqualTo(b.tensorHashes());
        }
    }

    /** All but speed and memory. */
    private static List<List<Number>> figures(Path run) throws IOException {
        return StepMetrics.read(run).stream()
                .map(
                        m ->
                                List.<Number>of(
                                        m.step(),
                                        m.loss(),
                                        m.gradientNorm(),
                                        m.learningRate(),
                                        m.tokens()))
                .toList();
    }

    private void writeData(Path directory) throws IOException {
        Random random = new Random(3);
        int rows = CHUNKS * stepsPerChunk * GLOBAL_BATCH * goal.rows();
        int held = 2 * goal.rows();
        boolean masked = goal.kind() != TrainingConfig.Goal.Kind.PRETRAINING;
        Files.createDirectories(directory.resolve("sources"));
        new TokenDatasetBuilder(ROW_LENGTH, VOCABULARY)
                .source("random", rows(random, rows), masks(masked ? rows : 0))
                .validation("random", rows(random, held), masks(masked ? held : 0))
                .chunks(CHUNKS)
                .write(directory);
    }

    /** A prompt of four tokens, an answer of three to nine, and padding. */
    private static float[][] masks(int count) {
        float[][] masks = new float[count][ROW_LENGTH - 1];
        for (int row = 0; row < count; row++) {
            Arrays.fill(masks[row], 3, 3 + 3 + row % 7, 1);
        }
        return masks;
    }

    /**
     * Each row counts in steps of its own, which a model learns soon. Of a pair the second begins
     * as the first, and goes on with one token.
     */
    private long[][] rows(Random random, int count) {
        long[][] rows = new long[count][ROW_LENGTH];
        if (goal.rows() == 2) {
            for (int row = 0; row < count; row += 2) {
                int first = random.nextInt(VOCABULARY);
                Arrays.setAll(rows[row], i -> (first + i) % VOCABULARY);
                Arrays.setAll(rows[row + 1], i -> i < 4 ? (first + i) % VOCABULARY : 7);
            }
            return rows;
        }
        for (long[] row : rows) {
            int first = random.nextInt(VOCABULARY);
            int stride = 1 + random.nextInt(2);
            Arrays.setAll(row, i -> (first + stride * i) % VOCABULARY);
        }
        return rows;
    }
}
