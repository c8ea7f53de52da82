package ai.llm360.examples;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.nn.CausalDecoder;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Recipes;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Trains a small model of Amber's shape from nothing, or goes on where an earlier call was stopped.
 *
 * <pre>{@code
 * ./llm360 data prepare RECIPE.yaml --out my-data  # or amber-nano --download
 * mvn -q -pl examples -am -DskipTests package
 * java -cp "examples/target/classes:$(cat examples/target/class-path)" \
 *     ai.llm360.examples.PretrainAmber my-data my-run
 * }</pre>
 */
public final class PretrainAmber {

    private PretrainAmber() {}

    /**
     * Runs the example.
     *
     * @param args a prepared data set; the run's directory; then changes such as {@code steps=100}
     * @throws Exception if the data can't be read or the run can't be kept
     */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]);
        ConfigTree recipe =
                Recipes.read("amber-160m")
                        .with("data.path=" + args[0])
                        .with("data.chunks=0") // all that there are
                        .with("model.num_hidden_layers=4")
                        .with("model.hidden_size=256")
                        .with("model.intermediate_size=688")
                        .with("model.num_attention_heads=4")
                        .with("model.num_key_value_heads=4")
                        .with("batch={global: 16, micro: 4}")
                        .with("schedule={peak: 1e-3, end: 1e-4, warmup: 20}")
                        .with("precision=fp32"); // bf16 on a GPU, or a CPU that multiplies it
        for (int i = 2; i < args.length; i++) {
            recipe = recipe.with(args[i]);
        }
        TrainingConfig config = TrainingRun.config(recipe);
        CausalDecoder model = Criteria.newBlockOf(ConfigTree.of(config.model()).toJson());
        try (TokenDataset data = TokenDataset.open(Path.of(config.data().path()));
                RunDirectory run =
                        Files.exists(directory)
                                ? TrainingRun.resume(directory, config, data.manifest(), true)
                                : TrainingRun.begin(directory, config, data.manifest());
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            TrainingLoop.builder()
                    .setConfig(config)
                    .setDecoder(model)
                    .setDataset(data)
                    .setRun(run)
                    .setManager(manager)
                    .optFiles(TrainingRun.modelFiles(config))
                    .addListener(new Printer())
                    .build()
                    .run();
        }
    }

    private static final class Printer implements TrainingListener {

        @Override
        public void onStep(StepMetrics step) {
            System.out.printf(
                    "step %d: loss %.4f, %.0f tokens/s%n",
                    step.step(), step.loss(), step.tokensPerSecond());
        }

        @Override
        public void onSaved(SavedState saved) {
            System.out.println("saved " + saved.path());
        }
    }
}
