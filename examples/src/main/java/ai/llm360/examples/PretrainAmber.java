package ai.llm360.examples;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataException;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.zoo.reproduce.Pretraining;
import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Trains a small model of Amber's shape from nothing, or goes on where an earlier call was stopped.
 *
 * <pre>{@code
 * ./llm360 data prepare amber-nano --out my-data --download  # or a recipe of your own
 * mvn -q -pl examples -am -DskipTests package
 * java -cp "examples/target/classes:$(cat examples/target/class-path)" \
 *     ai.llm360.examples.PretrainAmber my-data my-run
 * }</pre>
 */
public final class PretrainAmber {

    private static final String USAGE =
            """
            usage: PretrainAmber DATA RUN [KEY=VALUE]...
              DATA       a prepared data set: llm360 data prepare amber-nano --out DATA --download
              RUN        the run's directory, which is made; one that is there is gone on with
              KEY=VALUE  changes of the recipe, such as steps=100 (docs/recipes.md)\
            """;

    private PretrainAmber() {}

    /**
     * Runs the example.
     *
     * @param args a prepared data set; the run's directory; then changes such as {@code steps=100}.
     *     The process ends with status 2 if they can't be used
     */
    public static void main(String[] args) throws Exception {
        int status = run(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(String... args) throws Exception {
        if (args.length < 2) {
            System.err.println(USAGE);
            return 2;
        }
        try {
            ConfigTree recipe = recipe(args[0]);
            for (int i = 2; i < args.length; i++) {
                recipe = recipe.with(args[i]);
            }
            train(recipe, Path.of(args[1]));
            return 0;
        } catch (ConfigException | DataException e) {
            System.err.println(e.getMessage());
            System.err.println(USAGE);
            return 2;
        }
    }

    /** Four layers, with the vocabulary, the row length and the end token of the data. */
    private static ConfigTree recipe(String path) throws IOException {
        DataManifest data;
        try (TokenDataset dataset = TokenDataset.open(Path.of(path))) {
            data = dataset.manifest();
        }
        ConfigTree recipe =
                Recipes.read("amber-160m")
                        .with("data.path", path)
                        .with("data.chunks", 0) // all that there are
                        .with("model.vocab_size", data.vocabularySize())
                        .with("model.max_position_embeddings", data.rowLength() - 1)
                        .with("model.num_hidden_layers", 4)
                        .with("model.hidden_size", 256)
                        .with("model.intermediate_size", 688)
                        .with("model.num_attention_heads", 4)
                        .with("model.num_key_value_heads", 4)
                        .with("batch={global: 16, micro: 4}")
                        .with("schedule={peak: 1e-3, end: 1e-4, warmup: 20}")
                        .with("precision", "fp32"); // bf16 on a GPU, or a CPU that multiplies it
        return data.eosId() < 0 ? recipe : recipe.with("model.eos_token_id", data.eosId());
    }

    private static void train(ConfigTree recipe, Path directory) throws Exception {
        Pretraining.builder()
                .setRecipe(recipe)
                .setOut(directory)
                .optResuming(
                        Files.exists(directory)
                                ? Pretraining.Resuming.CHANGED
                                : Pretraining.Resuming.REFUSED)
                .addListener(new Printer())
                .build()
                .run();
    }

    private static final class Printer implements TrainingListener {

        @Override
        public void onStep(StepMetrics step) {
            System.out.printf(
                    "step %d: loss %.4f, %.0f tokens/s%n",
                    step.step(), step.loss(), step.tokensPerSecond());
        }

        @Override
        public void onWarning(String warning) {
            System.err.println("warning: " + warning);
        }

        @Override
        public void onSaved(SavedState saved) {
            System.out.println("saved " + saved.path());
        }
    }
}
