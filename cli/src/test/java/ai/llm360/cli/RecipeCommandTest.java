package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeCommandTest {

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();

    @Test
    void the_names_are_listed() {
        assertThat(command.run("recipe")).isZero();
        assertThat(command.out().lines()).isEqualTo(Recipes.names());
        assertThat(command.json("recipe", "--json").getAsJsonArray("recipes")).isNotEmpty();
    }

    @Test
    void what_is_printed_is_a_recipe_again() throws IOException {
        for (String name : Recipes.names()) {
            assertThat(command.run("recipe", name)).as(command.err()).isZero();
            Path saved = Files.writeString(temp.resolve(name + ".yaml"), command.out());
            assertThat(ConfigTree.read(saved)).isEqualTo(Recipes.read(name));
        }
        assertThat(command.json("recipe", "amber-nano", "--json").get("seed").getAsInt())
                .isEqualTo(360);
    }

    @Test
    void a_saved_one_is_trained_by() throws IOException {
        assertThat(command.run("recipe", "amber-160m")).isZero();
        assertThat(command.out()).startsWith("# A model of Amber's shape");
        String saved = Files.writeString(temp.resolve("mine.yaml"), command.out()).toString();
        assertThat(command.run("pretrain", saved, "--plan", "--set=batch.micro=1")).isZero();
        assertThat(command.out()).contains("parameters     162,423,552");
    }

    @Test
    void an_unknown_name_is_answered_with_the_nearest() {
        command.assertFails(
                1,
                new String[] {"recipe", "amber-nanno"},
                "no recipe 'amber-nanno' comes with this program; did you mean amber-nano,");
    }
}
