package ai.llm360.common.checkpoint;

/**
 * Casts between the bits of binary32, binary16 and bfloat16, rounding to nearest, ties to even.
 *
 * <p>The results are those of PyTorch's scalar code bit for bit: {@code
 * c10::detail::round_to_nearest_even} (bfloat16: every NaN becomes {@code 0x7FC0}) and {@code
 * c10::detail::fp16_ieee_from_fp32_value} (binary16: a NaN becomes {@code 0x7E00} with its sign).
 * PyTorch's vectorised code keeps other NaN bits on some processors; nothing else differs.
 */
final class HalfFloats {

    private HalfFloats() {}

    static short floatToBf16(int f32) {
        // Adding 0x7FFF, or 0x8000 if the kept part is odd, carries into it exactly when rounding
        // up is due; infinity has no low bits and stays.
        int rounded = (f32 + 0x7FFF + ((f32 >>> 16) & 1)) >>> 16;
        return (short) ((f32 & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
    }

    static int bf16ToFloat(short bf16) {
        return bf16 << 16;
    }

    static short floatToF16(int f32) {
        int sign = (f32 >>> 16) & 0x8000;
        int abs = f32 & 0x7FFFFFFF;
        int bits;
        if (abs >= 0x477FF000) { // 65520, halfway from the largest finite 65504 to 65536
            bits = abs > 0x7F800000 ? 0x7E00 : 0x7C00;
        } else if (abs >= 0x38800000) { // 2^-14, the smallest normal
            bits = (abs - (112 << 23) + 0xFFF + ((abs >>> 13) & 1)) >>> 13;
        } else {
            // Floats in [0.5, 1) are spaced 2^-24 apart, as binary16's subnormals are: the addition
            // does the rounding.
            bits = Float.floatToRawIntBits(Float.intBitsToFloat(abs) + 0.5f) - 0x3F000000;
        }
        return (short) (sign | bits);
    }

    static int f16ToFloat(short f16) {
        int sign = (f16 & 0x8000) << 16;
        int abs = f16 & 0x7FFF;
        if (abs >= 0x7C00) { // infinity, or a NaN, made quiet
            return sign | 0x7F800000 | (abs > 0x7C00 ? 0x400000 : 0) | (abs & 0x3FF) << 13;
        }
        if (abs >= 0x400) {
            return sign | ((abs << 13) + (112 << 23));
        }
        // Subnormal: abs * 2^-24, exact.
        return sign | Float.floatToRawIntBits(abs * 0x1p-24f);
    }
}
