package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.PickleBuilder;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchReadingTest {

    private static final long[] TWO = {2};
    private static final long[] ONE = {1};

    @TempDir Path folder;

    @Test
    void reads_every_type_of_storage() throws IOException {
        TorchZipBuilder builder = new TorchZipBuilder().record("byteorder", "little");
        for (TensorType type : TensorType.values()) {
            byte[] bytes = new byte[3 * type.byteSize()];
            bytes[0] = 1;
            builder.tensor(type.name(), type, new long[] {3}, bytes);
        }
        try (Checkpoint checkpoint = Checkpoint.open(write(builder.bytes()))) {
            assertThat(checkpoint.tensors()).hasSize(TensorType.values().length);
            for (TensorType type : TensorType.values()) {
                TensorInfo info = checkpoint.get(type.name());
                assertThat(info.type()).isEqualTo(type);
                assertThat(info.shape()).isEqualTo(new Shape(3));
                assertThat(checkpoint.read(type.name()).get()).isEqualTo((byte) 1);
            }
        }
    }

    @Test
    void an_interrupt_is_no_damage() throws IOException {
        Path file = write(new TorchZipBuilder().floats("a", ONE, 1).bytes());
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> TorchArchive.read(file))
                    .isInstanceOf(ClosedByInterruptException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void reads_views_that_share_a_storage() throws IOException {
        Path file =
                write(
                        new TorchZipBuilder()
                                .storage(
                                        "0",
                                        TensorType.F32,
                                        SafetensorsBuilder.littleEndian(0, 1, 2, 3, 4, 5))
                                .view("tied", "0", 0, new long[] {2, 3}, new long[] {3, 1})
                                .view("head", "0", 0, new long[] {2, 3}, new long[] {3, 1})
                                .view("transposed", "0", 0, new long[] {3, 2}, new long[] {1, 3})
                                .view("column", "0", 2, TWO, new long[] {3})
                                .view("scalar", "0", 5, new long[0], new long[0])
                                .bytes());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(floats(checkpoint.read("tied"))).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(floats(checkpoint.read("transposed"))).containsExactly(0, 3, 1, 4, 2, 5);
            assertThat(floats(checkpoint.read("transposed", TensorType.F32, 1, 3)))
                    .containsExactly(1, 4, 2, 5);
            assertThat(floats(checkpoint.read("column"))).containsExactly(2, 5);
            assertThat(floats(checkpoint.read("scalar"))).containsExactly(5);
            assertThat(checkpoint.get("transposed").isContiguous()).isFalse();
            assertThat(checkpoint.get("head").offset()).isEqualTo(checkpoint.get("tied").offset());
            // The three views that start at element 0 have the same six elements.
            assertThat(checkpoint.parameterCount()).isEqualTo(6 + 2 + 1);
        }
    }

    @Test
    void reads_parameters_attributes_and_module_metadata() throws IOException {
        PickleBuilder pickle =
                new PickleBuilder()
                        .proto(2)
                        .global("collections", "OrderedDict")
                        .raw(')')
                        .reduce()
                        .mark()
                        .text("parameter")
                        .global("torch._utils", "_rebuild_parameter")
                        .mark()
                        .tensor("FloatStorage", "0", 2, 0, TWO, ONE)
                        .no()
                        .orderedDict()
                        .tuple()
                        .reduce()
                        .text("with_attributes")
                        .global("torch._tensor", "_rebuild_from_type_v2")
                        .mark()
                        .global("torch._utils", "_rebuild_tensor_v2")
                        .global("torch.nn.parameter", "Parameter")
                        .tensorArguments("FloatStorage", "0", 2, 1, ONE, ONE)
                        .emptyDict()
                        .text("_is_hf_initialized")
                        .raw(0x88, 's')
                        .tuple()
                        .reduce()
                        .setItems()
                        .emptyDict()
                        .text("_metadata")
                        .orderedDict()
                        .raw('s', 'b');
        Path file = write(zip(pickle));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(floats(checkpoint.read("parameter"))).containsExactly(1, 2);
            assertThat(floats(checkpoint.read("with_attributes"))).containsExactly(2);
        }
    }

    @Test
    void reads_protocol_4_with_memo_and_stack_global() throws IOException {
        PickleBuilder pickle =
                new PickleBuilder()
                        .proto(4)
                        .raw(0x95, 0, 0, 0, 0, 0, 0, 0, 0)
                        .emptyDict()
                        .raw(0x94)
                        .raw(0x8c, 1, 'w', 0x94)
                        .text("torch._utils")
                        .text("_rebuild_tensor_v2")
                        .raw(0x93, 0x94, '0', 'h', 2)
                        .tensorArguments("FloatStorage", "0", 2, 0, TWO, ONE)
                        .raw('R', 's');
        try (Checkpoint checkpoint = Checkpoint.open(write(zip(pickle)))) {
            assertThat(floats(checkpoint.read("w"))).containsExactly(1, 2);
        }
    }

    @Test
    void refuses_every_other_global_and_never_runs_it() throws IOException {
        for (String[] global :
                new String[][] {
                    {"os", "system"},
                    {"builtins", "eval"},
                    {"torch", "load"},
                    {"torch", "ComplexFloatStorage"},
                    {"torch._utils", "_rebuild_tensor_v3"},
                    {"numpy.core.multiarray", "_reconstruct"}
                }) {
            PickleBuilder pickle = new PickleBuilder().proto(2).global(global[0], global[1]);
            refuses(
                    zip(pickle.mark().text("echo").tuple().reduce()),
                    "the Python global '" + global[0] + "." + global[1] + "'");
        }
    }

    @Test
    void refuses_calls_that_torch_does_not_make() throws IOException {
        refuses(
                zip(start().global("torch", "FloatStorage").raw(')').reduce()),
                "calls something that is not a function");
        refuses(zip(start().global("torch", "Tensor").raw(')').reduce()), "calls a tensor class");
        refuses(
                zip(start().global("collections", "OrderedDict").tuple(1).reduce()),
                "arguments that torch never gives");
        refuses(zip(start().text("f").raw(')').reduce()), "not a function");
        refuses(zip(start().emptyDict().emptyDict().reduce()), "without a tuple");
        refuses(zip(start().emptyDict().raw(')', 0x81)), "opcode 0x81");
        refuses(zip(start().text("x").emptyDict().raw('b')), "sets the state");
    }

    @Test
    void refuses_a_storage_whose_size_lies() throws IOException {
        refuses(state(p -> p.tensor("FloatStorage", "0", 3, 0, ONE, ONE)), "has 8 bytes");
        refuses(state(p -> p.tensor("FloatStorage", "0", 1, 0, ONE, ONE)), "has 8 bytes");
        refuses(
                state(p -> p.tensor("FloatStorage", "0", Long.MAX_VALUE, 0, ONE, ONE)),
                "has 8 bytes");
        refuses(state(p -> p.tensor("FloatStorage", "0", -2, 0, ONE, ONE)), "persistent id");
        refuses(state(p -> p.tensor("FloatStorage", "1", 2, 0, ONE, ONE)), "'data/1'");
    }

    @Test
    void refuses_views_beyond_their_storage() throws IOException {
        long max = Long.MAX_VALUE;
        refuses(view(1, TWO, ONE), "reaches beyond its storage");
        refuses(view(0, TWO, TWO), "reaches beyond its storage");
        refuses(view(-1, ONE, ONE), "reaches beyond its storage");
        refuses(view(max, TWO, ONE), "overflow");
        refuses(view(0, TWO, new long[] {max}), "reaches beyond its storage");
        refuses(view(1, TWO, new long[] {max}), "overflow");
        refuses(view(1, TWO, new long[] {-1}), "stride -1 is negative");
        refuses(view(0, new long[] {-2}, ONE), "dimension -2 is negative");
        refuses(view(0, new long[] {max, max}, new long[] {0, 0}), "overflow");
        refuses(view(0, new long[] {1L << 40}, new long[] {0}), "repeats elements");
        refuses(view(0, new long[65], new long[65]), "more than 64 dimensions");
        refuses(view(0, TWO, new long[] {1, 1}), "1 sizes, 2 strides");
        refuses(view(3, new long[] {0}, ONE), "reaches beyond its storage");
    }

    @Test
    void refuses_what_is_not_a_plain_state_dict() throws IOException {
        refuses(state(PickleBuilder::emptyDict), "'w' is a dict, not a tensor. Only a plain");
        refuses(state(p -> p.integer(3)), "'w' is a Long");
        refuses(zip(start().tensor("FloatStorage", "0", 2, 0, ONE, ONE)), "a single tensor");
        refuses(zip(start().emptyDict().mark().integer(1).integer(2).setItems()), "a number");
        refuses(
                zip(start().emptyDict().mark().text("a").raw('N').text("a").raw('N').setItems()),
                "twice");
    }

    @Test
    void refuses_pickles_that_break_the_machine() throws IOException {
        refuses(zip(start().raw('0')), "empty stack");
        refuses(zip(start().raw('t')), "never opened");
        refuses(zip(start().raw('h', 5)), "memo 5");
        refuses(zip(start().raw('X', 255, 255, 255, 127)), "ends in the middle");
        refuses(zip(start().raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80)), "ends in the middle");
        refuses(zip(start().raw('X', 1, 0, 0, 0, 0xFF)), "not UTF-8");
        refuses(zip(start().raw(0x8a, 9)), "integer of 9 bytes");
        refuses(zip(start().emptyDict().emptyDict()), "values left");
        refuses(zip(start().raw(']', 'N', 'N', 's')), "not a dict");
        refuses(zip(start().emptyDict().raw('N', 'a')), "not a list");
        refuses(zip(new PickleBuilder().proto(5)), "protocol 5");
        refuses(zip(start().raw('c', 'x')), "ends in the middle");
    }

    @Test
    void refuses_bombs_before_they_grow() throws IOException {
        refuses(zip(new PickleBuilder().raw(repeat(200_000, '('))), "more values than");
        refuses(zip(new PickleBuilder().raw(repeat(200_000, 'N'))), "more values than");
        refuses(zip(new PickleBuilder().raw(repeat(4_000_001, 'N', '0'))), "4000000 opcodes");
        refuses(
                new TorchZipBuilder().pickle(new byte[PickleMachine.MAX_BYTES + 1]).bytes(),
                "expected at most");
        // Tuples of tuples, two to the power of a million elements if anyone walked them.
        PickleBuilder doubling = start().raw(')');
        for (int i = 0; i < 1_000_000; i++) {
            doubling.raw('q', 0, 'h', 0, 0x86);
        }
        refuses(zip(doubling), "");
    }

    @Test
    void refuses_big_endian_files() throws IOException {
        byte[] file = new TorchZipBuilder().floats("a", ONE, 1).record("byteorder", "big").bytes();
        refuses(file, "byte order 'big'");
    }

    private interface Value {
        PickleBuilder on(PickleBuilder pickle);
    }

    private static PickleBuilder start() {
        return new PickleBuilder().proto(2);
    }

    /** A state dict with one value, beside a storage 0 of two floats. */
    private static byte[] state(Value value) {
        return zip(value.on(start().emptyDict().mark().text("w")).setItems());
    }

    private static byte[] view(long offset, long[] sizes, long[] strides) {
        return state(p -> p.tensor("FloatStorage", "0", 2, offset, sizes, strides));
    }

    private static byte[] zip(PickleBuilder pickle) {
        return new TorchZipBuilder()
                .pickle(pickle.stop())
                .record("data/0", SafetensorsBuilder.littleEndian(1, 2))
                .bytes();
    }

    private static int[] repeat(int times, int... opcodes) {
        int[] all = new int[times * opcodes.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = opcodes[i % opcodes.length];
        }
        return all;
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.bin"), bytes);
    }

    private void refuses(byte[] bytes, String message) throws IOException {
        Path file = write(bytes);
        assertThatThrownBy(() -> Checkpoint.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message);
    }

    private static float[] floats(ByteBuffer bytes) {
        float[] floats = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(floats);
        return floats;
    }
}
