package ai.llm360.common.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Recipes that a jar holds: files {@code recipes/<name>.yaml} beside a class.
 *
 * @param owner the class
 * @param names the recipes' names
 */
public record RecipeFiles(Class<?> owner, List<String> names) {

    /** Copies the names. */
    public RecipeFiles {
        names = List.copyOf(names);
    }

    /**
     * Opens a recipe's file.
     *
     * @param name one of {@link #names}
     * @return its YAML, to be closed
     * @throws ConfigException if there is no such recipe
     */
    public InputStream open(String name) {
        if (!names.contains(name)) {
            throw new ConfigException(
                    "no recipe '%s'; there are %s".formatted(name, String.join(", ", names)));
        }
        return owner.getResourceAsStream("recipes/" + name + ".yaml");
    }

    /**
     * Reads a recipe.
     *
     * @param name one of {@link #names}
     * @return its configuration, without the defaults
     * @throws ConfigException if there is no such recipe
     */
    public ConfigTree read(String name) throws IOException {
        try (InputStream recipe = open(name)) {
            return ConfigTree.parse(new String(recipe.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
