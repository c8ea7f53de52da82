package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.SafetensorsBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsReadingTest {

    @TempDir Path folder;

    @Test
    void reads_names_types_shapes_and_places_in_the_order_of_the_data() throws IOException {
        Path file =
                new SafetensorsBuilder()
                        .metadata("format", "pt")
                        .floats("b", new long[] {2, 1}, 1, 2)
                        .tensor("a", TensorType.I64, new long[] {}, new byte[8])
                        .tensor("none", TensorType.BF16, new long[] {0, 7}, new byte[0])
                        .write(folder.resolve("x.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.layout()).isEqualTo(CheckpointLayout.SAFETENSORS);
            assertThat(checkpoint.metadata()).containsEntry("format", "pt");
            assertThat(checkpoint.tensors().keySet()).containsExactly("b", "a", "none");
            assertThat(checkpoint.shards()).containsExactly(file);
            assertThat(checkpoint.byteSize()).isEqualTo(16);
            assertThat(checkpoint.parameterCount()).isEqualTo(2);
            TensorInfo b = checkpoint.get("b");
            assertThat(b.type()).isEqualTo(TensorType.F32);
            assertThat(b.shape()).isEqualTo(new Shape(2, 1));
            assertThat(b.offset()).isEqualTo(Files.size(file) - 16);
            assertThat(b.strides()).containsExactly(1L, 1L);
            assertThat(checkpoint.get("a").shape().dimension()).isZero();
            assertThat(checkpoint.read("none").remaining()).isZero();
        }
    }

    @Test
    void names_the_nearest_tensors_when_one_is_not_there() throws IOException {
        Path file =
                new SafetensorsBuilder()
                        .floats("model.norm.weight", new long[] {1}, 1)
                        .floats("lm_head.weight", new long[] {1}, 1)
                        .write(folder.resolve("x.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThatThrownBy(() -> checkpoint.get("lm_head.wieght"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[lm_head.weight, model.norm.weight]");
        }
    }

    @Test
    void refuses_a_truncated_file() throws IOException {
        byte[] whole = new SafetensorsBuilder().floats("a", new long[] {3}, 1, 2, 3).bytes();
        refuses(Arrays.copyOf(whole, whole.length - 1), "ends beyond the file's 11 bytes of data");
        refuses(Arrays.copyOf(whole, 20), "the file has only 20");
        refuses(Arrays.copyOf(whole, 5), "too few for a checkpoint");
        refuses(new byte[0], "has only 0 bytes");
    }

    @Test
    void refuses_a_header_longer_than_the_file() throws IOException {
        byte[] file = new SafetensorsBuilder().floats("a", new long[] {1}, 1).bytes();
        refuses(withLength(file, file.length - 7), "claims a header of");
    }

    @Test
    void refuses_a_header_longer_than_the_reference_allows() throws IOException {
        byte[] file = new SafetensorsBuilder().floats("a", new long[] {1}, 1).bytes();
        refuses(withLength(file, 100_000_001), "at most 100000000");
        refuses(withLength(file, -1), "18446744073709551615 bytes");
    }

    @Test
    void refuses_tensors_that_do_not_tile_the_data() throws IOException {
        String first = SafetensorsBuilder.entry("a", "F32", "[2]", 0, 8);
        refuses(first + "," + SafetensorsBuilder.entry("b", "F32", "[2]", 4, 12), 12, "overlaps");
        refuses(first + "," + SafetensorsBuilder.entry("b", "F32", "[1]", 12, 16), 16, "a hole");
        refuses(SafetensorsBuilder.entry("a", "F32", "[2]", 4, 12), 12, "must begin at 0");
        refuses(SafetensorsBuilder.entry("a", "F32", "[2]", 8, 0), 8, "ends before it begins");
        refuses(SafetensorsBuilder.entry("a", "F32", "[4]", 0, 16), 8, "ends beyond");
        refuses(first, 9, "the file holds 9 bytes");
        refuses(SafetensorsBuilder.entry("a", "U8", "[0]", Long.MAX_VALUE, Long.MAX_VALUE), 0, "");
    }

    @Test
    void refuses_a_shape_that_does_not_fill_its_bytes() throws IOException {
        refuses(SafetensorsBuilder.entry("a", "F32", "[3]", 0, 8), 8, "does not fill");
        refuses(SafetensorsBuilder.entry("a", "F32", "[]", 0, 8), 8, "does not fill");
    }

    @Test
    void refuses_shapes_whose_size_overflows() throws IOException {
        String huge = "[4294967296, 4294967296, 4294967296]";
        refuses(SafetensorsBuilder.entry("a", "F32", huge, 0, 0), 0, "does not fill");
        refuses(
                SafetensorsBuilder.entry("a", "F32", "[0, 4611686018427387904, 8]", 0, 0),
                0,
                "does not fill");
        refuses(
                SafetensorsBuilder.entry("a", "F64", "[2305843009213693952]", 0, 0),
                0,
                "does not fill");
    }

    @Test
    void refuses_sizes_that_are_not_plain_integers() throws IOException {
        for (String size :
                List.of("-1", "1.0", "1e0", "9223372036854775808", "99999999999999999999")) {
            refuses(SafetensorsBuilder.entry("a", "F32", "[" + size + "]", 0, 4), 4, size);
        }
        refuses(SafetensorsBuilder.entry("a", "F32", "[\"1\"]", 0, 4), 4, "expected an integer");
        refuses(SafetensorsBuilder.entry("a", "F32", "[null]", 0, 4), 4, "expected an integer");
    }

    @Test
    void refuses_unknown_types_by_name() throws IOException {
        refuses(SafetensorsBuilder.entry("a", "F8_E4M3", "[1]", 0, 1), 1, "dtype 'F8_E4M3'");
        refuses(SafetensorsBuilder.entry("a", "f32", "[1]", 0, 4), 4, "known are [F64, F32");
    }

    @Test
    void refuses_repeated_names() throws IOException {
        String twice =
                SafetensorsBuilder.entry("a", "U8", "[1]", 0, 1)
                        + ","
                        + SafetensorsBuilder.entry("a", "U8", "[1]", 1, 2);
        refuses(twice, 2, "'a' occurs twice");
        refuses(
                "\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}",
                1,
                "'dtype' occurs twice");
    }

    @Test
    void refuses_headers_that_are_not_one_json_object() throws IOException {
        refuses(new SafetensorsBuilder().header("[]").bytes(), "is not safetensors");
        refuses(new SafetensorsBuilder().header(" {}").bytes(), "is not safetensors");
        refuses(new SafetensorsBuilder().header("{} {}").bytes(), "not valid JSON");
        refuses(new SafetensorsBuilder().header("{'a':1}").bytes(), "not valid JSON");
        refuses(new SafetensorsBuilder().header("{\"a\":").bytes(), "is not valid JSON");
        refuses(new SafetensorsBuilder().header("{\"a\":7}").bytes(), "expected an object");
    }

    @Test
    void refuses_text_that_is_not_utf_8() throws IOException {
        byte[] header = "{\"?\":{}}".getBytes(StandardCharsets.UTF_8);
        header[2] = (byte) 0xFF;
        refuses(new SafetensorsBuilder().bytes(header), "not valid JSON");
    }

    @Test
    void refuses_metadata_that_is_not_text() throws IOException {
        refuses("\"__metadata__\":{\"a\":1}", 0, "expected a string");
        refuses("\"__metadata__\":[]", 0, "expected an object");
    }

    @Test
    void refuses_incomplete_entries() throws IOException {
        refuses("\"a\":{\"dtype\":\"U8\",\"shape\":[1]}", 1, "data_offsets");
        refuses("\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}", 1, "must be two");
        refuses(
                "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}",
                1,
                "more than 2");
    }

    @Test
    void refuses_deep_nesting_and_endless_shapes() throws IOException {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        refuses("\"a\":{\"extra\":" + deep + "}", 0, "Nesting limit");
        String flat = Collections.nCopies(1000, "1").toString();
        refuses(SafetensorsBuilder.entry("a", "U8", flat, 0, 1), 1, "more than 64 numbers");
    }

    @Test
    void copies_a_misaligned_tensor() throws IOException {
        Path file =
                new SafetensorsBuilder()
                        .tensor("byte", TensorType.U8, new long[] {1}, new byte[] {9})
                        .floats("a", new long[] {2}, 1.5f, -2)
                        .write(folder.resolve("x.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            ByteBuffer a = checkpoint.read("a");
            assertThat(a.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThat(a.getFloat()).isEqualTo(1.5f);
            assertThat(a.getFloat()).isEqualTo(-2f);
        }
    }

    private void refuses(String entries, int dataBytes, String message) throws IOException {
        refuses(
                new SafetensorsBuilder().header("{" + entries + "}").data(dataBytes).bytes(),
                message);
    }

    private void refuses(byte[] bytes, String message) throws IOException {
        Path file = Files.write(folder.resolve("bad.safetensors"), bytes);
        assertThatThrownBy(() -> Checkpoint.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message);
    }

    private static byte[] withLength(byte[] file, long length) {
        return ByteBuffer.wrap(file.clone())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, length)
                .array();
    }
}
