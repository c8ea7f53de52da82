package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfFloatsTest {

    @Test
    void every_binary16_survives_a_round_trip_through_binary32() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int wide = HalfFloats.f16ToFloat((short) bits);
            float value = Float.intBitsToFloat(wide);
            assertThat(Float.valueOf(value)).isEqualTo(Float.valueOf(valueOfF16(bits)));
            int back = HalfFloats.floatToF16(wide) & 0xFFFF;
            assertThat(back).isEqualTo(Float.isNaN(value) ? (bits & 0x8000) | 0x7E00 : bits);
        }
    }

    @Test
    void every_bfloat16_survives_a_round_trip_through_binary32() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int wide = HalfFloats.bf16ToFloat((short) bits);
            assertThat(wide).isEqualTo(bits << 16);
            boolean nan = Float.isNaN(Float.intBitsToFloat(wide));
            assertThat(HalfFloats.floatToBf16(wide) & 0xFFFF).isEqualTo(nan ? 0x7FC0 : bits);
        }
    }

    @Test
    void rounds_halves_to_even_at_every_boundary_of_binary16() {
        for (int bits = 0; bits < 0x7C00; bits++) {
            double low = valueOfF16(bits);
            double high = bits == 0x7BFF ? 65536 : valueOfF16(bits + 1);
            float middle = (float) ((low + high) / 2); // exact: 12 significant bits
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertF16(middle, even);
            assertF16(Math.nextDown(middle), bits);
            assertF16(Math.nextUp(middle), bits + 1);
            assertF16(-middle, 0x8000 | even);
        }
    }

    @Test
    void rounds_halves_to_even_at_every_boundary_of_bfloat16() {
        for (int bits = 0; bits < 0x7F80; bits++) {
            int middle = bits << 16 | 0x8000;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertThat(HalfFloats.floatToBf16(middle) & 0xFFFF).isEqualTo(even);
            assertThat(HalfFloats.floatToBf16(middle - 1) & 0xFFFF).isEqualTo(bits);
            assertThat(HalfFloats.floatToBf16(middle + 1) & 0xFFFF).isEqualTo(bits + 1);
            assertThat(HalfFloats.floatToBf16(middle | 0x80000000) & 0xFFFF)
                    .isEqualTo(0x8000 | even);
        }
    }

    @Test
    void nan_stays_nan_whatever_its_bits() {
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            int nan = 0x7F800001 + random.nextInt(0x7FFFFF) | (random.nextInt() & 0x80000000);
            assertThat(HalfFloats.floatToBf16(nan)).isEqualTo((short) 0x7FC0);
            assertThat(HalfFloats.floatToF16(nan) & 0x7FFF).isEqualTo(0x7E00);
        }
    }

    private static void assertF16(float value, int bits) {
        assertThat(HalfFloats.floatToF16(Float.floatToRawIntBits(value)) & 0xFFFF)
                .as("%s", value)
                .isEqualTo(bits);
    }

    /** The definition: (-1)^sign * 2^(exponent-15) * 1.mantissa, or 2^-14 * 0.mantissa. */
    private static float valueOfF16(int bits) {
        int exponent = bits >> 10 & 31;
        int mantissa = bits & 0x3FF;
        double value;
        if (exponent == 31) {
            value = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            value = Math.scalb((double) mantissa, -24);
        } else {
            value = Math.scalb(1024.0 + mantissa, exponent - 25);
        }
        return (float) ((bits & 0x8000) == 0 ? value : -value);
    }
}
