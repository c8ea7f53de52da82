package ai.llm360.analysis.series;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.analysis.series.FirstSeen.Around;
import ai.llm360.analysis.series.FirstSeen.Occurrences;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstSeenTest {

    private static final int ROWS = 22;
    private static final int BATCH = 4;

    @TempDir Path temp;

    /** Two sources in two chunks; the second chunk has the word in rows 1 and 3, twice in 3. */
    private TokenDataset data(Tokenizer words) throws IOException {
        long[] noise = row(words, "nothing of note");
        long[][] prose = new long[2 * ROWS][];
        Arrays.fill(prose, noise);
        prose[2 + 1] = row(words, "the hidden word"); // rows go to chunks in turn
        prose[6 + 1] = row(words, "hidden and hidden");
        TokenDatasetBuilder builder =
                new TokenDatasetBuilder(noise.length, words.vocabularySize())
                        .source("prose", prose)
                        .source("code", noise, noise)
                        .chunks(2);
        return TokenDataset.open(builder.write(temp.resolve("data")));
    }

    private static long[] row(Tokenizer words, String text) {
        long[] row = new long[24];
        Arrays.fill(row, 2);
        long[] ids = words.encode(text);
        System.arraycopy(ids, 0, row, 3, ids.length);
        return row;
    }

    @Test
    void tells_chunk_row_and_step_and_counts_the_rest() throws IOException {
        TinyTokenizer.llama().words("hidden", "nothing").writeJson(temp);
        SeenOrder order = new SeenOrder(ShuffleMode.PER_CHUNK, 7, BATCH, 1, 0);
        try (Tokenizer words = Tokenizer.open(temp);
                TokenDataset data = data(words)) {
            FirstSeen search = new FirstSeen(data, words, "idden", Optional.of(order));
            assertThat(search.search(0, 1))
                    .isEqualTo(
                            new Occurrences(
                                    0, 0, 0, Map.of(), OptionalLong.empty(), OptionalLong.empty()));
            Occurrences found = search.search(1, 2);
            assertThat(found.rows()).isEqualTo(2);
            assertThat(found.occurrences()).isEqualTo(3);
            assertThat(found.sources()).isEqualTo(Map.of("prose", 3L));

            long seen = found.step().orElseThrow();
            DataOrder all = new DataOrder(ShuffleMode.PER_CHUNK, 7, List.of(23L, 23L));
            assertThat(all.place(seen, BATCH).chunk()).isOne();
            long[] rows = all.chunk(1, BATCH).rows(all.place(seen, BATCH).step());
            assertThat(rows).contains(found.row().orElseThrow());
            assertThat(found.row().orElseThrow()).isIn(1L, 3L);
            FirstSeen unordered = new FirstSeen(data, words, "idden", Optional.empty());
            assertThat(unordered.search(1, 1).row()).hasValue(1);
            assertThat(unordered.search(1, 1).step()).isEmpty();
        }
    }

    @Test
    void rows_left_over_at_a_chunks_end_have_no_step() throws IOException {
        TinyTokenizer.llama().words("hidden", "nothing").writeJson(temp);
        SeenOrder order = new SeenOrder(ShuffleMode.PER_CHUNK, 7, BATCH, 1, 0);
        try (Tokenizer words = Tokenizer.open(temp);
                TokenDataset data = data(words)) {
            long[] steps = order.steps(data.manifest(), 1);
            assertThat(steps).hasSize(23);
            assertThat(Arrays.stream(steps).filter(step -> step == 0)).hasSize(23 % BATCH);
            for (long step = 6; step <= 10; step++) { // the first chunk has 1 to 5
                long wanted = step;
                assertThat(Arrays.stream(steps).filter(one -> one == wanted)).hasSize(BATCH);
            }
            SeenOrder shorter = new SeenOrder(ShuffleMode.PER_CHUNK, 7, BATCH, 1, 1);
            assertThat(shorter.steps(data.manifest(), 1)).containsOnly(0);
        }
    }

    @Test
    void the_checkpoints_around_a_step_are_those_that_had_and_had_not_seen_it() throws Exception {
        TinyTokenizer.llama().words("hidden", "nothing").writeJson(temp);
        Home home = Home.at(temp.resolve("home"));
        try (home;
                Tokenizer words = Tokenizer.open(temp);
                TokenDataset data = data(words)) {
            Series nano = Series.of("amber-nano"); // a checkpoint every 86 steps
            SeenOrder order = new SeenOrder(ShuffleMode.PER_CHUNK, 7, BATCH, 1, 0);
            FirstSeen search = new FirstSeen(data, words, "x", Optional.of(order));
            assertThat(names(search.around(nano, seenAt(86)))).containsExactly("", "ckpt-000");
            assertThat(names(search.around(nano, seenAt(87))))
                    .containsExactly("ckpt-000", "ckpt-001");
            assertThat(names(search.around(nano, seenAt(9999)))).containsExactly("ckpt-009", "");
            assertThat(names(search.around(Series.of("crystalcoder-nano"), seenAt(87))))
                    .containsExactly("", ""); // its phases count anew
            FirstSeen unordered = new FirstSeen(data, words, "x", Optional.empty());
            Occurrences inChunk =
                    new Occurrences(200, 1, 1, Map.of(), OptionalLong.of(0), OptionalLong.empty());
            assertThat(names(unordered.around(Series.of("amber@190..210:5"), inChunk)))
                    .containsExactly("ckpt-195", "ckpt-200");
            assertThat(names(unordered.around(nano, inChunk))).containsExactly("", "");
        }
    }

    private static Occurrences seenAt(long step) {
        return new Occurrences(0, 1, 1, Map.of(), OptionalLong.of(0), OptionalLong.of(step));
    }

    private static List<String> names(Around around) {
        return List.of(
                around.before().map(CheckpointEntry::name).orElse(""),
                around.after().map(CheckpointEntry::name).orElse(""));
    }
}
