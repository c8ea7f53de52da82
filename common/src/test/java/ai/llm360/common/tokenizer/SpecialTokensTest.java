package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Special tokens within a text: what is between two of them is encoded as a text of its own. */
class SpecialTokensTest {

    @TempDir Path directory;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer = Tokenizer.open(write());
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private Path write() {
        return TinyTokenizer.llama()
                .withoutBos()
                .words("Hello", "you")
                .specialTokens("<|im_start|>", "<|im_end|>")
                .writeJson(directory);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    [start]Hello[end]           | [start] ▁Hello [end]
                    [start] Hello [end]         | [start] ▁ ▁Hello ▁ [end]
                    "[start] [end]"             | [start] ▁ ▁ [end]
                    "<s> [start]Hello [end]you" | <s> ▁ ▁ [start] ▁Hello ▁ [end] ▁you
                    "[start]  [end]"            | [start] ▁ ▁ ▁ [end]
                    [start][end]                | [start] [end]
                    Hello[end]</s>              | ▁Hello [end] </s>
                    " [start]"                  | ▁ ▁ [start]
                    "[start]\\n[end]"           | [start] ▁ <0x0A> [end]
                    """)
    void each_space_beside_a_special_token_is_a_token(String text, String tokens) {
        long[] ids = tokenizer.encodePrompt(text(text));
        assertThat(
                        Arrays.stream(ids)
                                .mapToObj(tokenizer::token)
                                .map(SpecialTokensTest::shortened)
                                .collect(Collectors.joining(" ")))
                .isEqualTo(tokens);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    [start]Hello[end]       | [start] Hello[end]    | Hello
                    "[start] Hello [end]"   | "[start]  Hello [end]" | " Hello "
                    "Hello[end] [start]you" | "Hello[end]  [start] you" | "Hello   you"
                    """)
    void decoding_takes_off_one_space_where_the_text_begins_and_no_other(
            String text, String verbatim, String plain) {
        long[] ids = tokenizer.encode(text(text));
        assertThat(tokenizer.decodeVerbatim(ids)).isEqualTo(text(verbatim));
        assertThat(tokenizer.decode(ids)).isEqualTo(plain);
        StreamingDecoder decoder = tokenizer.stream();
        StringBuilder streamed = new StringBuilder();
        Arrays.stream(ids).mapToObj(decoder::push).forEach(streamed::append);
        assertThat(streamed.append(decoder.flush())).hasToString(plain);
    }

    @Test
    void in_bulk_no_special_token_is_recognised() {
        String text = "<s> <|im_start|> Hello <|im_end|>";
        int[] ids = tokenizer.bulkEncoder().encode(text);
        assertThat(Arrays.stream(ids).mapToLong(id -> id).toArray())
                .isEqualTo(tokenizer.encodeLiteral(text))
                .doesNotContain(1, tokenizer.id("<|im_start|>").orElseThrow());
    }

    @Test
    void what_the_settings_leave_out_has_llamas_names_whatever_class_they_name()
            throws IOException {
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                """
                {"tokenizer_class": "CrystalCoderTokenizer", "pad_token": null, "legacy": false,
                 "model_max_length": 1000000000000000019884624838656, "padding_side": "right"}
                """);
        try (Tokenizer settled = Tokenizer.open(directory)) {
            assertThat(settled.bosId()).hasValue(1);
            assertThat(settled.eosId()).hasValue(2);
            assertThat(settled.addsBos()).isFalse();
        }
    }

    private static String text(String brief) {
        return brief.replace("[start]", "<|im_start|>")
                .replace("[end]", "<|im_end|>")
                .replace("\\n", "\n");
    }

    private static String shortened(String token) {
        return token.replace("<|im_start|>", "[start]").replace("<|im_end|>", "[end]");
    }

    @Test
    void text_behind_other_tokens_gets_no_space_put_before_it() throws IOException {
        assertThat(tokenizer.encodeContinuation("Hello you"))
                .isEqualTo(
                        LongStream.concat(
                                        "Hello".chars().mapToLong(c -> id(Character.toString(c))),
                                        LongStream.of(id("\u2581you")))
                                .toArray());
        assertThat(tokenizer.encodeContinuation(" Hello")).containsExactly(id("\u2581Hello"));
        assertThat(tokenizer.encodeContinuation("</s>")).hasSize(4).doesNotContain(2);
        assertThat(tokenizer.textBytes(id("\u2581Hello"))).isEqualTo(6);
        assertThat(tokenizer.textBytes(id("<0x0A>"))).isEqualTo(1);
        assertThat(tokenizer.textBytes(2)).isZero();
    }

    private long id(String token) {
        return tokenizer.id(token).orElseThrow();
    }
}
