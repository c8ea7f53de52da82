package ai.llm360.common.kernel;

import static ai.llm360.common.kernel.KernelMatrixTest.direct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TwelveBitRowsTest {

    private final Random random = new Random(11);

    @BeforeEach
    void supported() {
        assumeThat(KernelMatrix.supported()).as("this machine has kernels").isTrue();
    }

    /** Returns a copy that begins so many bytes after an aligned address. */
    static ByteBuffer shifted(ByteBuffer bytes, int shift) {
        ByteBuffer place = direct(shift + bytes.capacity()).position(shift).slice();
        return place.put(bytes.duplicate().clear()).clear().order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer bits(short... numbers) {
        ByteBuffer buffer = direct(2 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asShortBuffer().put(numbers);
        return buffer;
    }

    /** Normal numbers, and among a hundred one of any bits at all. */
    static short[] mixed(Random random, int count) {
        short[] numbers = new short[count];
        for (int i = 0; i < count; i++) {
            int bits = Float.floatToRawIntBits((float) random.nextGaussian() / 50) >>> 16;
            numbers[i] = (short) (random.nextInt(100) == 0 ? random.nextInt(1 << 16) : bits);
        }
        return numbers;
    }

    private static short[] turned(short[] matrix, int rows, int columns) {
        short[] turned = new short[matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            turned[i % columns * rows + i / columns] = matrix[i];
        }
        return turned;
    }

    static ByteBuffer pack(
            ByteBuffer matrix, int outputs, int inputs, boolean transposed, int exceptions) {
        byte[] before = new byte[outputs * TwelveBitRows.rowBytes(inputs, exceptions)];
        Arrays.fill(before, (byte) 0x5a);
        ByteBuffer rows = direct(before.length).put(before).clear();
        TwelveBitRows.pack(matrix, outputs, inputs, transposed, exceptions, rows);
        return rows.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads a matrix as the format's page says, one number after the other. */
    private static short[] read(ByteBuffer rows, int outputs, int inputs, int exceptions) {
        short[] numbers = new short[outputs * inputs];
        for (int o = 0; o < outputs; o++) {
            int row = o * (16 + 4 * exceptions + 96 * ((inputs + 63) / 64));
            for (int i = 0; i < inputs; i++) {
                int n = i % 32;
                int place = 16 * (n / 4 % 2) + 8 * (n / 16) + 2 * (n % 4) + n / 8 % 2;
                int second = i / 32 % 2;
                int block = row + 16 + 4 * exceptions + 96 * (i / 64);
                int low = rows.get(block + 32 * second + place) & 0xff;
                int code = (rows.get(block + 64 + place) >> (4 * second)) & 0xf;
                numbers[o * inputs + i] = (short) ((rows.get(row + code) << 8) | low);
            }
            for (int at = row + 16; at < row + 16 + 4 * exceptions; at += 4) {
                if (rows.getShort(at + 2) != 0) {
                    numbers[o * inputs + (rows.getShort(at) & 0xffff)] = rows.getShort(at + 2);
                }
            }
        }
        return numbers;
    }

    @Test
    void a_row_has_the_bytes_that_were_written_by_hand() {
        short[] numbers = new short[34];
        for (int i = 0; i < 17; i++) {
            numbers[i] = (short) (((i + 1) << 8) | (0xa0 + i)); // 01a0 02a1 ... 11b0
        }
        numbers[33] = 0x0277;
        byte[] expected = new byte[16 + 16 + 96];
        for (int i = 0; i < 16; i++) {
            expected[i] = (byte) i;
        }
        byte[] exceptions = {15, 0, (byte) 0xaf, 0x10, 16, 0, (byte) 0xb0, 0x11};
        System.arraycopy(exceptions, 0, expected, 16, 8);
        int[] places = {0, 2, 4, 6, 16, 18, 20, 22, 1, 3, 5, 7, 17, 19, 21};
        for (int i = 0; i < 15; i++) {
            expected[32 + places[i]] = (byte) (0xa0 + i);
            expected[32 + 64 + places[i]] = (byte) (i + 1);
        }
        expected[32 + 32 + 2] = 0x77;
        expected[32 + 64 + 2] = 0x22; // of number 1 and of number 33
        assertThat(TwelveBitRows.exceptions(bits(numbers), 1, 34, false)).isEqualTo(4);
        ByteBuffer row = pack(bits(numbers), 1, 34, false, 4);
        assertThat(row).isEqualTo(ByteBuffer.wrap(expected));
        assertThat(read(row, 1, 34, 4)).isEqualTo(numbers);
    }

    /** No multiples of a vector, a block, a stretch or a part, and some that are. */
    @ParameterizedTest
    @CsvSource({
        "1,1", "3,2", "5,63", "2,64", "9,65", "130,130", "8,32", "128,256", "257,100", "40,8191"
    })
    void unpacks_what_was_packed(int outputs, int inputs) {
        short[] numbers = mixed(random, outputs * inputs);
        int room = TwelveBitRows.exceptions(bits(numbers), outputs, inputs, false);
        ByteBuffer rows = pack(bits(numbers), outputs, inputs, false, room);
        assertThat(read(rows, outputs, inputs, room)).isEqualTo(numbers);
        ByteBuffer stored = bits(turned(numbers, outputs, inputs));
        assertThat(TwelveBitRows.exceptions(stored, outputs, inputs, true)).isEqualTo(room);
        for (int shift : new int[] {0, 1, 2}) {
            ByteBuffer lying = shifted(bits(numbers), shift);
            ByteBuffer standing = shifted(stored, shift);
            assertThat(pack(lying, outputs, inputs, false, room)).isEqualTo(rows);
            assertThat(pack(standing, outputs, inputs, true, room)).isEqualTo(rows);
            ByteBuffer back = shifted(direct(2 * numbers.length), shift);
            TwelveBitRows.unpack(shifted(rows, 3), outputs, inputs, room, back, false);
            assertThat(back).isEqualTo(lying);
            TwelveBitRows.unpack(shifted(rows, 3), outputs, inputs, room, back, true);
            assertThat(back).isEqualTo(standing);
        }
    }

    /**
     * NaNs with all that they carry, infinities, denormal numbers and both zeros are among them.
     */
    @ParameterizedTest
    @ValueSource(ints = {16, 100, 4096, 65536})
    void keeps_all_bits_that_a_number_can_have(int inputs) {
        int outputs = (65536 + inputs - 1) / inputs;
        short[] numbers = new short[outputs * inputs];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (short) (i * 40503); // an odd number, so that all come, in disorder
        }
        int room = TwelveBitRows.exceptions(bits(numbers), outputs, inputs, false);
        ByteBuffer rows = pack(bits(numbers), outputs, inputs, false, room);
        assertThat(read(rows, outputs, inputs, room)).isEqualTo(numbers);
        ByteBuffer back = bits(new short[numbers.length]);
        TwelveBitRows.unpack(rows, outputs, inputs, room, back, false);
        assertThat(back).isEqualTo(bits(numbers));
    }

    @Test
    void a_table_leaves_the_fewest_exceptions_and_is_ascending() {
        short[] numbers = new short[200];
        for (int i = 0; i < 40; i++) {
            numbers[i] = (short) ((0xff - i) << 8); // ff 00 to d8 00 once each
        }
        for (int i = 40; i < 200; i++) {
            numbers[i] = (short) (((0x30 + i % 10) << 8) | i); // 30 to 39 sixteen times each
        }
        numbers[0] = numbers[1] = (short) 0x8000; // twice
        int room = TwelveBitRows.exceptions(bits(numbers), 1, 200, false);
        assertThat(room).isEqualTo(36); // of 38 single ones, four are in the table: 34 aren't
        ByteBuffer row = pack(bits(numbers), 1, 200, false, room);
        byte[] table = new byte[16];
        row.get(0, table);
        assertThat(table)
                .isEqualTo(
                        new byte[] {
                            0,
                            0x30,
                            0x31,
                            0x32,
                            0x33,
                            0x34,
                            0x35,
                            0x36,
                            0x37,
                            0x38,
                            0x39,
                            (byte) 0x80,
                            (byte) 0xd8,
                            (byte) 0xd9,
                            (byte) 0xda,
                            (byte) 0xdb
                        });
    }

    @Test
    void a_row_is_packed_as_it_is_alone() {
        int outputs = 300;
        int inputs = 1000;
        short[] numbers = mixed(random, outputs * inputs);
        int room = TwelveBitRows.exceptions(bits(numbers), outputs, inputs, false);
        ByteBuffer rows = pack(bits(numbers), outputs, inputs, false, room);
        int size = TwelveBitRows.rowBytes(inputs, room);
        for (int o = 0; o < outputs; o++) {
            ByteBuffer source = direct(2 * inputs).order(ByteOrder.LITTLE_ENDIAN);
            source.asShortBuffer().put(numbers, o * inputs, inputs);
            assertThat(pack(source, 1, inputs, false, room)).isEqualTo(rows.slice(o * size, size));
        }
    }

    @Test
    void refuses_a_row_with_more_exceptions_than_there_is_room_for() {
        short[] numbers = new short[2 * 100];
        for (int i = 0; i < 100; i++) {
            numbers[100 + i] = (short) (i << 8); // 1 to 15 are in the table
        }
        for (boolean transposed : new boolean[] {false, true}) {
            ByteBuffer matrix = bits(transposed ? turned(numbers, 2, 100) : numbers);
            assertThat(TwelveBitRows.exceptions(matrix, 2, 100, transposed)).isEqualTo(84);
            ByteBuffer rows = pack(matrix, 2, 100, transposed, 84);
            assertThat(read(rows, 2, 100, 84)).isEqualTo(numbers);
            assertThatThrownBy(() -> pack(matrix, 2, 100, transposed, 80))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a row has 84 exceptions, and there is room for 80");
        }
    }

    @Test
    void a_damaged_row_leads_to_no_other_memory() {
        ByteBuffer rows = pack(bits(new short[64]), 1, 64, false, 4);
        rows.putShort(16, (short) 64).putShort(18, (short) 0x3f80);
        ByteBuffer all = direct(2 * 64 + 2);
        TwelveBitRows.unpack(rows, 1, 64, 4, all.slice(0, 2 * 64), false);
        assertThat(all).isEqualTo(direct(2 * 64 + 2));
    }

    @Test
    void refuses_sizes_that_rows_can_not_have_and_buffers_of_another_size() {
        assertThat(TwelveBitRows.rowBytes(1, 0)).isEqualTo(112);
        assertThat(TwelveBitRows.rowBytes(4096, 8)).isEqualTo(16 + 32 + 6144);
        assertThat(TwelveBitRows.rowBytes(65536, 65536)).isEqualTo(16 + 262144 + 98304);
        for (int inputs : new int[] {0, -1, 65537}) {
            assertThatThrownBy(() -> TwelveBitRows.rowBytes(inputs, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("packed rows have 1 to 65536 numbers");
        }
        for (int room : new int[] {-4, 2, 68}) {
            assertThatThrownBy(() -> TwelveBitRows.rowBytes(64, room))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a multiple of 4");
        }
        ByteBuffer matrix = direct(2 * 64);
        assertThatThrownBy(() -> TwelveBitRows.exceptions(matrix, 2, 64, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a direct buffer of 256 bytes was expected");
        assertThatThrownBy(() -> TwelveBitRows.pack(matrix, 1, 64, false, 0, direct(111)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a direct buffer of 112 bytes was expected");
        ByteBuffer heap = ByteBuffer.allocate(112);
        assertThatThrownBy(() -> TwelveBitRows.unpack(heap, 1, 64, 0, matrix, false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KernelMatrix.twelveBit(direct(112), 1, 64, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a direct buffer of 128 bytes was expected");
    }
}
