package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.config.ConfigTree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Two epochs of two chunks, of 12 and of 8 rows. */
class CursorTest {

    private static final ModelSize MODEL =
            new ModelSize(84_320, 2 * 10_000 + 32_000, 10_000, 2, 64, 128, 500, 32);

    private static Cursor cursor(String kind, List<Long> steps) {
        TrainingConfig config =
                ConfigTree.parse(
                                """
                                name: small
                                model: {}
                                data: {path: tokens, epochs: 2}
                                batch: {global: 2, micro: 1}
                                """)
                        .with("objective.kind=" + kind)
                        .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
        TrainingPlan plan = new TrainingPlan(config, MODEL, 32, steps, 20, 84_320);
        return new Cursor(plan, List.of(12L, 8L));
    }

    private static List<Long> chunk(Cursor cursor, int dataChunk) {
        assertThat(cursor.dataChunk()).isEqualTo(dataChunk);
        List<Long> rows = new ArrayList<>();
        while (!cursor.atChunkEnd()) {
            LongStream.of(cursor.rows()).forEach(rows::add);
            cursor.advance(64);
        }
        cursor.nextChunk();
        return rows;
    }

    private static List<Long> sorted(List<Long> rows) {
        List<Long> sorted = new ArrayList<>(rows);
        Collections.sort(sorted);
        return sorted;
    }

    @Test
    void each_epoch_goes_through_all_chunks_in_another_order() {
        Cursor cursor = cursor("sft", List.of(6L, 4L, 6L, 4L));
        List<List<Long>> read = new ArrayList<>();
        for (int chunk = 0; chunk < 4; chunk++) {
            read.add(chunk(cursor, chunk % 2));
        }
        assertThat(cursor.atEnd()).isTrue();
        assertThat(sorted(read.get(0))).isEqualTo(LongStream.range(0, 12).boxed().toList());
        assertThat(sorted(read.get(2))).isEqualTo(sorted(read.get(0)));
        assertThat(read.get(2)).isNotEqualTo(read.get(0));
        assertThat(sorted(read.get(3))).isEqualTo(LongStream.range(0, 8).boxed().toList());
    }

    @Test
    void the_rows_of_a_pair_come_together() {
        Cursor cursor = cursor("dpo", List.of(3L, 2L, 3L, 2L));
        List<Long> rows = chunk(cursor, 0);
        assertThat(sorted(rows)).isEqualTo(LongStream.range(0, 12).boxed().toList());
        for (int i = 0; i < rows.size(); i += 2) {
            assertThat(rows.get(i) % 2).isZero();
            assertThat(rows.get(i + 1)).isEqualTo(rows.get(i) + 1);
        }
    }
}
