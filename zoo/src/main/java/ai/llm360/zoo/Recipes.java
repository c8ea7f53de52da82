package ai.llm360.zoo;

import ai.llm360.amber.AmberRecipes;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Training recipes by name or path. */
public final class Recipes {

    private Recipes() {}

    /**
     * Returns what recipes come with the zoo.
     *
     * @return their names
     */
    public static List<String> names() {
        return AmberRecipes.names();
    }

    /**
     * Reads a recipe.
     *
     * @param recipe one of {@link #names}, or the path of a file of YAML or JSON
     * @return its configuration, without the defaults
     * @throws ConfigException if there is no such recipe or file, or it can't be understood
     * @throws IOException if it can't be read
     */
    public static ConfigTree read(String recipe) throws IOException {
        if (names().contains(recipe)) {
            return AmberRecipes.read(recipe);
        }
        Path file = Path.of(recipe);
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    "no recipe '%s': it is no file, and the names are %s"
                            .formatted(recipe, String.join(", ", names())));
        }
        return ConfigTree.read(file);
    }
}
