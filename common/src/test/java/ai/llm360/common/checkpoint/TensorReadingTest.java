package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorReadingTest {

    @TempDir Path folder;

    @Test
    void reads_rows_and_casts_them() throws IOException {
        Path file =
                new SafetensorsBuilder()
                        .floats("a", new long[] {3, 2}, 0, 1, 2, 3, 4, 5)
                        .write(folder.resolve("x"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            ByteBuffer rows = checkpoint.read("a", TensorType.F64, 1, 3);
            assertThat(rows.remaining()).isEqualTo(32);
            assertThat(rows.getDouble()).isEqualTo(2);
            assertThat(checkpoint.read("a", TensorType.F64, 2, 2).remaining()).isZero();
            assertThatThrownBy(() -> checkpoint.read("a", TensorType.F64, 1, 4))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("rows 1 to 4 of tensor a (3, 2)");
            assertThatThrownBy(() -> checkpoint.read("a", TensorType.I32))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("F32 is not cast to I32");
        }
    }

    @Test
    void reads_large_tensors_in_parts_to_the_same_bytes() throws IOException {
        int count = 5_000_017; // parts and blocks of odd lengths
        byte[] bytes = new byte[4 * count];
        new Random(3).nextBytes(bytes);
        Path file =
                new SafetensorsBuilder()
                        .tensor("a", TensorType.F32, new long[] {count}, bytes)
                        .write(folder.resolve("x"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.read("a")).isEqualTo(ByteBuffer.wrap(bytes));
            ByteBuffer expected = ByteBuffer.allocate(2 * count);
            TensorCaster.cast(
                    TensorType.F32, ByteBuffer.wrap(bytes), TensorType.BF16, expected, count);
            assertThat(checkpoint.read("a", TensorType.BF16)).isEqualTo(expected.flip());
        }
    }

    @Test
    void gathers_strided_tensors_from_any_element_on() throws IOException {
        float[] values = new float[24];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path file =
                new TorchZipBuilder()
                        .storage("0", TensorType.F32, SafetensorsBuilder.littleEndian(values))
                        .view("p", "0", 0, new long[] {4, 2, 3}, new long[] {1, 12, 4})
                        .write(folder.resolve("x"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            TensorInfo p = checkpoint.get("p");
            ByteBuffer whole = checkpoint.read("p", TensorType.F32);
            for (int i = 0; i < 24; i++) {
                float expected = i / 6 + 12 * (i / 3 % 2) + 4 * (i % 3);
                assertThat(whole.getFloat(4 * i)).isEqualTo(expected);
                ByteBuffer one = ByteBuffer.allocate(4);
                checkpoint.read(p, i, 1, TensorType.F32, one);
                assertThat(one.array()).isEqualTo(SafetensorsBuilder.littleEndian(expected));
            }
        }
    }

    @Test
    void refuses_a_file_that_became_shorter() throws IOException {
        Path file =
                new TorchZipBuilder()
                        .storage("0", TensorType.F32, new byte[1 << 16])
                        .view("packed", "0", 0, new long[] {1 << 14}, new long[] {1})
                        .view(
                                "strided",
                                "0",
                                0,
                                new long[] {1 << 7, 1 << 7},
                                new long[] {1, 1 << 7})
                        .write(folder.resolve("x"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(1 << 15);
            }
            assertThatThrownBy(() -> checkpoint.read("packed"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("truncated");
            assertThatThrownBy(() -> checkpoint.read("strided"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("has become shorter");
        }
    }

    @Test
    void refuses_reads_outside_of_the_tensor_the_buffer_or_the_checkpoint() throws IOException {
        Path file =
                new SafetensorsBuilder()
                        .floats("a", new long[] {2}, 1, 2)
                        .write(folder.resolve("x"));
        Checkpoint checkpoint = Checkpoint.open(file);
        TensorInfo a = checkpoint.get("a");
        ByteBuffer dst = ByteBuffer.allocate(8);
        refuses(checkpoint, a, 1, 2, dst, "elements 1 + 2 of tensor a, which has 2");
        refuses(checkpoint, a, -1, 1, dst, "elements -1");
        refuses(checkpoint, a, 0, Long.MAX_VALUE, dst, "elements 0");
        refuses(checkpoint, a, 0, 2, ByteBuffer.allocate(7), "don't fit");
        TensorInfo other =
                TensorInfo.contiguous("a", a.type(), a.shape(), folder.resolve("y"), a.offset());
        refuses(checkpoint, other, 0, 1, dst, "is not a file of this checkpoint");
        checkpoint.close();
        assertThatThrownBy(() -> checkpoint.read("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }

    @Test
    void tensor_infos_measure_themselves_without_overflow() {
        Path file = folder.resolve("x");
        TensorInfo column =
                new TensorInfo("c", TensorType.F32, new Shape(3, 1), file, 8, List.of(5L, 9L));
        assertThat(column.isContiguous()).isFalse();
        assertThat(column.byteLength()).isEqualTo(12);
        assertThat(column.spanBytes()).isEqualTo(44);
        TensorInfo one =
                new TensorInfo("o", TensorType.F32, new Shape(1, 2), file, 8, List.of(77L, 1L));
        assertThat(one.isContiguous()).isTrue();
        assertThatThrownBy(
                        () ->
                                TensorInfo.contiguous(
                                        "h",
                                        TensorType.F64,
                                        new Shape(1L << 40, 1L << 23),
                                        file,
                                        0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TensorInfo.contiguous("h", TensorType.U8, new Shape(9), file, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void refuses(
            Checkpoint checkpoint,
            TensorInfo tensor,
            long first,
            long count,
            ByteBuffer dst,
            String message) {
        assertThatThrownBy(() -> checkpoint.read(tensor, first, count, TensorType.F32, dst))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
