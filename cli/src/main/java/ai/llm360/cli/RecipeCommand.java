package ai.llm360.cli;

import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Runs {@code llm360 recipe}: prints the recipes that come with the program, to read and to change.
 */
@Command(
        name = "recipe",
        description = {
            "Prints a recipe that comes with this program, or lists their names.",
            "Saved as a file and changed, it is a recipe for pretrain and data prepare;"
                    + " docs/recipes.md explains every key."
        })
final class RecipeCommand extends Verb {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "NAME",
            description = "The recipe, such as amber-nano. Without one, the names are listed.")
    private String name;

    /** Lists the recipes for {@code --json}. */
    private record Names(List<String> recipes) {}

    @Override
    public Integer call() throws IOException {
        if (name == null) {
            output.result(new Names(Recipes.names()), () -> Recipes.names().forEach(output::line));
            return 0;
        }
        String text = Recipes.text(name);
        output.result(Recipes.read(name).asMap(), () -> output.line(text.stripTrailing()));
        return 0;
    }
}
