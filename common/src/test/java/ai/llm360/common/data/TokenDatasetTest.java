package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDatasetTest {

    @TempDir Path directory;

    private Path write() throws IOException {
        return new TokenDatasetBuilder(3, 300)
                .source("prose", rows(10, 5))
                .source("code", rows(100, 4))
                .validation("code", rows(200, 1))
                .chunks(2)
                .write(directory);
    }

    private static long[][] rows(long first, int count) {
        return LongStream.range(first, first + count)
                .mapToObj(id -> new long[] {id, id, 2})
                .toArray(long[][]::new);
    }

    private static long[] read(TokenChunk chunk, long row) {
        long[] ids = new long[chunk.rowLength()];
        chunk.read(row, ids, 0);
        return ids;
    }

    @Test
    void deals_each_sources_rows_to_the_chunks_in_turn() throws IOException {
        try (TokenDataset data = TokenDataset.open(write());
                TokenChunk chunk = data.openChunk(1)) {
            assertThat(data.chunkCount()).isEqualTo(2);
            assertThat(data.manifest().rowsPerChunk()).containsExactly(4L, 4L);
            assertThat(chunk.rows()).isEqualTo(4);
            assertThat(read(chunk, 0)).containsExactly(11, 11, 2);
            assertThat(read(chunk, 1)).containsExactly(13, 13, 2);
            assertThat(read(chunk, 2)).containsExactly(101, 101, 2);
            assertThat(read(chunk, 3)).containsExactly(103, 103, 2);
            assertThat(chunk.source(1)).isEqualTo("prose");
            assertThat(chunk.source(2)).isEqualTo("code");
            assertThat(data.manifest().epochs("prose")).isEqualTo(0.8);
        }
    }

    @Test
    void keeps_validation_rows_by_source() throws IOException {
        try (TokenDataset data = TokenDataset.open(write());
                TokenChunk rows = data.openValidation("code")) {
            assertThat(data.validationSources()).containsExactly("code");
            assertThat(rows.rows()).isEqualTo(1);
            assertThat(read(rows, 0)).containsExactly(200, 200, 2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> data.openValidation("prose"))
                    .withMessageContaining("no validation rows of 'prose'")
                    .withMessageContaining("[code]");
        }
    }

    @Test
    void the_manifest_reads_back_as_it_was_written() throws IOException {
        DataManifest manifest = DataManifest.read(write());
        assertThat(DataManifest.read(directory)).isEqualTo(manifest);
        assertThat(manifest.digest()).hasSize(64);
    }

    @Test
    void a_flipped_bit_is_found_before_any_row_is_read() throws IOException {
        write();
        Path file = directory.resolve("chunks/chunk-001.rows");
        byte[] bytes = Files.readAllBytes(file);
        bytes[70] ^= 1;
        Files.write(file, bytes);
        try (TokenDataset data = TokenDataset.open(directory)) {
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> data.openChunk(1))
                    .withMessageStartingWith(file + ": damaged or replaced: its SHA-256 is ")
                    .withMessageContaining(data.manifest().chunks().get(1).sha256())
                    .withMessageContaining("prepare the data set anew");
            data.openChunk(0).close();
        }
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> TokenChunk.open(file))
                .withMessageContaining("its CRC-32C is");
    }

    @Test
    void names_what_is_missing_or_not_a_data_set() throws IOException {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> TokenDataset.open(directory))
                .withMessageContaining("there is no manifest.json; make one with");
        write();
        try (TokenDataset data = TokenDataset.open(directory)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> data.openChunk(2))
                    .withMessageContaining("no chunk 2: there are 2, from 0");
        }
        Path chunk = directory.resolve("chunks/chunk-001.rows");
        Files.delete(chunk);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> TokenDataset.open(directory))
                .withMessageStartingWith(chunk + ": missing");
    }

    @Test
    void damaged_manifests_are_named() throws IOException {
        Path file = write().resolve(DataManifest.FILE_NAME);
        String good = Files.readString(file);
        for (String bad :
                new String[] {
                    "",
                    "{",
                    "[]",
                    "{}",
                    "null",
                    good.replace("\"format_version\":1", "\"format_version\":2"),
                    good.replace("chunks/chunk-000", "../chunk-000"),
                    good.replace("\"segments\"", "\"other\"")
                }) {
            Files.writeString(file, bad);
            assertThatExceptionOfType(DataException.class)
                    .as(bad)
                    .isThrownBy(() -> TokenDataset.open(directory))
                    .withMessageStartingWith(file + ": ");
        }
    }
}
