package ai.llm360.common.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.HubConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A publisher's generation_config.json, with the meaning that transformers gives to it. */
class GenerationConfigJsonTest {

    @TempDir Path directory;

    private GenerationConfig read(String json) throws IOException {
        Files.writeString(directory.resolve("generation_config.json"), json);
        return GenerationConfig.read(directory);
    }

    @Test
    void without_a_file_the_defaults_count() throws IOException {
        assertThat(GenerationConfig.read(directory)).isEqualTo(GenerationConfig.builder().build());
    }

    @Test
    void a_chat_model_draws_as_its_publisher_says() throws IOException {
        GenerationConfig config =
                read(
                        "{\"do_sample\": true, \"temperature\": 0.6, \"top_p\": 0.9,"
                                + " \"max_length\": 4096, \"repetition_penalty\": 1.1,"
                                + " \"eos_token_id\": [2, 5], \"pad_token_id\": 0,"
                                + " \"transformers_version\": \"4.31\"}");
        assertThat(config.temperature()).isEqualTo(0.6);
        assertThat(config.topP()).isEqualTo(0.9);
        assertThat(config.topK()).isEqualTo(50); // transformers' own default
        assertThat(config.maxLength()).isEqualTo(4096);
        assertThat(config.maxNewTokens()).isEqualTo(Integer.MAX_VALUE);
        assertThat(config.repetitionPenalty()).isEqualTo(1.1);
        assertThat(config.eosIds()).containsExactlyInAnyOrder(2L, 5L);
    }

    @Test
    void without_do_sample_it_is_greedy_whatever_the_temperature() throws IOException {
        GenerationConfig config = read("{\"temperature\": 0.6, \"top_k\": 5, \"do_sample\": null}");
        assertThat(config.temperature()).isZero();
        assertThat(config.topK()).isEqualTo(5);
        assertThat(config.maxNewTokens()).isEqualTo(128);
        assertThat(read("{\"do_sample\": true}").temperature()).isEqualTo(1);
    }

    @Test
    void new_tokens_count_before_the_whole_length() throws IOException {
        GenerationConfig config = read("{\"max_new_tokens\": 9, \"max_length\": 20}");
        assertThat(config.maxNewTokens()).isEqualTo(9);
        assertThat(config.maxLength()).isZero();
    }

    @Test
    void stop_strings_are_a_text_or_a_list() throws IOException {
        assertThat(read("{\"stop_strings\": \"\\n\"}").stop()).containsExactly("\n");
        assertThat(read("{\"stop_strings\": [\"a\", \"b\"]}").stop()).containsExactly("a", "b");
    }

    @Test
    void what_there_is_nothing_for_is_named_unless_it_is_off() {
        String json =
                "{\"num_beams\": 4, \"min_p\": 0, \"typical_p\": 1.0, \"bad_words_ids\": [[3]],"
                        + " \"guidance_scale\": null, \"length_penalty\": 2}";
        assertThat(HubConfig.<Iterable<String>>parse(json, GenerationConfigJson::lacking))
                .containsExactly("bad_words_ids", "num_beams");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | JSON object",
                "{\"top_k\" | generation_config.json",
                "{\"do_sample\": 1} | do_sample is 1; expected true or false",
                "{\"do_sample\": \"true\"} | do_sample is \"true\"; expected true or false",
                "{\"do_sample\": true, \"temperature\": -1} | temperature must be 0 (greedy) or"
                        + " from",
                "{\"do_sample\": true, \"temperature\": 1e400} | temperature must be 0 (greedy) or"
                        + " from",
                "{\"temperature\": \"hot\"} | temperature is \"hot\"; expected a number",
                "{\"temperature\": NaN} | not JSON",
                "{\"top_k\": 1.5} | top_k is 1.5; expected a whole number",
                "{\"top_k\": 5000000000} | top_k is 5000000000; expected a whole number within 32"
                        + " bits",
                "{\"top_k\": -3} | top-k must be 0",
                "{\"top_p\": 0} | top-p must be above 0",
                "{\"top_p\": [0.5]} | top_p is a list; expected a number",
                "{\"repetition_penalty\": 0} | repetition penalty must be from 1e-4 to 1e4",
                "{\"max_new_tokens\": 0} | max new tokens must be positive",
                "{\"max_new_tokens\": -5} | max new tokens must be positive",
                "{\"max_length\": 0} | max_length must be positive, not 0",
                "{\"eos_token_id\": -7} | eos_token_id must be token ids",
                "{\"eos_token_id\": {}} | generation_config.json",
                "{\"stop_strings\": [1]} | stop_strings must be a text or a list of texts",
                "{\"stop_strings\": \"\"} | can't be empty",
            })
    void a_wrong_value_is_named_with_its_file(String json, String problem) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("generation_config.json: ")
                .hasMessageContaining(problem);
    }

    @Test
    void a_file_that_is_none_is_not_read() {
        assertThatThrownBy(() -> read(" ".repeat((1 << 20) + 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has 1,048,577 bytes");
    }

    @Test
    void a_builder_begins_where_a_configuration_ends() throws IOException {
        GenerationConfig config =
                GenerationConfig.builder()
                        .optMaxLength(7)
                        .optTemperature(0.5)
                        .optTopK(3)
                        .optTopP(0.25)
                        .optRepetitionPenalty(1.5)
                        .optSeed(9)
                        .optStop("x")
                        .optEosIds(Set.of(4L))
                        .optIgnoreEos(true)
                        .build();
        assertThat(config.toBuilder().build()).isEqualTo(config);
    }
}
