package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {

    @ParameterizedTest
    @CsvSource({
        "5GB, 5000000000",
        "500MB, 500000000",
        "2GiB, 2147483648",
        "1.5 gb, 1500000000",
        "10KiB, 10240",
        "7, 7",
        "2T, 2000000000000"
    })
    void units_are_decimal_and_with_an_i_binary(String text, long bytes) {
        assertThat(new ByteSize().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GB", "-5GB", "5XB", "5 G B", "0", "0.1B", "99999999TB", "1e9"})
    void refuses_what_is_no_size(String text) {
        assertThatThrownBy(() -> new ByteSize().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void prints_three_digits_or_so() {
        assertThat(ByteSize.format(999)).isEqualTo("999 B");
        assertThat(ByteSize.format(1_040_128)).isEqualTo("1.0 MB");
        assertThat(ByteSize.format(999_960)).isEqualTo("1.0 MB");
        assertThat(ByteSize.format(13_476_839_424L)).isEqualTo("13.5 GB");
    }
}
