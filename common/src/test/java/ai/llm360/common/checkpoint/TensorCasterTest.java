package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TensorCasterTest {

    private static final int COUNT = 20_001; // more than two chunks, and odd

    @Test
    void bulk_casts_agree_with_casts_of_single_elements() {
        TensorType[] floats = {TensorType.F32, TensorType.F16, TensorType.BF16};
        for (TensorType from : floats) {
            byte[] bytes = new byte[COUNT * from.byteSize()];
            new Random(2).nextBytes(bytes);
            for (TensorType to : floats) {
                ByteBuffer bulk = cast(from, bytes, to);
                ByteBuffer single = buffer(COUNT * to.byteSize());
                if (from == to) {
                    single.put(bytes).flip();
                } else {
                    ScalarCasts.cast(from, wrap(bytes), to, single, COUNT);
                }
                assertThat(bulk).as("%s to %s", from, to).isEqualTo(single);
            }
        }
    }

    @Test
    void casts_integers_and_booleans_by_value() {
        byte[] bytes = {(byte) 0xFF, 0, 1};
        assertThat(floats(cast(TensorType.U8, bytes, TensorType.F32))).containsExactly(255, 0, 1);
        assertThat(floats(cast(TensorType.I8, bytes, TensorType.F32))).containsExactly(-1, 0, 1);
        assertThat(floats(cast(TensorType.BOOL, bytes, TensorType.F32))).containsExactly(1, 0, 1);
        assertThat(cast(TensorType.I8, bytes, TensorType.I64).getLong()).isEqualTo(-1);
        assertThat(cast(TensorType.U8, bytes, TensorType.I16).getShort()).isEqualTo((short) 255);
    }

    @Test
    void rounds_doubles_by_way_of_floats_as_torch_does() {
        // Just above halfway between two bfloat16 values; as a float it is exactly halfway.
        double value = 1 + 0x1p-8 + 0x1p-40;
        byte[] bytes = buffer(8).putDouble(value).array();
        assertThat(cast(TensorType.F64, bytes, TensorType.BF16).getShort())
                .isEqualTo((short) 0x3F80);
        assertThat(cast(TensorType.F64, bytes, TensorType.F32).getFloat()).isEqualTo((float) value);
    }

    @Test
    void refuses_casts_that_lose_meaning() {
        for (TensorType[] pair :
                new TensorType[][] {
                    {TensorType.F32, TensorType.I64},
                    {TensorType.I64, TensorType.I32},
                    {TensorType.I8, TensorType.U8},
                    {TensorType.U8, TensorType.I8},
                    {TensorType.U8, TensorType.BOOL}
                }) {
            assertThatThrownBy(() -> cast(pair[0], new byte[8], pair[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(pair[0] + " is not cast to " + pair[1]);
        }
    }

    @Test
    void moves_the_positions_and_touches_nothing_else() {
        ByteBuffer src = wrap(new byte[20]).position(4);
        ByteBuffer dst = ByteBuffer.wrap(new byte[] {9, 9, 9, 9, 9, 9, 9, 9}).position(2);
        TensorCaster.cast(TensorType.F32, src, TensorType.BF16, dst, 2);
        assertThat(src.position()).isEqualTo(12);
        assertThat(dst.position()).isEqualTo(6);
        assertThat(dst.array()).containsExactly(9, 9, 0, 0, 0, 0, 9, 9);
        assertThatThrownBy(() -> TensorCaster.cast(TensorType.F32, src, TensorType.BF16, dst, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("larger buffers");
    }

    private static ByteBuffer cast(TensorType from, byte[] bytes, TensorType to) {
        int count = bytes.length / from.byteSize();
        ByteBuffer dst = buffer(count * to.byteSize());
        TensorCaster.cast(from, wrap(bytes), to, dst, count);
        return dst.flip();
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static float[] floats(ByteBuffer bytes) {
        float[] floats = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(floats);
        return floats;
    }
}
