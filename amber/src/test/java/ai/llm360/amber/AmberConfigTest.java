package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.io.internal.testing.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmberConfigTest {

    private static final String CONFIG =
            """
            {"model_type": "llama", "hidden_act": "silu", "vocab_size": 32000, "hidden_size": 4096,
             "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
             "max_position_embeddings": 2048, "rms_norm_eps": 1e-06, "initializer_range": 0.02,
             "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "torch_dtype": "bfloat16",
             "rope_scaling": null, "tie_word_embeddings": false, "attention_bias": false}
            """;

    static final AmberConfig AMBER_7B =
            new AmberConfig(
                    32000,
                    4096,
                    11008,
                    32,
                    32,
                    32,
                    128,
                    2048,
                    1e-6,
                    10000,
                    false,
                    0.02,
                    Optional.of(1L),
                    List.of(2L),
                    Optional.of(0L),
                    Optional.of(TensorType.BF16));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": 1000000000"
                        + "|num_hidden_layers (1000000000) must be at most 10000",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": 3.7"
                        + "|num_hidden_layers is 3.7; expected a whole number within 32 bits",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": 2147483648"
                        + "|num_hidden_layers is 2147483648; expected a whole number",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": -1"
                        + "|num_hidden_layers (-1) must be positive",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": \"32\""
                        + "|num_hidden_layers is \"32\"; expected a whole number",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": [32]"
                        + "|num_hidden_layers is a list; expected a whole number",
                "\"num_hidden_layers\": 32|\"layers\": 32|'num_hidden_layers' is missing",
                "\"num_hidden_layers\": 32|\"num_hidden_layers\": 32, \"num_hidden_layers\": 33"
                        + "|'num_hidden_layers' occurs twice",
                "32000|1e300|vocab_size is 1e300; expected a whole number",
                "32000|NaN|is not valid JSON",
                "32000|true|vocab_size is true; expected a whole number",
                "32000|1000000000|vocab_size (1000000000) must be at most 16777216",
                "4096|1073741824|hidden_size (1073741824) must be at most 16777216",
                "11008|0|intermediate_size (0) must be positive",
                "2048|1000000000|max_position_embeddings (1000000000) must be at most 16777216",
                "\"bos_token_id\": 1|\"head_dim\": 16777216"
                        + "|num_attention_heads times head_dim (536870912) must be at most",
                "\"bos_token_id\": 1|\"head_dim\": 0|head_dim (0) must be positive",
                "\"bos_token_id\": 1|\"bos_token_id\": 1.5|bos_token_id is 1.5",
                "\"eos_token_id\": 2|\"eos_token_id\": [2, \"3\"]|eos_token_id is \"3\"",
                "\"bos_token_id\": 1|\"num_key_value_heads\": -8|num_key_value_heads (-8)",
                "1e-06|0|rms_norm_eps (0.0) must be positive",
                "1e-06|1e300|rms_norm_eps (1.0E300) must be 1.0E-12 to 1.0",
                "1e-06|\"1e-06\"|rms_norm_eps is \"1e-06\"; expected a number",
                "0.02|1e300|initializer_range (1.0E300) must be",
                "\"bos_token_id\": 1|\"rope_theta\": 1e300|rope_theta (1.0E300) must be",
                "\"bos_token_id\": 1|\"rope_theta\": -1|rope_theta (-1.0) must be positive",
                "\"bos_token_id\": 1|\"rope_parameters\": {\"rope_theta\": \"1\"}"
                        + "|rope_parameters.rope_theta is \"1\"; expected a number",
                "null|3|rope_scaling is 3; expected an object",
                "null|{\"type\": \"linear\"}|rope_scaling asks for 'linear' rotary scaling",
                "\"tie_word_embeddings\": false|\"tie_word_embeddings\": \"false\""
                        + "|tie_word_embeddings is \"false\"; expected true or false",
                "\"attention_bias\": false|\"attention_bias\": true|attention_bias is 'true'",
                "\"bfloat16\"|\"int128\"|unknown dtype 'int128'",
                "\"silu\"|\"\\u001b[31m\"|hidden_act is '\\u001b[31m', but"
            })
    void a_value_that_no_model_has_is_refused_by_its_name(String from, String to, String message) {
        String config = CONFIG.replaceFirst(from.replaceAll("[\\[{]", "\\\\$0"), quoted(to));
        assertThat(config).isNotEqualTo(CONFIG);
        assertThatThrownBy(() -> AmberConfig.parse(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static String quoted(String replacement) {
        return java.util.regex.Matcher.quoteReplacement(replacement);
    }

    @Test
    void what_transformers_writes_is_read() {
        assertThat(AmberConfig.parse(CONFIG)).isEqualTo(AMBER_7B);
        assertThat(AmberConfig.parse(CONFIG.replace("4096", "4096.0")).hiddenSize())
                .isEqualTo(4096);
        AmberConfig newer =
                AmberConfig.parse(
                        CONFIG.replace("\"pad_token_id\": 0", "\"pad_token_id\": -1")
                                .replace("\"eos_token_id\": 2", "\"eos_token_id\": [2, 3]")
                                .replace(
                                        "\"rope_scaling\": null",
                                        "\"rope_parameters\": {\"rope_type\": \"default\","
                                                + " \"rope_theta\": 500000}"));
        assertThat(newer.ropeTheta()).isEqualTo(500_000);
        assertThat(newer.padTokenId()).contains(-1L);
        assertThat(newer.eosTokenIds()).containsExactly(2L, 3L);
    }

    @Test
    void a_damaged_config_is_read_or_refused() {
        byte[] good = CONFIG.getBytes(StandardCharsets.UTF_8);
        Random random = new Random(41);
        int read = 0;
        for (int i = 0; i < Mutations.cases(4000); i++) {
            byte[] bad = i % 2 == 0 ? Mutations.bytes(good, random) : Mutations.json(good, random);
            try {
                new Amber(AmberConfig.parse(new String(bad, StandardCharsets.UTF_8)));
                read++;
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).hasSizeLessThan(400);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(HexFormat.of().formatHex(bad), e);
            }
        }
        assertThat(read).isBetween(Mutations.cases(100), Mutations.cases(3900));
    }
}
