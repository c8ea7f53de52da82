package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a tokenizer promises, on a tiny one in both file formats. */
class TokenizerTest {

    enum Format {
        JSON,
        MODEL;

        Tokenizer open(Path directory) throws IOException {
            TinyTokenizer tiny = TinyTokenizer.llama().words("Hello", "world");
            return Tokenizer.open(
                    this == JSON ? tiny.writeJson(directory) : tiny.writeModel(directory));
        }
    }

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void encodes_words_and_falls_back_to_bytes(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            assertThat(pieces(tokenizer, "Hello world \uD83D\uDE00"))
                    .containsExactly(
                            "▁Hello", "▁world", "▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>");
            assertThat(tokenizer.encode("")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void decodes_what_it_encoded(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            for (String text :
                    List.of("", "Hello", " Hello", "a  b\n\tc ", "\0", "漢字 \uD83D\uDC69\u200D")) {
                assertThat(tokenizer.decode(tokenizer.encode(text, true, true))).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void adds_a_beginning_and_an_end_only_when_asked(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            long hello = tokenizer.id("▁Hello").orElseThrow();
            assertThat(tokenizer.encode("Hello")).containsExactly(hello);
            assertThat(tokenizer.encode("Hello", true, false)).containsExactly(1, hello);
            assertThat(tokenizer.encode("Hello", false, true)).containsExactly(hello, 2);
            assertThat(tokenizer.encode("Hello", true, true)).containsExactly(1, hello, 2);
            assertThat(tokenizer.encodePrompt("Hello")).containsExactly(1, hello);
        }
    }

    @ParameterizedTest
    @EnumSource
    void never_truncates(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            assertThat(tokenizer.encode("Hello ".repeat(5000).strip())).hasSize(5000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void knows_its_vocabulary(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            assertThat(tokenizer.bosId()).hasValue(1);
            assertThat(tokenizer.eosId()).hasValue(2);
            assertThat(tokenizer.unknownId()).hasValue(0);
            assertThat(tokenizer.token(13)).isEqualTo("<0x0A>");
            assertThat(tokenizer.id("no such token")).isEmpty();
            int size = tokenizer.vocabularySize();
            assertThat(tokenizer.token(size - 1)).isEqualTo("▁world");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tokenizer.token(size))
                    .withMessage(
                            "no token has id " + size + ": the vocabulary has " + size + " ids");
        }
    }

    @ParameterizedTest
    @EnumSource
    void reads_an_unpaired_surrogate_as_the_replacement_character(Format format)
            throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            assertThat(tokenizer.decode(tokenizer.encode("x\uD800y\uDC00")))
                    .isEqualTo("x\uFFFDy\uFFFD");
        }
    }

    @ParameterizedTest
    @EnumSource
    void refuses_to_decode_ids_that_no_token_has_but_streams_over_them(Format format)
            throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            long hello = tokenizer.id("▁Hello").orElseThrow();
            int size = tokenizer.vocabularySize();
            assertThat(tokenizer.decode(0, 1, hello, 2)).isEqualTo("Hello");
            for (long id : new long[] {-100, size, 99_999, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> tokenizer.decode(hello, id))
                        .withMessage(
                                "no token has id " + id + ": the vocabulary has " + size + " ids");
                assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.decodeVerbatim(id));
            }
            // A model whose embedding has more rows than the vocabulary has tokens can make them.
            StreamingDecoder stream = tokenizer.stream(99_999);
            assertThat(stream.push(Long.MAX_VALUE)).isEmpty();
            assertThat(stream.push(hello)).isEqualTo("Hello");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> stream.push(-100))
                    .withMessage("a token id can't be negative: -100");
        }
    }

    @ParameterizedTest
    @EnumSource
    void several_threads_may_share_one(Format format) throws IOException {
        try (Tokenizer tokenizer = format.open(directory)) {
            long[] expected = tokenizer.encode("Hello world, again");
            assertThat(IntStream.range(0, 2000).parallel())
                    .allSatisfy(
                            i ->
                                    assertThat(tokenizer.encode("Hello world, again"))
                                            .isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @EnumSource
    void says_so_when_used_after_it_was_closed(Format format) throws IOException {
        Tokenizer tokenizer = format.open(directory);
        tokenizer.close();
        tokenizer.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> tokenizer.encode("Hello"))
                .withMessage("the tokenizer is closed");
        assertThatIllegalStateException().isThrownBy(() -> tokenizer.decode(5));
        assertThatIllegalStateException().isThrownBy(() -> tokenizer.encodeLiteral("</s>"));
        assertThatIllegalStateException().isThrownBy(tokenizer::stream);
    }

    @Test
    void special_tokens_in_text_become_their_ids_in_json_files_only() throws IOException {
        TinyTokenizer tiny = TinyTokenizer.llama().words("Hello").specialTokens("<|im_start|>");
        try (Tokenizer json = Tokenizer.open(tiny.writeJson(directory));
                Tokenizer model = Tokenizer.open(tiny.writeModel(directory))) {
            long start = json.vocabularySize() - 1L;
            assertThat(json.id("<|im_start|>")).hasValue(start);
            assertThat(json.encode("<|im_start|>Hello</s>"))
                    .containsExactly(start, json.id("▁Hello").orElseThrow(), 2);
            assertThat(json.decode(start, 2)).isEmpty();
            assertThat(json.decodeVerbatim(start, 2)).isEqualTo("<|im_start|></s>");
            assertThat(model.decode(model.encode("</s>"))).isEqualTo("</s>");
            for (Tokenizer tokenizer : List.of(json, model)) {
                String text = "Hello<|im_start|></s>";
                assertThat(tokenizer.decode(tokenizer.encodeLiteral(text))).isEqualTo(text);
            }
        }
    }

    @Test
    void the_settings_beside_it_decide_on_bos_before_the_post_processor_does() throws IOException {
        TinyTokenizer.llama().withoutBos().writeJson(directory);
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            assertThat(tokenizer.addsBos()).isFalse();
            assertThat(tokenizer.encodePrompt("a")).doesNotContain(1);
        }
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"add_bos_token\": true, \"bos_token\": {\"content\": \"</s>\"}}");
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            assertThat(tokenizer.addsBos()).isTrue();
            assertThat(tokenizer.encodePrompt("a")).startsWith(2);
        }
    }

    @Test
    void prefers_the_json_file_of_a_directory_and_takes_the_model_file_otherwise()
            throws IOException {
        TinyTokenizer.llama().words("model").writeModel(directory);
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            assertThat(tokenizer.id("▁model")).isPresent();
        }
        TinyTokenizer.llama().words("json").writeJson(directory);
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            assertThat(tokenizer.id("▁json")).isPresent();
        }
    }

    private static List<String> pieces(Tokenizer tokenizer, String text) {
        return Arrays.stream(tokenizer.encode(text)).mapToObj(tokenizer::token).toList();
    }
}
