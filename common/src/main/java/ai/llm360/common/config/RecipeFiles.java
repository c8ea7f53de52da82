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

    public RecipeFiles {
        names = List.copyOf(names);
    }

    /** Opens the YAML of one of {@link #names}; any other is a {@link ConfigException}. */
    public InputStream open(String name) {
        if (!names.contains(name)) {
            throw new ConfigException(
                    "no recipe '%s'; there are %s".formatted(name, String.join(", ", names)));
        }
        return owner.getResourceAsStream("recipes/" + name + ".yaml");
    }

    /** {@return the configuration of one of {@link #names}, without the defaults} */
    public ConfigTree read(String name) throws IOException {
        try (InputStream recipe = open(name)) {
            return ConfigTree.parse(new String(recipe.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
