package ai.llm360.zoo.reproduce;

import ai.llm360.amber.AmberRecipes;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.RecipeFiles;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.crystalcoder.CrystalCoderRecipes;
import ai.llm360.io.internal.NearNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Training recipes by name or path. A phase of a recipe is one by itself: {@code
 * crystalcoder-nano/phase2}, or {@code my-recipe.yaml/phase2}.
 */
public final class Recipes {

    private static final List<RecipeFiles> ALL =
            List.of(AmberRecipes.FILES, CrystalCoderRecipes.FILES);

    private Recipes() {}

    /** {@return the names of the recipes that come with the zoo} */
    public static List<String> names() {
        return ALL.stream().flatMap(files -> files.names().stream()).toList();
    }

    /**
     * Reads a recipe.
     *
     * @param recipe one of {@link #names}, or the path of a file of YAML or JSON; behind a slash
     *     perhaps the name of one of its phases
     * @return its configuration, without the defaults
     * @throws ConfigException if there is no such recipe, file or phase, or it can't be understood
     * @throws IOException if it can't be read
     */
    public static ConfigTree read(String recipe) throws IOException {
        Optional<ConfigTree> whole = find(recipe);
        int slash = recipe.lastIndexOf('/');
        if (whole.isEmpty() && slash > 0) {
            Optional<ConfigTree> phased = find(recipe.substring(0, slash));
            if (phased.isPresent()) {
                List<TrainingPhase> phases = TrainingPhase.of(phased.get());
                return TrainingPhase.find(phases, recipe.substring(slash + 1)).recipe();
            }
        }
        return whole.orElseThrow(
                () ->
                        new ConfigException(
                                "no recipe '%s': it is no file, and the names are %s"
                                        .formatted(recipe, String.join(", ", names()))));
    }

    /**
     * Returns the text of a recipe that comes with the zoo, with its comments. Saved as a file, it
     * is a recipe as good.
     *
     * @param name one of {@link #names}
     * @throws ConfigException if there is no such recipe
     * @throws IOException if it can't be read
     */
    public static String text(String name) throws IOException {
        for (RecipeFiles files : ALL) {
            if (files.names().contains(name)) {
                try (InputStream recipe = files.open(name)) {
                    return new String(recipe.readAllBytes(), StandardCharsets.UTF_8);
                }
            }
        }
        throw new ConfigException(
                "no recipe '%s' comes with this program; did you mean %s?"
                        .formatted(name, String.join(", ", NearNames.of(name, names()))));
    }

    /**
     * Makes the model that a recipe describes, without weights.
     *
     * @param config the recipe's configuration
     * @throws ConfigException if an entry of its part {@code model} is unknown, missing or wrong
     */
    public static CausalDecoder newDecoder(TrainingConfig config) {
        return RecipeModel.newDecoder(config.model());
    }

    private static Optional<ConfigTree> find(String recipe) throws IOException {
        for (RecipeFiles files : ALL) {
            if (files.names().contains(recipe)) {
                return Optional.of(files.read(recipe));
            }
        }
        Path file = Path.of(recipe);
        return Files.isRegularFile(file) ? Optional.of(ConfigTree.read(file)) : Optional.empty();
    }

    /** Returns the file that a recipe, or the one that it is a phase of, lies in. */
    static Optional<Path> file(String recipe) {
        for (Path path = Path.of(recipe); path != null; path = path.getParent()) {
            if (Files.isRegularFile(path)) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }
}
