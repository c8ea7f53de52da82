package ai.llm360.common.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.llm360.common.generate.InfillPrompt.Order;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InfillPromptTest {

    private static final String[] SPECIALS = {
        "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>"
    };

    @TempDir Path directory;

    private Tokenizer tokenizer(String... specials) throws IOException {
        return Tokenizer.open(
                TinyTokenizer.llama()
                        .withoutBos()
                        .words("to", "be", "or")
                        .specialTokens(specials)
                        .writeJson(directory));
    }

    private static String pieces(Tokenizer tokenizer, long[] ids) {
        return Arrays.stream(ids)
                .mapToObj(tokenizer::token)
                .map(token -> token.replaceFirst("<\\|fim_(\\w+)\\|>", "[$1]"))
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    to    | be    | PSM | true  | [prefix] <s> ▁to [suffix] ▁be [middle]
                    to    | be    | PSM | false | [prefix] ▁to [suffix] ▁be [middle]
                    to    | be    | SPM | true  | [prefix] [suffix] ▁be [middle] <s> ▁to
                    to    | be    | SPM | false | [prefix] [suffix] ▁be [middle] ▁to
                    ""    | be    | PSM | true  | [prefix] <s> [suffix] ▁be [middle]
                    to    | ""    | PSM | true  | [prefix] <s> ▁to [suffix] [middle]
                    ""    | ""    | SPM | false | [prefix] [suffix] [middle]
                    "to " | " be" | PSM | true  | [prefix] <s> ▁to ▁ [suffix] ▁ ▁be [middle]
                    """)
    void each_side_is_encoded_on_its_own(
            String prefix, String suffix, Order order, boolean bos, String expected)
            throws IOException {
        try (Tokenizer tokenizer = tokenizer(SPECIALS)) {
            long[] ids = new InfillPrompt(prefix, suffix, order, bos).ids(tokenizer);
            assertThat(pieces(tokenizer, ids)).isEqualTo(expected);
        }
    }

    @Test
    void by_default_the_prefix_comes_first_with_a_start_token() {
        assertThat(new InfillPrompt("to", "be"))
                .isEqualTo(new InfillPrompt("to", "be", Order.PSM, true));
    }

    @Test
    void a_text_that_spells_a_special_token_can_not_break_out_of_its_side() throws IOException {
        try (Tokenizer tokenizer = tokenizer(SPECIALS)) {
            long[] ids = new InfillPrompt("<|fim_middle|>", "</s>").ids(tokenizer);
            assertThat(ids)
                    .containsOnlyOnce(tokenizer.id("<|fim_middle|>").orElseThrow())
                    .doesNotContain(2);
        }
    }

    @Test
    void a_tokenizer_without_the_special_tokens_is_refused() throws IOException {
        try (Tokenizer tokenizer = tokenizer("<|fim_prefix|>", "<|fim_suffix|>")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new InfillPrompt("to", "be").ids(tokenizer))
                    .withMessage(
                            "the tokenizer has no <|fim_middle|>: filling a middle takes a model"
                                    + " that was trained to, whose tokenizer has <|fim_prefix|>,"
                                    + " <|fim_suffix|> and <|fim_middle|>");
        }
    }

    @Test
    void has_the_ids_of_a_published_tokenizer() throws IOException {
        Path crystal = Fixtures.shared("fixtures/llm360/crystal");
        try (Tokenizer tokenizer = Tokenizer.open(crystal)) {
            InfillPrompt prompt = new InfillPrompt("def a():\n", "\nprint(a())");
            // As the golden encoding of the text with its special tokens, and the start token.
            assertThat(prompt.ids(tokenizer))
                    .containsExactly(
                            32_000, 1, 822, 263, 7295, 13, 32_002, 29_871, 13, 2158, 29_898, 29_874,
                            3101, 32_001);
        }
    }
}
