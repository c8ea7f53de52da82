package ai.llm360.common.checkpoint;

import java.nio.ByteBuffer;

/** The casts that no checkpoint of note needs in bulk, one element at a time. */
final class ScalarCasts {

    private ScalarCasts() {}

    /** Casts {@code count} little-endian elements between buffers in little-endian order. */
    static void cast(TensorType from, ByteBuffer in, TensorType to, ByteBuffer out, int count) {
        for (int i = 0; i < count; i++) {
            int at = i * to.byteSize();
            int source = i * from.byteSize();
            switch (to) {
                case F64 -> out.putDouble(at, asDouble(from, in, source));
                case F32 -> out.putFloat(at, asFloat(from, in, source));
                case F16 -> out.putShort(at, HalfFloats.floatToF16(floatBits(from, in, source)));
                case BF16 -> out.putShort(at, HalfFloats.floatToBf16(floatBits(from, in, source)));
                case I64 -> out.putLong(at, asLong(from, in, source));
                case I32 -> out.putInt(at, (int) asLong(from, in, source));
                case I16 -> out.putShort(at, (short) asLong(from, in, source));
                case I8, U8, BOOL -> out.put(at, (byte) asLong(from, in, source));
            }
        }
    }

    private static int floatBits(TensorType from, ByteBuffer in, int at) {
        return Float.floatToRawIntBits(asFloat(from, in, at));
    }

    private static double asDouble(TensorType from, ByteBuffer in, int at) {
        return switch (from) {
            case F64 -> in.getDouble(at);
            case F32, F16, BF16 -> asFloat(from, in, at);
            default -> (double) asLong(from, in, at);
        };
    }

    private static float asFloat(TensorType from, ByteBuffer in, int at) {
        return switch (from) {
            case F64 -> (float) in.getDouble(at);
            case F32 -> in.getFloat(at);
            case F16 -> Float.intBitsToFloat(HalfFloats.f16ToFloat(in.getShort(at)));
            case BF16 -> Float.intBitsToFloat(HalfFloats.bf16ToFloat(in.getShort(at)));
            default -> (float) asLong(from, in, at);
        };
    }

    private static long asLong(TensorType from, ByteBuffer in, int at) {
        return switch (from) {
            case I64 -> in.getLong(at);
            case I32 -> in.getInt(at);
            case I16 -> in.getShort(at);
            case I8 -> in.get(at);
            case U8 -> in.get(at) & 0xFF;
            case BOOL -> in.get(at) == 0 ? 0 : 1;
            default -> throw new IllegalArgumentException(from + " is not an integer type");
        };
    }
}
