package ai.llm360.zoo.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A recipe's model is made of entries that somebody reads. */
class RecipeModelTest {

    private static Map<String, Object> model(String recipe) throws IOException {
        ConfigTree first = TrainingPhase.of(Recipes.read(recipe)).get(0).recipe();
        return first.part("model").orElseThrow().asMap();
    }

    @Test
    void every_recipe_of_the_zoo_describes_a_model() throws IOException {
        for (String name : Recipes.names()) {
            assertThat(RecipeModel.newDecoder(model(name)).vocabularySize()).as(name).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "amber-nano | num_layers=2 | unknown key 'model.num_layers'; did you mean"
                        + " model.num_hidden_layers",
                "amber-nano | Hidden_size=2 | unknown key 'model.Hidden_size'; did you mean"
                        + " model.hidden_size",
                "amber-nano | rope_thetta=1e6 | did you mean model.rope_theta",
                "amber-nano | n_layer=2 | unknown key 'model.n_layer'",
                "crystalcoder-nano | n_layers=2 | did you mean model.n_layer,",
                "crystalcoder-nano | mup_scale=2 | unknown key 'model.mup_scale'",
                "crystalcoder-nano | attn_pdrop=0.1 | model.attn_pdrop is 0.1; expected 0",
                "crystalcoder-nano | resid_pdrop=none | model.resid_pdrop is none; expected 0",
                "amber-nano | model_type=gpt2 | model: model_type is 'gpt2'",
            })
    void a_wrong_entry_is_named_with_what_was_expected(String recipe, String change, String problem)
            throws IOException {
        Map<String, Object> changed = ConfigTree.of(model(recipe)).with(change).asMap();
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> RecipeModel.newDecoder(changed))
                .withMessageContaining(problem);
    }

    @Test
    void a_published_file_may_say_more_than_a_recipe() throws IOException {
        ConfigTree more = ConfigTree.of(model("amber-nano")).with("lora_rank", 4);
        assertThat(Criteria.newBlockOf(more.toJson()).vocabularySize()).isEqualTo(2048);
    }
}
