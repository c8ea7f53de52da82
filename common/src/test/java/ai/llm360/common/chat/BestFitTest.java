package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Best fit decreasing, beside a search through all rows. */
class BestFitTest {

    @Test
    void the_row_with_the_least_room_that_is_enough_is_taken() {
        // 7 and 6 open rows with room 3 and 4; 3 fits the first best, then 3 the second.
        assertThat(Packing.bestFit(new int[] {3, 7, 3, 6, 1}, 10))
                .isEqualTo(List.of(List.of(1, 0), List.of(3, 2, 4)));
        assertThat(Packing.bestFit(new int[] {10, 10}, 10))
                .isEqualTo(List.of(List.of(0), List.of(1)));
        assertThat(Packing.bestFit(new int[] {}, 10)).isEmpty();
    }

    @Test
    void the_plan_is_that_of_a_search_through_all_rows() {
        Random random = new Random(5);
        for (int repetition = 0; repetition < 50; repetition++) {
            int[] lengths = random.ints(200, 1, 101).toArray();
            assertThat(Packing.bestFit(lengths, 100)).isEqualTo(searched(lengths, 100));
        }
    }

    /** Of rows with equal room, the one that came to it first. */
    private static List<List<Integer>> searched(int[] lengths, int capacity) {
        List<List<Integer>> rows = new ArrayList<>();
        List<Integer> room = new ArrayList<>();
        List<Integer> changed = new ArrayList<>();
        int clock = 0;
        List<Integer> order =
                IntStream.range(0, lengths.length)
                        .boxed()
                        .sorted(Comparator.comparingInt(i -> -lengths[i]))
                        .toList();
        for (int number : order) {
            int best = -1;
            for (int row = 0; row < rows.size(); row++) {
                boolean better =
                        best < 0
                                || room.get(row) < room.get(best)
                                || (room.get(row).equals(room.get(best))
                                        && changed.get(row) < changed.get(best));
                if (room.get(row) >= lengths[number] && better) {
                    best = row;
                }
            }
            if (best < 0) {
                best = rows.size();
                rows.add(new ArrayList<>());
                room.add(capacity);
                changed.add(0);
            }
            rows.get(best).add(number);
            room.set(best, room.get(best) - lengths[number]);
            changed.set(best, ++clock);
        }
        return rows;
    }

    @Test
    void what_is_longer_than_a_row_is_refused() {
        assertThatThrownBy(() -> Packing.bestFit(new int[] {11}, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("conversation 0 has 11 ids; a row has room for 1 to 10");
    }
}
