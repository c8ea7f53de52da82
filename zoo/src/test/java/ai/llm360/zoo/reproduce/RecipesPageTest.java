package ai.llm360.zoo.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.llm360.amber.AmberConfig;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.crystalcoder.CrystalCoderConfig;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page docs/recipes.md has every key, with the default that the code has. */
class RecipesPageTest {

    private static final Path PAGE = Path.of("../docs/recipes.md");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| (.+) \\|$");

    private record Row(String value, String meaning) {}

    /** Returns the rows of the table below a heading. */
    private static Map<String, Row> table(String heading) throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf("\n## " + heading + "\n");
        assertThat(from).as(heading).isPositive();
        int to = page.indexOf("\n## ", from + 1);
        Map<String, Row> rows = new LinkedHashMap<>();
        Matcher row = ROW.matcher(page.substring(from, to < 0 ? page.length() : to));
        while (row.find()) {
            assertThat(rows.put(row.group(1), new Row(row.group(2), row.group(3)))).isNull();
        }
        return rows;
    }

    /** Collects what the page must have of a record: its keys in their order, and the defaults. */
    private static void collect(
            Class<?> type, Optional<ConfigTree> defaults, String path, Map<String, String> found) {
        for (RecordComponent part : type.getRecordComponents()) {
            String key = path + snake(part.getName());
            Class<?> record = record(part.getGenericType());
            boolean inner = record != null && record == part.getType();
            Optional<Object> value =
                    defaults.flatMap(tree -> tree.get(key.replaceAll("\\[].*", "[]")));
            if (!inner) {
                found.put(key, part.getType() == Optional.class ? "none" : yaml(value));
            }
            if (record != null) {
                boolean listed = java.util.List.class.isAssignableFrom(part.getType());
                collect(record, defaults, key + (listed ? "[]." : "."), found);
            }
        }
    }

    /** Returns the record that a component is, or holds. */
    private static Class<?> record(Type type) {
        if (type instanceof ParameterizedType generic) {
            Type[] parts = generic.getActualTypeArguments();
            return generic.getRawType() == Map.class ? null : record(parts[0]);
        }
        Class<?> plain = (Class<?>) type;
        return plain.isRecord() ? plain : null;
    }

    private static String yaml(Optional<Object> value) {
        return value.map(one -> ConfigTree.of(Map.of("v", one)).toYaml())
                .map(text -> "`" + text.strip().substring("v: ".length()) + "`")
                .orElse("required");
    }

    private static String snake(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    private static void assertComplete(
            String heading, Class<? extends Record> type, Record defaults) throws IOException {
        Map<String, String> expected = new LinkedHashMap<>();
        collect(type, Optional.of(ConfigTree.of(defaults)), "", expected);
        Map<String, String> page = new LinkedHashMap<>();
        table(heading).forEach((key, row) -> page.put(key, row.value()));
        assertThat(page).containsExactlyEntriesOf(expected);
    }

    @Test
    void every_key_of_a_training_is_there_with_its_default() throws IOException {
        assertComplete("Training", TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    @Test
    void every_key_of_a_data_recipe_is_there_with_its_default() throws IOException {
        assertComplete("Data", DataRecipe.class, DataRecipe.DEFAULTS);
    }

    @Test
    void every_key_of_conversations_is_there_with_its_default() throws IOException {
        assertComplete("Conversations", ConversationRecipe.class, ConversationRecipe.DEFAULTS);
    }

    private static void assertModel(
            String heading, String smallest, Function<String, Set<String>> keys, Parser parser)
            throws IOException {
        Map<String, Row> page = table(heading);
        ConfigTree minimal = ConfigTree.parse(smallest);
        assertThat(new TreeSet<>(page.keySet())).isEqualTo(keys.apply(minimal.toJson()));
        for (Map.Entry<String, Row> row : page.entrySet()) {
            String key = row.getKey();
            String value = row.getValue().value();
            if (value.equals("required")) {
                String without = minimal.without(key).toJson();
                assertThatIllegalArgumentException()
                        .as(key)
                        .isThrownBy(() -> parser.parse(without))
                        .withMessageContaining(key);
            } else if (value.startsWith("`")) {
                String same = minimal.with(key + "=" + value.replace("`", "")).toJson();
                assertThat(parser.parse(same)).as(key).isEqualTo(parser.parse(minimal.toJson()));
            }
        }
    }

    private interface Parser {
        Record parse(String json);
    }

    @Test
    void every_entry_of_ambers_configuration_is_there_with_its_default() throws IOException {
        assertModel(
                "Model: Amber and LLaMA",
                "{model_type: llama, vocab_size: 32, hidden_size: 8, intermediate_size: 12,"
                        + " num_hidden_layers: 1, num_attention_heads: 2}",
                AmberConfig::entries,
                AmberConfig::parse);
    }

    @Test
    void every_entry_of_crystalcoders_configuration_is_there_with_its_default() throws IOException {
        assertModel(
                "Model: CrystalCoder",
                "{model_type: crystalcoder, vocab_size: 32, n_embd: 8, n_layer: 1, n_head: 2,"
                        + " n_positions: 16, rotary_dim: 2}",
                CrystalCoderConfig::entries,
                CrystalCoderConfig::parse);
    }

    @Test
    void what_else_a_recipes_model_may_have_is_named() throws IOException {
        String page = Files.readString(PAGE);
        assertThat(RecipeModel.known(Set.of()))
                .allSatisfy(key -> assertThat(page).contains("`" + key + "`"));
    }
}
