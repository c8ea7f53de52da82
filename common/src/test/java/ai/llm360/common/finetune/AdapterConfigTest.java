package ai.llm360.common.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterConfigTest {

    @TempDir Path temp;

    private static final String PLAIN =
            "\"peft_type\": \"LORA\", \"r\": 4, \"target_modules\": [\"q_proj\"]";

    private static AdapterConfig parse(String more) {
        return AdapterConfig.parse("{" + PLAIN + ", " + more + "}");
    }

    @Test
    void what_is_written_is_read_again() {
        AdapterConfig config =
                AdapterConfig.builder()
                        .optR(4)
                        .optLoraAlpha(6.5)
                        .optUseRslora(true)
                        .optLoraDropout(0.05)
                        .optTargetModules(ModuleNames.matching(".*_proj"))
                        .optExcludeModules(ModuleNames.of(List.of("o_proj")))
                        .optLayers(List.of(0, 2), List.of("layers"))
                        .optRankPattern(Map.of("k_proj", 2))
                        .optAlphaPattern(Map.of("down_proj", 3.0))
                        .optModulesToSave(List.of("lm_head"))
                        .optFanInFanOut(true)
                        .optInitLoraWeights("gaussian")
                        .optBaseModel(Optional.of("LLM360/Amber"), Optional.of("ckpt_358"))
                        .build();
        String json = new String(config.toJson(), StandardCharsets.UTF_8);
        assertThat(AdapterConfig.parse(json)).isEqualTo(config);
        assertThat(json)
                .startsWith("{\n  \"alpha_pattern\": {\n    \"down_proj\": 3\n  },\n  \"base_model")
                .endsWith("\"use_rslora\": true\n}");
        AdapterConfig plain = AdapterConfig.builder().build();
        assertThat(AdapterConfig.parse(new String(plain.toJson(), StandardCharsets.UTF_8)))
                .isEqualTo(plain);
        assertThat(new String(plain.toJson(), StandardCharsets.UTF_8))
                .contains("\"lora_dropout\": 0.0,", "\"init_lora_weights\": true,");
    }

    @Test
    void what_is_not_given_is_as_in_peft_and_what_is_not_known_does_not_count() {
        AdapterConfig config = parse("\"unknown_key\": 3, \"use_dora\": false, \"revision\": null");
        assertThat(config)
                .isEqualTo(
                        AdapterConfig.builder()
                                .optR(4)
                                .optTargetModules(ModuleNames.of(List.of("q_proj")))
                                .build());
        assertThat(config.loraAlpha()).isEqualTo(8);
        assertThat(parse("\"layers_to_transform\": 3").layersToTransform()).containsExactly(3);
        assertThat(parse("\"layers_pattern\": \"h\"").layersPattern()).containsExactly("h");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"use_dora\": true",
                "\"lora_bias\": true",
                "\"bias\": \"all\"",
                "\"target_parameters\": [\"experts.w1\"]",
                "\"trainable_token_indices\": [1, 2]",
                "\"layer_replication\": [[0, 4], [2, 5]]",
                "\"use_qalora\": true",
                "\"use_bdlora\": {\"nblocks\": 2}",
                "\"alora_invocation_tokens\": [5]",
                "\"arrow_config\": {\"top_k\": 2}",
                "\"kasa_config\": {\"beta\": 0.1}",
                "\"monteclora_config\": {\"n\": 1}",
                "\"velora_config\": {\"n\": 1}",
                "\"megatron_config\": {\"n\": 1}",
                "\"loftq_config\": {\"loftq_bits\": 4}",
                "\"init_lora_weights\": \"pissa\"",
                "\"init_lora_weights\": \"lora_ga\"",
                "\"task_type\": \"SEQ_CLS\""
            })
    void a_variant_in_use_is_refused_by_its_name(String entry) {
        String name = entry.substring(1, entry.indexOf('"', 1));
        assertThatThrownBy(() -> parse(entry))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " is ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | peft_type is 'none'",
                "{\"peft_type\": \"LOHA\"} | peft_type is 'LOHA'",
                "{\"peft_type\": \"LORA\"} | 'r' is missing",
                "{\"peft_type\": \"LORA\", \"r\": 0} | r is 0, expected 1 to 65536",
                "{\"peft_type\": \"LORA\", \"r\": \"8\"} | r is \"8\"; expected a whole number",
                "{\"peft_type\": \"LORA\", \"r\": 8, \"lora_dropout\": 1} | lora_dropout is 1.0",
                "{\"peft_type\": \"LORA\", \"r\": 8, \"target_modules\": [3]} | target_modules has"
                        + " '3'",
                "{\"peft_type\": \"LORA\", \"r\": 8, \"rank_pattern\": {\"q\": 0.5}} | rank_pattern"
                        + " has 0.5",
                "{\"peft_type\": \"LORA\", \"r\": 8, \"rank_pattern\": [1]} | rank_pattern is no"
                        + " object",
                "{\"peft_type\": \"LORA\", \"r\": 8, \"alpha_pattern\": {\"q\": 1e999}} |"
                        + " alpha_pattern of q is Infinity",
                "[] | is not a JSON object"
            })
    void what_makes_no_sense_is_refused(String json, String problem) throws IOException {
        Path file = Files.writeString(temp.resolve("adapter_config.json"), json);
        assertThatThrownBy(() -> AdapterConfig.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(problem);
    }

    /** Nine directories of PEFT 0.21. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "",
            value = {
                "all |",
                "gpt2 |",
                "min |",
                "mts |",
                "plain |",
                "rank |",
                "emb |",
                "bias | lora_bias is in use (biases of B)",
                "dora | use_dora is in use (DoRA)"
            })
    void pefts_own_files_are_read_or_refused_by_name(String name, String problem)
            throws IOException {
        Path file = Fixtures.shared("fixtures/peft/" + name).resolve(AdapterConfig.FILE);
        if (problem != null) {
            assertThatThrownBy(() -> AdapterConfig.read(file)).hasMessageContaining(problem);
            return;
        }
        AdapterConfig config = AdapterConfig.read(file);
        assertThat(config.r()).isEqualTo(4);
        String json = new String(config.toJson(), StandardCharsets.UTF_8);
        assertThat(AdapterConfig.parse(json)).isEqualTo(config);
        if (!name.equals("min")) {
            // PEFT's own lines are there, but for those of variants and of what is empty in ours
            List<String> own = json.lines().map(line -> line.replace(",", "")).toList();
            assertThat(
                            Files.readAllLines(file).stream()
                                    .map(line -> line.replace(",", ""))
                                    .filter(own::contains)
                                    .toList())
                    .hasSizeGreaterThan(20);
        }
    }
}
