package ai.llm360.amber;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The training recipes that this jar holds: Amber's own, and smaller models of its shape. */
public final class AmberRecipes {

    private static final List<String> NAMES = List.of("amber-7b", "amber-160m", "amber-nano");

    private AmberRecipes() {}

    /**
     * Returns what recipes there are.
     *
     * @return their names
     */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * Opens a recipe's file.
     *
     * @param name one of {@link #names}
     * @return its YAML, to be closed
     * @throws ConfigException if there is no such recipe
     */
    public static InputStream open(String name) {
        if (!NAMES.contains(name)) {
            throw new ConfigException(
                    "no recipe '%s'; there are %s".formatted(name, String.join(", ", NAMES)));
        }
        return AmberRecipes.class.getResourceAsStream("recipes/" + name + ".yaml");
    }

    /**
     * Reads a recipe.
     *
     * @param name one of {@link #names}
     * @return its configuration, without the defaults
     * @throws ConfigException if there is no such recipe
     * @throws IOException if the jar can't be read
     */
    public static ConfigTree read(String name) throws IOException {
        try (InputStream recipe = open(name)) {
            return ConfigTree.parse(new String(recipe.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
