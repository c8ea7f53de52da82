package ai.llm360.zoo.reproduce;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.source.EmbeddedSeries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads how data sets are made: recipes of their own, or the part {@code prepare} of training
 * recipes.
 *
 * <p>Beside files, {@code tokenizer} may name a model that comes with the library.
 */
public final class DataRecipes {

    /** The part of a training recipe that says how its data is made. */
    public static final String PART = "prepare";

    private DataRecipes() {}

    /**
     * Reads how a data set is made.
     *
     * @param recipe a training recipe that says so, or a recipe of data alone: one of {@link
     *     Recipes#names}, or the path of a file of YAML or JSON
     * @return the data's part of it, without the defaults
     * @throws ConfigException if there is no such recipe or file, it can't be understood, says only
     *     how to train, or has phases with data of their own
     * @throws IOException if it can't be read
     */
    public static ConfigTree read(String recipe) throws IOException {
        List<TrainingPhase> phases = phases(recipe);
        if (!phases.get(0).name().isEmpty()) {
            throw new ConfigException(
                    "%s makes data for each of its phases; choose one: %s"
                            .formatted(
                                    recipe,
                                    phases.stream()
                                            .map(phase -> recipe + "/" + phase.name())
                                            .collect(Collectors.joining(", "))));
        }
        return phases.get(0).recipe();
    }

    /**
     * Reads how the data sets of a recipe's phases are made.
     *
     * @param recipe as for {@link #read}
     * @return the phases, each with the data's part of its recipe; one without a name if it has
     *     none
     * @throws ConfigException if there is no such recipe or file, it can't be understood, or says
     *     only how to train
     * @throws IOException if it can't be read
     */
    public static List<TrainingPhase> phases(String recipe) throws IOException {
        return TrainingPhase.of(Recipes.read(recipe)).stream()
                .map(phase -> new TrainingPhase(phase.name(), data(recipe, phase.recipe())))
                .toList();
    }

    private static ConfigTree data(String recipe, ConfigTree tree) {
        Optional<ConfigTree> part = tree.part(PART);
        if (part.isEmpty() && tree.get("model").isPresent()) {
            throw new ConfigException(
                    "%s says how a model is trained, but has no part '%s' that says how its data is made"
                            .formatted(recipe, PART));
        }
        return part.orElse(tree);
    }

    /**
     * Checks the part {@code prepare} of a training recipe, whose data may be there already.
     *
     * @param recipe a training recipe without phases
     * @throws ConfigException if the part has an unknown key or a wrong value
     */
    public static void check(ConfigTree recipe) {
        try {
            recipe.part(PART).ifPresent(p -> p.bind(DataRecipe.class, DataRecipe.DEFAULTS));
        } catch (ConfigException e) {
            throw new ConfigException(PART + ": " + e.getMessage(), e);
        }
    }

    /**
     * {@return the record that a recipe describes; a tokenizer that comes with the library has been
     * copied into the model home, and its path stands for its name}
     *
     * @param tree what {@link #read} gave, perhaps changed
     * @throws ConfigException if the recipe can't be used
     * @throws IOException if the tokenizer can't be copied
     */
    public static DataRecipe bind(ConfigTree tree) throws IOException {
        ConfigTree resolved = tree;
        Object name = tree.get("tokenizer").orElse("");
        for (EmbeddedSeries series : EmbeddedSeries.all()) {
            if (series.model().equals(name)) {
                Path copy = series.copyTokenizerInto(Zoo.ofEnvironment().home()).toAbsolutePath();
                resolved = tree.with("tokenizer", copy.toString());
            }
        }
        return resolved.bind(DataRecipe.class, DataRecipe.DEFAULTS);
    }

    /**
     * {@return the directory that a recipe's relative paths start from: its file's, or for a name
     * the working directory}
     *
     * @param recipe a name or a path
     */
    public static Path base(String recipe) {
        return Recipes.names().contains(recipe)
                ? Path.of("")
                : Recipes.file(recipe)
                        .map(file -> file.toAbsolutePath().getParent())
                        .orElse(Path.of(""));
    }
}
