package ai.llm360.common.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightTypeTest {

    @ParameterizedTest
    @CsvSource({
        "fp32, FP32",
        "float32, FP32",
        "bf16, BF16",
        "BF16, BF16",
        "bfloat16, BF16",
        "fp16, FP16",
        "Float16, FP16",
        "int8, INT8"
    })
    void short_and_long_names_in_any_case(String name, WeightType type) {
        assertThat(WeightType.parse(name)).isEqualTo(type);
        assertThat(WeightType.parse(type.toString())).isEqualTo(type);
    }

    @Test
    void an_unknown_name_is_answered_with_the_known_ones() {
        assertThatThrownBy(() -> WeightType.parse("int4"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no dtype 'int4': choose one of fp32, bf16, fp16, int8");
    }

    @Test
    void a_checkpoints_own_type_is_kept_where_a_model_can_hold_it() {
        assertThat(WeightType.of(TensorType.BF16)).isEqualTo(WeightType.BF16);
        assertThat(WeightType.of(TensorType.F16)).isEqualTo(WeightType.FP16);
        assertThat(WeightType.of(TensorType.F32)).isEqualTo(WeightType.FP32);
        assertThat(WeightType.of(TensorType.F64)).isEqualTo(WeightType.FP32);
    }
}
