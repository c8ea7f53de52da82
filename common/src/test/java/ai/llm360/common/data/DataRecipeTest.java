package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    @Test
    void a_subset_is_of_ascending_ranges_and_of_ready_rows() {
        String rows = "{vocabulary_size: 9, sources: [{name: a, path: x, format: amber_jsonl";
        assertThat(parse(rows + ", subset: '0.1-0.3, 0.7-1'}]}").sources()).hasSize(1);
        for (String wrong : List.of("0.3-0.1", "0-1.1", "0.1-0.3,0.2-0.4", "0.5", "a-b", "0-0")) {
            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> parse(rows + ", subset: '" + wrong + "'}]}"))
                    .withMessageContaining("subset is of ascending ranges within 0 and 1")
                    .withMessageEndingWith("not " + wrong);
        }
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(
                        () -> parse("{tokenizer: t, sources: [{name: a, path: x, subset: 0-0.5}]}"))
                .withMessageContaining("subset is for sources of ready rows");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse(rows + ", subset: 0-0.5}], chunks: 0}"))
                .withMessageContaining("without weights, fim, subset");
    }

    @Test
    void a_subset_takes_whole_rows_and_complements_take_each_once() {
        RowSubset first = RowSubset.parse("0-0.3,0.55-0.6");
        RowSubset rest = RowSubset.parse("0.3-0.55,0.6-1");
        for (long rows = 1; rows < 60; rows++) {
            for (long row = 0; row < rows; row++) {
                assertThat(first.takes(row, rows)).isNotEqualTo(rest.takes(row, rows));
                assertThat(first.takesAny(row, row + 1, rows)).isEqualTo(first.takes(row, rows));
            }
        }
        assertThat(first.takesAny(0, 3, 3)).isFalse(); // of 0 up to 0.9 and 1.65 up to 1.8
    }
}
