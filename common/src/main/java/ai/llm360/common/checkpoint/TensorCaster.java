package ai.llm360.common.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Casts packed elements from one type to another as {@code torch.Tensor.to} does.
 *
 * <p>Allowed are: any type to a floating-point type, rounding to nearest even (to F16 and BF16 by
 * way of F32, as torch does), and integers and booleans to wider or equal integers that hold every
 * value. Floating-point to integer, narrowing, and anything to boolean are refused: a checkpoint
 * has no use for them.
 *
 * <p>The casts that checkpoints need (among F32, F16 and BF16) run over small heap arrays, where
 * HotSpot drops bounds checks and vectorises what it can; the copies in and out stay in the cache.
 */
public final class TensorCaster {

    /**
     * Elements per turn: 32 kB of F32 and 16 kB of a 16-bit type, so both stay in a L1/L2 cache.
     */
    private static final int CHUNK = 8192;

    private TensorCaster() {}

    /** {@return whether a cast is offered: every value keeps its meaning, rounding aside} */
    public static boolean isAllowed(TensorType from, TensorType to) {
        if (from == to || to.isFloatingPoint()) {
            return true;
        }
        if (from.isFloatingPoint() || to == TensorType.BOOL) {
            return false;
        }
        return switch (from) {
            case BOOL -> true;
            case U8 -> to.byteSize() > 1;
            default -> to != TensorType.U8 && to.byteSize() > from.byteSize();
        };
    }

    /**
     * Casts elements.
     *
     * @param src holds {@code count} little-endian elements at its position, which moves past them
     * @param dst receives {@code count} little-endian elements at its position, which moves past
     *     them
     * @throws IllegalArgumentException if the cast is not allowed, or a buffer is too small
     */
    public static void cast(
            TensorType from, ByteBuffer src, TensorType to, ByteBuffer dst, int count) {
        requireAllowed(from, to);
        Sizes.require(
                (long) count * from.byteSize() <= src.remaining()
                        && (long) count * to.byteSize() <= dst.remaining(),
                "%d elements of %s to %s need larger buffers than %s and %s",
                count,
                from,
                to,
                src,
                dst);
        ByteBuffer in =
                src.slice(src.position(), count * from.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out =
                dst.slice(dst.position(), count * to.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        if (from == to) {
            out.put(in);
        } else if (isOfBulk(from) && isOfBulk(to)) {
            castFloats(from, in, to, out);
        } else {
            ScalarCasts.cast(from, in, to, out, count);
        }
        src.position(src.position() + count * from.byteSize());
        dst.position(dst.position() + count * to.byteSize());
    }

    static void requireAllowed(TensorType from, TensorType to) {
        Sizes.require(
                isAllowed(from, to),
                "a checkpoint's %s is not cast to %s, which can't hold it",
                from,
                to);
    }

    private static boolean isOfBulk(TensorType type) {
        return type == TensorType.F32 || type == TensorType.F16 || type == TensorType.BF16;
    }

    /** Casts among F32, F16 and BF16, by way of F32. */
    private static void castFloats(TensorType from, ByteBuffer in, TensorType to, ByteBuffer out) {
        int[] wide = new int[Math.min(CHUNK, in.remaining() / from.byteSize())];
        short[] half = new short[wide.length];
        while (in.hasRemaining()) {
            int n = Math.min(wide.length, in.remaining() / from.byteSize());
            if (from == TensorType.F32) {
                in.asIntBuffer().get(wide, 0, n);
            } else {
                in.asShortBuffer().get(half, 0, n);
                widen(from, half, wide, n);
            }
            if (to == TensorType.F32) {
                out.asIntBuffer().put(wide, 0, n);
            } else {
                narrow(wide, to, half, n);
                out.asShortBuffer().put(half, 0, n);
            }
            in.position(in.position() + n * from.byteSize());
            out.position(out.position() + n * to.byteSize());
        }
    }

    private static void widen(TensorType from, short[] half, int[] wide, int n) {
        if (from == TensorType.BF16) {
            for (int i = 0; i < n; i++) {
                wide[i] = HalfFloats.bf16ToFloat(half[i]);
            }
        } else {
            for (int i = 0; i < n; i++) {
                wide[i] = HalfFloats.f16ToFloat(half[i]);
            }
        }
    }

    private static void narrow(int[] wide, TensorType to, short[] half, int n) {
        if (to == TensorType.BF16) {
            for (int i = 0; i < n; i++) {
                half[i] = HalfFloats.floatToBf16(wide[i]);
            }
        } else {
            for (int i = 0; i < n; i++) {
                half[i] = HalfFloats.floatToF16(wide[i]);
            }
        }
    }
}
