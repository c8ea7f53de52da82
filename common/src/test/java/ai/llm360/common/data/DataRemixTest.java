package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataRemixTest {

    @TempDir Path temp;
    private Path first;
    private Path second;

    /** 12 rows of a, 8 of b, in 4 chunks of 3 and 2; a row's first id is its number. */
    @BeforeEach
    void write() throws IOException {
        first =
                new TokenDatasetBuilder(2, 1000)
                        .source("a", rows(0, 12))
                        .source("b", rows(100, 8))
                        .validation("b", new long[] {500, 2})
                        .chunks(4)
                        .write(temp.resolve("first"));
        second = temp.resolve("second");
    }

    private static long[][] rows(long from, int count) {
        return LongStream.range(from, from + count)
                .mapToObj(id -> new long[] {id, 2})
                .toArray(long[][]::new);
    }

    private static List<List<Long>> chunks(Path directory) throws IOException {
        List<List<Long>> chunks = new ArrayList<>();
        try (TokenDataset data = TokenDataset.open(directory)) {
            for (int i = 0; i < data.chunkCount(); i++) {
                try (TokenChunk chunk = data.openChunk(i)) {
                    chunks.add(Rows.of(chunk).stream().map(row -> row[0]).toList());
                }
            }
        }
        return chunks;
    }

    private DataRemix.Builder remix() {
        return DataRemix.builder().setSource(first).setTarget(second);
    }

    @Test
    void new_weights_from_a_chunk_on_leave_the_chunks_before_as_they_were() throws IOException {
        DataManifest before = DataManifest.read(first);
        DataManifest after =
                remix().optWeights(Map.of("a", 1.0, "b", 4.0)).optFirstChunk(2).build().mix();
        assertThat(chunks(first).get(0)).containsExactly(0L, 4L, 8L, 100L, 104L);
        assertThat(chunks(first).get(1)).containsExactly(1L, 5L, 9L, 101L, 105L);
        // Of a, 2 3 6 7 10 11 are left; of b 102 103 106 107, and then it begins anew.
        assertThat(chunks(second))
                .containsExactly(
                        chunks(first).get(0),
                        chunks(first).get(1),
                        List.of(2L, 102L, 106L, 100L, 102L),
                        List.of(3L, 103L, 107L, 101L, 103L));
        assertThat(after.chunks().subList(0, 2)).isEqualTo(before.chunks().subList(0, 2));
        assertThat(after.segments())
                .containsExactly(
                        before.segments().get(0),
                        new DataManifest.Segment(
                                2, 2, Map.of("a", 1.0, "b", 4.0), Map.of("a", 1L, "b", 4L)));
        assertThat(after.validation()).isEqualTo(before.validation());
        assertThat(after.epochs("b")).isEqualTo(1.5);
        assertThat(after.epochs("a")).isEqualTo(8 / 12.0);
        assertThat(DataManifest.read(second)).isEqualTo(after);
        assertThat(after.digest()).isNotEqualTo(before.digest());
    }

    @Test
    void may_change_again_and_uses_every_row_before_any_twice() throws IOException {
        remix().optWeights(Map.of("a", 2.0, "b", 1.0))
                .optFirstChunk(1)
                .optRowsPerChunk(3)
                .build()
                .mix();
        Path third = temp.resolve("third");
        DataManifest last =
                DataRemix.builder()
                        .setSource(second)
                        .setTarget(third)
                        .optFirstChunk(2)
                        .optChunks(4)
                        .build()
                        .mix();
        assertThat(last.segments()).hasSize(3);
        List<Long> seen = chunks(third).stream().flatMap(List::stream).toList();
        assertThat(seen).doesNotHaveDuplicates();
        // Chunk 0 took 3 of a and 2 of b, chunk 1 took 2 and 1; 7 and 5 are left for two chunks.
        assertThat(chunks(third).get(2)).hasSize(3 + 2);
        assertThat(seen.stream().filter(id -> id < 100)).hasSize(3 + 2 + 6);
    }

    @Test
    void mixes_anew_from_the_start_into_another_number_of_chunks() throws IOException {
        DataManifest after = remix().optChunks(2).build().mix();
        assertThat(after.rowsPerChunk()).containsExactly(10L, 10L);
        assertThat(after.segments()).hasSize(1);
        assertThat(chunks(second).get(0)).startsWith(0L, 2L, 4L);
    }

    @Test
    void a_source_of_weight_0_is_left_out_and_rounding_loses_no_row() throws IOException {
        DataManifest after = remix().optWeights(Map.of("b", 3.0)).optRowsPerChunk(5).build().mix();
        assertThat(after.segments().get(0).rowsPerChunk())
                .containsExactly(Map.entry("a", 0L), Map.entry("b", 5L));
        Mixing thirds =
                new Mixing(new java.util.TreeMap<>(Map.of("a", 9L, "b", 9L, "c", 9L)), 0, 1);
        assertThat(thirds.segment(Map.of("a", 1.0, "b", 1.0, "c", 1.0), 10).rowsPerChunk())
                .containsExactlyInAnyOrderEntriesOf(Map.of("a", 4L, "b", 3L, "c", 3L));
    }

    @Test
    void names_what_does_not_fit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> remix().optWeights(Map.of("c", 1.0)).build().mix())
                .withMessage("weights name 'c', which is no source; there are [a, b]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> remix().optWeights(Map.of("a", -1.0)).build().mix())
                .withMessageContaining("weights are 0 or more, not -1.0 for 'a'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> remix().optFirstChunk(4).build().mix())
                .withMessageContaining("chunks from 4 on");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> remix().optChunks(9).build().mix())
                .withMessageContaining("source 'b' has 8 rows left for 9 chunks");
        assertThat(second).doesNotExist();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(
                        () -> DataRemix.builder().setSource(first).setTarget(first).build().mix())
                .withMessageContaining("exists and is not an empty directory");
    }

    @Test
    void refuses_a_manifest_that_has_lost_its_sources() throws IOException {
        Path manifest = first.resolve("manifest.json");
        JsonObject json = JsonParser.parseString(Files.readString(manifest)).getAsJsonObject();
        json.add("sources", new JsonArray());
        Files.writeString(manifest, json.toString());
        assertThatThrownBy(() -> remix().build().mix())
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no sources");
    }

    @Test
    void masks_stay_with_their_rows_beside_sources_without() throws IOException {
        first =
                new TokenDatasetBuilder(3, 10)
                        .source("plain", new long[] {1, 2, 3}, new long[] {2, 2, 3})
                        .source(
                                "masked",
                                new long[][] {{3, 4, 5}, {4, 4, 5}},
                                new float[][] {{0, 1}, {1, 0}})
                        .write(temp.resolve("masked"));
        remix().optChunks(2).build().mix();
        try (TokenDataset data = TokenDataset.open(second);
                TokenChunk chunk = data.openChunk(1)) {
            assertThat(Rows.of(chunk)).containsExactly(new long[] {2, 2, 3}, new long[] {4, 4, 5});
            assertThat(Rows.mask(chunk, 0)).containsExactly(1, 1);
            assertThat(Rows.mask(chunk, 1)).containsExactly(1, 0);
        }
    }
}
