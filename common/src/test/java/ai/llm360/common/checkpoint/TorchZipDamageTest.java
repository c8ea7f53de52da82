package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.testing.TorchZipBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each test changes one field of a good file; offsets are those of the zip specification. */
class TorchZipDamageTest {

    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;

    @TempDir Path folder;
    private final byte[] good =
            new TorchZipBuilder()
                    .floats("w", new long[] {2}, 1, 2)
                    .record("byteorder", "little")
                    .bytes();

    @Test
    void reads_the_file_before_it_is_damaged() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(write(good))) {
            assertThat(checkpoint.read("w").getFloat()).isEqualTo(1);
        }
    }

    @Test
    void refuses_truncated_zips() throws IOException {
        for (int length = 9; length < good.length; length++) {
            refuses(Arrays.copyOf(good, length), "");
        }
    }

    @Test
    void refuses_entries_that_are_not_where_the_directory_says() throws IOException {
        refuses(patch(CENTRAL, 1, 42, 4, good.length), "starts after central directory");
        refuses(patch(CENTRAL, 1, 42, 4, 0xFFFFFFFEL), "directory can't be read");
        refuses(patch(CENTRAL, 1, 42, 4, 3), "no local header");
    }

    @Test
    void refuses_entries_longer_than_the_file() throws IOException {
        byte[] damaged = good.clone();
        put(damaged, CENTRAL, 1, 20, 4, 1 << 20);
        put(damaged, CENTRAL, 1, 24, 4, 1 << 20);
        refuses(damaged, "ends beyond the file's end");
    }

    @Test
    void refuses_sizes_that_disagree() throws IOException {
        refuses(patch(CENTRAL, 1, 20, 4, 4), "its sizes differ");
        refuses(patch(LOCAL, 1, 18, 4, 4), "another size in its local header");
        refuses(patch(LOCAL, 1, 22, 4, 4), "another size in its local header");
    }

    @Test
    void refuses_names_that_disagree() throws IOException {
        refuses(patch(LOCAL, 1, 30, 1, 'X'), "another name in its local header");
    }

    @Test
    void refuses_compressed_and_encrypted_entries() throws IOException {
        refuses(patch(CENTRAL, 1, 10, 2, 8), "is compressed");
        refuses(patch(LOCAL, 1, 8, 2, 8), "is compressed");
        refuses(patch(CENTRAL, 1, 8, 2, 1), "is encrypted");
        refuses(patch(LOCAL, 1, 6, 2, 1), "is encrypted");
    }

    @Test
    void refuses_a_zip_that_was_made_with_an_ordinary_tool() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write("hello".getBytes(StandardCharsets.UTF_8));
        }
        refuses(bytes.toByteArray(), "is compressed");
    }

    @Test
    void refuses_entries_that_overlap() throws IOException {
        byte[] damaged = good.clone();
        int first = find(damaged, LOCAL, 0);
        int size = find(damaged, LOCAL, 1) + 4;
        for (int field : new int[] {20, 24}) {
            put(damaged, CENTRAL, 0, field, 4, size);
        }
        put(damaged, LOCAL, 0, 18, 4, size);
        put(damaged, LOCAL, 0, 22, 4, size);
        assertThat(first).isZero();
        refuses(damaged, "overlaps the entry before it");
    }

    @Test
    void refuses_an_entry_that_occurs_twice() throws IOException {
        byte[] damaged = new TorchZipBuilder().record("data/1", "x").record("data/2", "y").bytes();
        for (int signature : new int[] {LOCAL, CENTRAL}) {
            int header = signature == LOCAL ? 30 : 46;
            put(damaged, signature, 3, header + "archive/data/".length(), 1, '1');
        }
        refuses(damaged, "occurs twice");
    }

    @Test
    void refuses_a_zip_without_its_pickle() throws IOException {
        refuses(TorchZipBuilder.zip(Map.of("archive/version", new byte[] {'3'})), "with 0 entries");
        Map<String, byte[]> two = new LinkedHashMap<>();
        two.put("a/data.pkl", new byte[] {'.'});
        two.put("b/data.pkl", new byte[] {'.'});
        refuses(TorchZipBuilder.zip(two), "with 2 entries");
        refuses(TorchZipBuilder.zip(Map.of("data.pkl", new byte[] {'.'})), "with 0 entries");
        refuses(TorchZipBuilder.zip(Map.of("a/b/data.pkl", new byte[] {'.'})), "with 0 entries");
    }

    private byte[] patch(int signature, int nth, int field, int bytes, long value) {
        byte[] damaged = good.clone();
        put(damaged, signature, nth, field, bytes, value);
        return damaged;
    }

    private static void put(byte[] zip, int signature, int nth, int field, int bytes, long value) {
        int at = find(zip, signature, nth) + field;
        for (int i = 0; i < bytes; i++) {
            zip[at + i] = (byte) (value >> (8 * i));
        }
    }

    private static int find(byte[] zip, int signature, int nth) {
        ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        int left = nth;
        for (int at = 0; at + 4 <= zip.length; at++) {
            if (bytes.getInt(at) == signature && left-- == 0) {
                return at;
            }
        }
        throw new IllegalArgumentException("no header " + nth);
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.bin"), bytes);
    }

    private void refuses(byte[] bytes, String message) throws IOException {
        Path file = write(bytes);
        assertThatThrownBy(() -> Checkpoint.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }
}
