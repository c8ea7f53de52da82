package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.source.EmbeddedSeries;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden ids are SentencePiece's own, printed by {@code zoo/making/amber-nano}. */
class AmberNanoTokenizerTest {

    @TempDir Path temp;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws ModelNotFoundException, IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            try (InputStream in = EmbeddedSeries.of("amber-nano").open(file)) {
                Files.copy(in, temp.resolve(file));
            }
        }
        tokenizer = Tokenizer.open(temp);
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    static List<Arguments> samples() {
        return List.of(
                sample(
                        "mountain: a land mass that projects well above its surroundings",
                        500,
                        313,
                        546,
                        1980,
                        262,
                        1538,
                        297,
                        447,
                        401,
                        394,
                        501,
                        1964,
                        1910,
                        599,
                        1586,
                        1020,
                        878,
                        1224,
                        952),
                sample(
                        "    /**\n     * Checks if the array is {@code null}.\n     */",
                        353,
                        451,
                        13,
                        353,
                        1977,
                        425,
                        267,
                        766,
                        1964,
                        385,
                        280,
                        389,
                        348,
                        343,
                        371,
                        356,
                        511,
                        13,
                        353,
                        445),
                sample(
                        "\tif (x != 2026) return;  // caf\u00e9 \u6f22\ud83d\ude00",
                        1956,
                        12,
                        420,
                        336,
                        1989,
                        1354,
                        1956,
                        2021,
                        2010,
                        2021,
                        2036,
                        1983,
                        387,
                        1981,
                        259,
                        684,
                        272,
                        1055,
                        198,
                        172,
                        1956,
                        233,
                        191,
                        165,
                        243,
                        162,
                        155,
                        131),
                sample(
                        " two  spaces, none\n\nafter",
                        259,
                        1959,
                        1978,
                        1963,
                        259,
                        1301,
                        1761,
                        1986,
                        295,
                        487,
                        13,
                        13,
                        1055,
                        335),
                sample(""));
    }

    private static Arguments sample(String text, long... ids) {
        return Arguments.of(text, ids);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void it_gives_the_ids_of_its_trainer_and_the_text_back(String text, long[] ids) {
        assertThat(tokenizer.encode(text)).isEqualTo(ids);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }

    @Test
    void it_is_laid_out_as_llamas() {
        assertThat(tokenizer.vocabularySize()).isEqualTo(2048);
        assertThat(tokenizer.unknownId()).hasValue(0);
        assertThat(tokenizer.bosId()).hasValue(1);
        assertThat(tokenizer.eosId()).hasValue(2);
        assertThat(tokenizer.token(3)).isEqualTo("<0x00>");
        assertThat(tokenizer.token(258)).isEqualTo("<0xFF>");
    }

    @Test
    void prompts_begin_as_the_training_documents_did_with_no_bos() {
        assertThat(tokenizer.addsBos()).isFalse();
        assertThat(tokenizer.encodePrompt("fox:")).isEqualTo(tokenizer.encode("fox:"));
    }
}
