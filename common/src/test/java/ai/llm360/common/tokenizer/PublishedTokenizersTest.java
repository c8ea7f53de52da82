package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real tokenizers, against what their original implementations gave. */
class PublishedTokenizersTest {

    private static final String LLAMA = "fixtures/tokenizers/";
    private static final String CRYSTAL = "fixtures/llm360/crystal/tokenizer.json";
    private static final String DAMAGED = "fixtures/llm360/crystal-data-prep/tokenizer.json";

    @ParameterizedTest
    @ValueSource(strings = {"llama1-tokenizer.json", "llama-tokenizer.model"})
    void gives_the_ids_of_sentencepiece_for_all_vectors(String file) throws IOException {
        Path vectors = Fixtures.shared("fixtures/oracles/llama-sentencepiece-vectors.json");
        JsonArray all = read(vectors).getAsJsonObject().getAsJsonArray("vectors");
        assertThat(all).hasSize(241);
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(LLAMA + file))) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(32_000);
            assertThat(tokenizer.addsBos()).isTrue();
            for (JsonElement vector : all) {
                String text = vector.getAsJsonObject().get("text").getAsString();
                long[] expected = longs(vector.getAsJsonObject().get("ids"));
                assertThat(tokenizer.encodeLiteral(text)).as(text).isEqualTo(expected);
                // The vocabulary's mark for a space can't be told from a space.
                String readable = text.replace('\u2581', ' ');
                assertThat(tokenizer.decode(expected)).isEqualTo(readable);
                assertThat(streamed(tokenizer, expected)).isEqualTo(readable);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {CRYSTAL, DAMAGED})
    void gives_the_golden_ids_of_the_published_tokenizers(String file) throws IOException {
        Path golden = Fixtures.shared("fixtures/llm360/golden/tokenizer_golden.json");
        String key = file.equals(CRYSTAL) ? "crystal(" : "llama_with_bos(";
        boolean bos = !file.equals(CRYSTAL);
        JsonObject cases = read(golden).getAsJsonObject();
        String name =
                cases.keySet().stream().filter(k -> k.startsWith(key)).findAny().orElseThrow();
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(file))) {
            assertThat(tokenizer.addsBos()).isEqualTo(bos);
            assertThat(tokenizer.vocabularySize()).isEqualTo(bos ? 32_000 : 32_022);
            BulkEncoder bulk = tokenizer.bulkEncoder();
            for (JsonElement element : cases.getAsJsonArray(name)) {
                JsonObject test = element.getAsJsonObject();
                String text = test.get("text").getAsString();
                long[] ids = longs(test.get("ids"));
                assertThat(tokenizer.encodePrompt(text)).as(text).isEqualTo(ids);
                assertThat(tokenizer.encode(text, bos, false)).isEqualTo(ids);
                assertThat(tokenizer.encode(text))
                        .isEqualTo(
                                test.has("ids_no_special")
                                        ? longs(test.get("ids_no_special"))
                                        : ids);
                assertThat(bulk.encode(text))
                        .as("in bulk: %s", text)
                        .containsExactly(
                                Arrays.stream(tokenizer.encodeLiteral(text))
                                        .mapToInt(Math::toIntExact)
                                        .toArray());
                assertThat(streamed(tokenizer, ids)).isEqualTo(tokenizer.decode(ids));
                if (test.has("decoded")) {
                    assertThat(tokenizer.decodeVerbatim(ids))
                            .isEqualTo(test.get("decoded").getAsString());
                    assertThat(Arrays.stream(ids).mapToObj(tokenizer::token))
                            .containsExactlyElementsOf(strings(test.get("tokens")));
                }
            }
        }
    }

    @Test
    void crystals_own_settings_win_over_the_defaults_of_its_tokenizers_class() throws IOException {
        // The class would have <|startoftext|> and <|endoftext|>; the files beside it say
        // otherwise.
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(CRYSTAL).getParent())) {
            assertThat(tokenizer.bosId()).hasValue(1);
            assertThat(tokenizer.eosId()).hasValue(2);
            assertThat(tokenizer.id("<|startoftext|>")).isEmpty();
            assertThat(tokenizer.addsBos()).isFalse();
            assertThat(tokenizer.encodePrompt("Hello")).containsExactly(15_043);
        }
    }

    @Test
    void crystals_special_tokens_are_its_last_22_and_no_text() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(CRYSTAL))) {
            for (long id = 32_000; id < 32_022; id++) {
                String token = tokenizer.token(id);
                assertThat(token).matches("<\\|\\w+\\|>");
                assertThat(tokenizer.encode(token)).as(token).containsExactly(id);
                assertThat(tokenizer.encodeLiteral(token)).as(token).doesNotContain(id);
                assertThat(tokenizer.decode(id)).isEmpty();
                assertThat(tokenizer.decodeVerbatim(id)).isEqualTo(token);
            }
        }
    }

    @Test
    void crystal_has_22_special_tokens_behind_llamas() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(CRYSTAL).getParent())) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(32_022);
            assertThat(tokenizer.id("<|sys_end|>")).hasValue(32_021);
            assertThat(tokenizer.encode("<|fim_prefix|>")).containsExactly(32_000);
            assertThat(tokenizer.decode(32_000, 15_043)).isEqualTo("Hello");
        }
    }

    @Test
    void a_file_with_one_emptied_entry_works_and_spells_that_character_in_bytes()
            throws IOException {
        try (Tokenizer damaged = Tokenizer.open(Fixtures.shared(DAMAGED))) {
            assertThat(damaged.token(31_353)).isEmpty();
            assertThat(damaged.encode("\u2028")).containsExactly(29_871, 229, 131, 171);
            assertThat(damaged.decode(damaged.encode("a\u2028b"))).isEqualTo("a\u2028b");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/tokenizer.json", "/tokenizer.model"})
    void decodes_a_generated_story_whole_and_streamed_behind_its_prompt(String file)
            throws IOException {
        String stories = "fixtures/stories260K-hf";
        JsonObject expected = read(Fixtures.shared(stories + "/expected.json")).getAsJsonObject();
        long[] ids = longs(expected.get("ids"));
        String story = expected.get("text").getAsString();
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(stories + file))) {
            assertThat(tokenizer.decode(ids)).isEqualTo(story);
            assertThat(streamed(tokenizer, ids)).isEqualTo(story);
            for (int cut = 0; cut < ids.length; cut++) {
                long[] prompt = Arrays.copyOf(ids, cut);
                StreamingDecoder decoder = tokenizer.stream(prompt);
                StringBuilder text = new StringBuilder(tokenizer.decode(prompt));
                for (int i = cut; i < ids.length; i++) {
                    text.append(decoder.push(ids[i]));
                }
                assertThat(text.append(decoder.flush())).hasToString(story);
            }
        }
    }

    private static String streamed(Tokenizer tokenizer, long[] ids) {
        StreamingDecoder decoder = tokenizer.stream();
        StringBuilder text = new StringBuilder();
        for (long id : ids) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.flush()).toString();
    }

    private static JsonElement read(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file));
    }

    private static List<String> strings(JsonElement texts) {
        return texts.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList();
    }

    private static long[] longs(JsonElement ids) {
        return ids.getAsJsonArray().asList().stream().mapToLong(JsonElement::getAsLong).toArray();
    }
}
