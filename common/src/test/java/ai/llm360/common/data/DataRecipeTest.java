package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DataRecipeTest {

    private static DataRecipe parse(String yaml) {
        return ConfigTree.parse(yaml).bind(DataRecipe.class, DataRecipe.DEFAULTS);
    }

    @Test
    void the_example_of_the_documentation_can_be_read() throws IOException {
        String page = Files.readString(Path.of("../docs/formats/data.md"));
        int start = page.indexOf("```yaml\n") + "```yaml\n".length();
        String example = page.substring(start, page.indexOf("```", start));
        // Its weights name two of the four sources; the others get no rows.
        DataRecipe recipe = parse(example);
        assertThat(recipe.chunks()).isEqualTo(8);
        assertThat(recipe.sources())
                .extracting(DataRecipe.Source::kind)
                .containsExactly(
                        DataRecipe.Format.TEXT,
                        DataRecipe.Format.JSONL,
                        DataRecipe.Format.ARCHIVE,
                        DataRecipe.Format.TEXT);
    }

    @Test
    void a_wrong_value_is_named_by_its_path() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse("{tokenizer: t, sources: [{name: a, maven: 'x:y:1'}]}"))
                .withMessageContaining("sources.0.sha256 is needed with maven");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse("{sources: [{name: a, path: x}]}"))
                .withMessageContaining("tokenizer is needed for text");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse("{tokenizer: t}"))
                .withMessageContaining("missing sources");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(
                        () ->
                                parse(
                                        "{tokenizer: t, sources: [{name: a, path: x, pattern:"
                                                + " '('}]}"))
                .withMessageContaining("sources.0.pattern is a regular expression, not (");
    }
}
