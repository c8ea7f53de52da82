package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenChunkTest {

    @TempDir Path temp;

    private Path write(int vocabularySize, long[]... rows) throws IOException {
        return write(vocabularySize, rows, null);
    }

    private Path write(int vocabularySize, long[][] rows, float[][] masks) throws IOException {
        Path file = temp.resolve(vocabularySize + ".rows");
        RowHeader header =
                new RowHeader(
                        rows[0].length,
                        rows.length,
                        vocabularySize,
                        List.of("a", "caf\u00e9"),
                        masks != null);
        try (RowWriter writer = new RowWriter(file, header)) {
            for (int i = 0; i < rows.length; i++) {
                writer.write(i % 2, rows[i], masks == null ? null : masks[i]);
            }
            assertThat(writer.finish()).isEqualTo(Hashes.sha256(file));
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(ints = {65_536, 65_537})
    void reads_back_the_largest_ids_of_either_width(int vocabularySize) throws IOException {
        long[] row = {0, 1, 32_768, vocabularySize - 1};
        Path file = write(vocabularySize, row, row);
        try (TokenChunk chunk = TokenChunk.open(file)) {
            long[] into = new long[6];
            chunk.read(1, into, 1);
            assertThat(into).containsExactly(0, 0, 1, 32_768, vocabularySize - 1, 0);
            assertThat(chunk.source(0)).isEqualTo("a");
            assertThat(chunk.source(1)).isEqualTo("caf\u00e9");
        }
    }

    @Test
    void maps_a_file_larger_than_one_mapping_in_runs_of_rows() throws IOException {
        Path file = write(10, new long[] {1, 2, 3}, new long[] {4, 5, 6}, new long[] {7, 8, 9});
        for (int window : new int[] {1, 6, 7, 12, 13, 1 << 20}) {
            try (TokenChunk chunk = TokenChunk.map(file, window)) {
                assertThat(Rows.flat(chunk)).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
            }
        }
    }

    @Test
    void reads_more_than_two_gigabytes() throws IOException {
        // Sparse, so that it takes neither time nor room: zeros but for the last row.
        int rowLength = 1 << 20;
        RowHeader header = new RowHeader(rowLength, 1100, 100, List.of("a"), false);
        Path file = temp.resolve("large.rows");
        try (var channel =
                java.nio.channels.FileChannel.open(
                        file,
                        java.nio.file.StandardOpenOption.CREATE_NEW,
                        java.nio.file.StandardOpenOption.WRITE)) {
            byte[] start = header.toBytes();
            channel.write(java.nio.ByteBuffer.wrap(start));
            channel.write(
                    java.nio.ByteBuffer.wrap(new byte[] {42, 0}),
                    start.length + 1099L * header.rowBytes());
            channel.write(
                    java.nio.ByteBuffer.wrap(new byte[] {0}), header.fileBytes(start.length) - 1);
        }
        assertThat(Files.size(file)).isGreaterThan(2L << 30);
        try (TokenChunk chunk = TokenChunk.map(file, 1 << 30)) {
            long[] row = new long[rowLength];
            chunk.read(1099, row, 0);
            assertThat(row[0]).isEqualTo(42);
            chunk.read(1098, row, 0);
            assertThat(row[0]).isZero();
        }
    }

    @Test
    void a_sample_written_once_is_read_for_ever() throws IOException {
        Path file = temp.resolve("sample.rows");
        try (InputStream sample = TokenChunkTest.class.getResourceAsStream("sample-v1.rows")) {
            Files.copy(sample, file);
        }
        try (TokenChunk chunk = TokenChunk.open(file)) {
            assertThat(chunk.rows()).isEqualTo(3);
            assertThat(chunk.rowLength()).isEqualTo(5);
            assertThat(chunk.vocabularySize()).isEqualTo(32_000);
            assertThat(chunk.sources()).containsExactly("prose", "code");
            assertThat(Rows.flat(chunk))
                    .containsExactly(
                            15043L, 3186L, 2L, 1L, 0L, 31999L, 5L, 6L, 7L, 2L, 9L, 8L, 7L, 6L, 5L);
            assertThat(chunk.source(0)).isEqualTo("prose");
            assertThat(chunk.source(2)).isEqualTo("code");
        }
    }

    @Test
    void a_masked_sample_written_once_is_read_for_ever() throws IOException {
        Path file = temp.resolve("sample.rows");
        try (InputStream sample = TokenChunkTest.class.getResourceAsStream("sample-v2.rows")) {
            Files.copy(sample, file);
        }
        try (TokenChunk chunk = TokenChunk.open(file)) {
            assertThat(chunk.hasMask()).isTrue();
            assertThat(chunk.sources()).containsExactly("prose", "code");
            assertThat(Rows.flat(chunk))
                    .containsExactly(
                            15043L, 3186L, 2L, 1L, 0L, 31999L, 5L, 6L, 7L, 2L, 9L, 8L, 7L, 6L, 5L);
            assertThat(Rows.mask(chunk, 0)).containsExactly(1, 1, 1, 1);
            assertThat(Rows.mask(chunk, 1)).containsExactly(1, 1, 0, 0);
            assertThat(Rows.mask(chunk, 2)).containsExactly(0, 1, 0, 1);
            assertThat(chunk.source(2)).isEqualTo("code");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void the_samples_bytes_are_written_anew(boolean masked) throws IOException {
        long[][] rows = {{15043, 3186, 2, 1, 0}, {31999, 5, 6, 7, 2}, {9, 8, 7, 6, 5}};
        float[][] masks = {{1, 1, 1, 1}, {1, 1, 0, 0}, {0, 1, 0, 1}};
        int[] sources = {0, 0, 1};
        Path file = temp.resolve("again.rows");
        RowHeader header = new RowHeader(5, 3, 32_000, List.of("prose", "code"), masked);
        try (RowWriter writer = new RowWriter(file, header)) {
            for (int row = 0; row < 3; row++) {
                writer.write(sources[row], rows[row], masks[row]);
            }
            writer.finish();
        }
        String name = masked ? "sample-v2.rows" : "sample-v1.rows";
        try (InputStream sample = TokenChunkTest.class.getResourceAsStream(name)) {
            assertThat(file).hasBinaryContent(sample.readAllBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 17})
    void masks_of_any_length_are_read_back_beside_the_ids(int predictions) throws IOException {
        long[][] rows = new long[3][predictions + 1];
        float[][] masks = new float[3][predictions];
        for (int row = 0; row < 3; row++) {
            for (int t = 0; t < predictions; t++) {
                rows[row][t] = 100L * row + t;
                masks[row][t] = (row + t) % 3 == 0 ? 0 : 1;
            }
        }
        Path file = write(300, rows, masks);
        for (int window : new int[] {1, 60, 1 << 20}) {
            try (TokenChunk chunk = TokenChunk.map(file, window)) {
                assertThat(Rows.of(chunk)).containsExactly(rows);
                for (int row = 0; row < 3; row++) {
                    assertThat(Rows.mask(chunk, row)).containsExactly(masks[row]);
                }
                assertThat(chunk.source(1)).isEqualTo("caf\u00e9");
            }
        }
    }

    @Test
    void without_masks_every_prediction_counts() throws IOException {
        try (TokenChunk chunk = TokenChunk.open(write(10, new long[] {1, 2, 3}))) {
            float[] into = new float[4];
            chunk.readMask(0, into, 1);
            assertThat(chunk.hasMask()).isFalse();
            assertThat(into).containsExactly(0, 1, 1, 0);
        }
    }

    @Test
    void every_cut_and_every_flipped_byte_is_noticed() throws IOException {
        damage(Files.readAllBytes(write(300, new long[] {1, 2, 3}, new long[] {4, 5, 6})));
        damage(Files.readAllBytes(write(301, new long[][] {{1, 2, 3}}, new float[][] {{0, 1}})));
    }

    private void damage(byte[] good) throws IOException {
        Path file = temp.resolve("bad.rows");
        for (int i = 0; i < good.length; i++) {
            Files.write(file, Arrays.copyOf(good, i));
            assertThatExceptionOfType(DataException.class)
                    .as("cut to %d", i)
                    .isThrownBy(() -> TokenChunk.open(file));
            byte[] flipped = good.clone();
            flipped[i] ^= (byte) 0x81;
            Files.write(file, flipped);
            assertThatExceptionOfType(DataException.class)
                    .as("flipped %d", i)
                    .isThrownBy(() -> TokenChunk.open(file))
                    .withMessageStartingWith(file + ": ");
        }
    }

    @Test
    void rows_outside_the_vocabulary_are_not_written() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> write(10, new long[] {1, 2}, new long[] {3, 10}))
                .withMessageContaining("id 10 in row 1, outside the vocabulary of 10");
    }

    @Test
    void a_closed_chunk_says_so() throws IOException {
        TokenChunk chunk = TokenChunk.open(write(10, new long[] {1, 2}));
        chunk.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> chunk.read(0, new long[2], 0))
                .withMessageEndingWith("is closed");
    }
}
