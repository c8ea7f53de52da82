package ai.llm360.examples;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataException;
import ai.llm360.common.generate.Chat;
import ai.llm360.common.generate.ChatAnswer;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.reproduce.DataRecipes;
import ai.llm360.zoo.reproduce.Pretraining;
import ai.llm360.zoo.reproduce.Recipes;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes a chat model of a pretrained one, and asks it something: of {@code amber-nano} within
 * minutes on a CPU, and, by another recipe and the same code, AmberChat of Amber on a large GPU.
 *
 * <pre>{@code
 * mvn -q -pl examples -am -DskipTests package
 * run="java -cp examples/target/classes:$(cat examples/target/class-path)"
 * $run ai.llm360.examples.FineTuneAmberChat my-chat
 * $run ai.llm360.examples.FineTuneAmberChat my-amberchat amber-chat
 * }</pre>
 */
public final class FineTuneAmberChat {

    private static final String USAGE =
            """
            usage: FineTuneAmberChat RUN [RECIPE [KEY=VALUE]...]
              RUN        the run's directory, which is made; one that is there is gone on with
              RECIPE     amber-nano-chat (the default), amber-chat, or a file of your own
              KEY=VALUE  changes of the recipe, such as prepare.files=[talks.json] (docs/recipes.md)\
            """;

    private FineTuneAmberChat() {}

    /**
     * Runs the example.
     *
     * @param args the run's directory; perhaps a recipe, and changes of it. The process ends with
     *     status 2 if they can't be used
     */
    public static void main(String[] args) throws Exception {
        int status = run(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(String... args) throws Exception {
        if (args.length == 0) {
            System.err.println(USAGE);
            return 2;
        }
        try {
            ConfigTree recipe = Recipes.read(args.length > 1 ? args[1] : "amber-nano-chat");
            for (int i = 2; i < args.length; i++) {
                recipe = recipe.with(args[i]);
            }
            Path run = Path.of(args[0]);
            prepare(recipe);
            train(recipe, run);
            ask(recipe, run, "What is an oak?");
            return 0;
        } catch (ConfigException | DataException e) {
            System.err.println(e.getMessage());
            System.err.println(USAGE);
            return 2;
        }
    }

    /** Makes rows of conversations, each token of an answer marked as one to learn. */
    private static void prepare(ConfigTree recipe) throws Exception {
        Path data = Path.of(recipe.get("data.path").orElseThrow().toString());
        if (!Files.exists(data)) {
            DataRecipes.prepareConversations(
                    recipe.part(DataRecipes.PART).orElseThrow(),
                    Path.of(""),
                    data,
                    url -> System.out.println("downloading " + url),
                    null);
        }
    }

    /** Trains on them, from the checkpoint that the recipe names. */
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

    /** Asks with the template that the model was trained on. */
    private static void ask(ConfigTree recipe, Path run, String question) throws Exception {
        String template = recipe.get("prepare.template").map(Object::toString).orElse("vicuna");
        GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(40).build();
        try (ZooModel<String, String> model = Criteria.loadModel(run.toString());
                Chat chat =
                        new Chat(Criteria.generator(model), ChatTemplate.named(template), config)) {
            System.out.println(question);
            ChatAnswer answer = chat.ask(question);
            while (answer.hasNext()) {
                System.out.print(answer.next().text());
            }
            System.out.println();
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
        public void onWarning(String warning) {
            System.err.println("warning: " + warning);
        }
    }
}
