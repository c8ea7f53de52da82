package ai.llm360.common.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorLoaderTest {

    @TempDir Path temp;
    private NDManager manager;
    private TensorLoader loader;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
        loader = new TensorLoader(manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** Writes bytes behind {@code offset} bytes of something else. */
    private Path file(int offset, byte... bytes) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(offset + bytes.length);
        for (int i = 0; i < offset; i++) {
            all.put((byte) 0x55);
        }
        return Files.write(temp.resolve("tensor.bin"), all.put(bytes).array());
    }

    /** The values 0, 1 and 1, or what is nearest to them in a type, as its bytes. */
    private static byte[] zeroOneOne(TensorType type) {
        ByteBuffer bytes = ByteBuffer.allocate(3 * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 3; i++) {
            int one = Math.min(i, 1);
            switch (type) {
                case F64 -> bytes.putDouble(one);
                case F32 -> bytes.putFloat(one);
                case F16 -> bytes.putShort((short) (one * 0x3C00));
                case BF16 -> bytes.putShort((short) (one * 0x3F80));
                case I64 -> bytes.putLong(one);
                case I32 -> bytes.putInt(one);
                case I16 -> bytes.putShort((short) one);
                case I8, U8, BOOL -> bytes.put((byte) one);
            }
        }
        return bytes.array();
    }

    /** Casts inside libtorch, since DJL can't touch every type. */
    private float[] floats(NDArray array) {
        return TensorLoader.cast(manager, array, TensorType.F32.torchScalarType()).toFloatArray();
    }

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void every_type_is_mapped_at_an_aligned_and_a_misaligned_offset(TensorType type)
            throws IOException {
        for (int offset : new int[] {0, 8, 64, 3, 13}) {
            Path path = file(offset, zeroOneOne(type));
            NDArray mapped =
                    loader.map(
                            manager, TensorInfo.contiguous("t", type, new Shape(3), path, offset));
            assertThat(floats(mapped)).as("offset %d", offset).containsExactly(0, 1, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F32", "F16", "F64", "BF16"})
    void a_weight_is_cast_to_every_weight_type(TensorType from) throws IOException {
        TensorInfo info =
                TensorInfo.contiguous("t", from, new Shape(3), file(8, zeroOneOne(from)), 8);
        for (WeightType to : List.of(WeightType.FP32, WeightType.BF16, WeightType.FP16)) {
            NDArray loaded = loader.load(manager, info, to.tensorType());
            assertThat(TensorLoader.typeOf(loaded)).isEqualTo(to.tensorType());
            assertThat(floats(loaded)).containsExactly(0, 1, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void a_transposed_tensor_keeps_its_strides(int offset) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 6; i++) {
            bytes.putFloat(i);
        }
        Path path = file(offset, bytes.array());
        // (2, 3) read down the columns of a stored (3, 2).
        TensorInfo info =
                new TensorInfo("t", TensorType.F32, new Shape(2, 3), path, offset, List.of(1L, 2L));
        assertThat(loader.map(manager, info).toType(DataType.FLOAT32, true).toFloatArray())
                .containsExactly(0, 2, 4, 1, 3, 5);
    }

    @Test
    void a_scalar_and_an_empty_tensor_keep_their_shapes() throws IOException {
        Path path = file(4, zeroOneOne(TensorType.F32));
        NDArray scalar =
                loader.map(
                        manager, TensorInfo.contiguous("s", TensorType.F32, new Shape(), path, 8));
        assertThat(scalar.getShape()).isEqualTo(new Shape());
        assertThat(scalar.getFloat()).isEqualTo(1);
        NDArray empty =
                loader.map(
                        manager,
                        TensorInfo.contiguous("e", TensorType.F32, new Shape(2, 0), path, 16));
        assertThat(empty.getShape()).isEqualTo(new Shape(2, 0));
    }

    @Test
    void writing_to_a_mapped_tensor_never_reaches_the_file() throws IOException {
        byte[] bytes = zeroOneOne(TensorType.F32);
        Path path = file(0, bytes);
        NDArray mapped =
                loader.map(
                        manager, TensorInfo.contiguous("t", TensorType.F32, new Shape(3), path, 0));
        mapped.addi(5);
        assertThat(mapped.toFloatArray()).containsExactly(5, 6, 6);
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    @Test
    void a_mapped_tensor_outlives_the_loader_but_not_its_manager() throws IOException {
        TensorInfo info =
                TensorInfo.contiguous(
                        "t", TensorType.F32, new Shape(3), file(0, zeroOneOne(TensorType.F32)), 0);
        try (NDManager scope = manager.newSubManager()) {
            NDArray mapped = loader.map(scope, info);
            loader.close();
            assertThat(mapped.toFloatArray()).containsExactly(0, 1, 1);
            assertThat(scope.getManagedArrays()).hasSize(1);
        }
    }

    @Test
    void an_uninitialised_tensor_has_the_asked_shape_and_type() {
        NDArray empty = loader.empty(manager, new Shape(2, 5), TensorType.BF16);
        assertThat(empty.getShape()).isEqualTo(new Shape(2, 5));
        assertThat(TensorLoader.typeOf(empty)).isEqualTo(TensorType.BF16);
    }

    @Test
    void whole_numbers_are_no_weights() {
        NDArray ids = manager.create(new int[] {1});
        assertThatThrownBy(() -> TensorLoader.typeOf(ids))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("int32");
    }
}
