package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers are those of NumPy 2.4.6: {@code np.random.seed(s); np.random.permutation(n)}. */
class DataOrderTest {

    private static final long AMBER_ROWS = 1_706_976;

    @Test
    void permutes_few_rows_as_numpy_does() {
        assertThat(new NumpyRandom(0).permutation(0)).isEmpty();
        assertThat(new NumpyRandom(0).permutation(1)).containsExactly(0);
        assertThat(new NumpyRandom(0).permutation(2)).containsExactly(1, 0);
        assertThat(new NumpyRandom(0).permutation(10))
                .containsExactly(2, 8, 4, 9, 1, 6, 7, 3, 0, 5);
        assertThat(new NumpyRandom(11111).permutation(10))
                .containsExactly(3, 2, 8, 0, 1, 5, 7, 9, 6, 4);
        assertThat(new NumpyRandom(4294967295L).permutation(2)).containsExactly(0, 1);
        assertThat(new NumpyRandom(4294967295L).permutation(10))
                .containsExactly(6, 9, 5, 1, 8, 0, 7, 4, 2, 3);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1000, 1408193616",
        "0, 1706976, 3844712554",
        "11111, 1000, 2478254240",
        "11111, 1706976, 3499150809",
        "4294967295, 1000, 3393842573",
        "4294967295, 1706976, 1629786032"
    })
    void permutes_a_whole_chunk_of_amber_as_numpy_does(long seed, int rows, long crc32) {
        ByteBuffer bytes = ByteBuffer.allocate(rows * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(new NumpyRandom(seed).permutation(rows));
        CRC32 crc = new CRC32();
        crc.update(bytes);
        assertThat(crc.getValue()).isEqualTo(crc32);
    }

    @Test
    void gives_the_first_steps_of_amber_itself() {
        ChunkOrder order =
                new DataOrder(ShuffleMode.PER_CHUNK, 11111, List.of(AMBER_ROWS)).chunk(0, 2240);
        assertThat(order.steps()).isEqualTo(762); // 96 rows of 1,706,976 are left out
        assertThat(order.rows(0)).hasSize(2240).startsWith(77555, 207597, 940258, 991812);
        assertThat(order.rows(0, 1, 224)).hasSize(10).startsWith(207597);
    }

    @Test
    void seeds_each_chunk_by_its_number() {
        DataOrder order = new DataOrder(ShuffleMode.PER_CHUNK, 11110, List.of(5L, 10L));
        assertThat(order.chunk(1, 10).rows(0)).containsExactly(3, 2, 8, 0, 1, 5, 7, 9, 6, 4);
    }

    @Test
    void goes_on_from_chunk_to_chunk_wherever_it_is_asked_first() {
        List<Long> rows = List.of(10L, 7L, 12L);
        DataOrder order = new DataOrder(ShuffleMode.CONTINUOUS, 11111, rows);
        long[] last = {9, 8, 4, 10, 7, 6, 3, 2, 5, 1, 0, 11};
        assertThat(order.chunk(2, 12).rows(0)).containsExactly(last);
        assertThat(order.chunk(0, 10).rows(0)).containsExactly(3, 2, 8, 0, 1, 5, 7, 9, 6, 4);
        assertThat(order.chunk(1, 7).rows(0)).containsExactly(4, 5, 0, 2, 3, 1, 6);
        assertThat(order.chunk(1, 7).rows(0)).containsExactly(4, 5, 0, 2, 3, 1, 6);
        assertThat(order.chunk(2, 12).rows(0)).containsExactly(last);
    }

    @Test
    void deals_a_step_to_processes_in_turn_and_leaves_out_what_is_no_whole_step() {
        ChunkOrder order = new DataOrder(ShuffleMode.PER_CHUNK, 0, List.of(10L)).chunk(0, 4);
        assertThat(order.steps()).isEqualTo(2);
        assertThat(order.rows(1)).containsExactly(1, 6, 7, 3);
        assertThat(order.rows(1, 0, 2)).containsExactly(1, 7);
        assertThat(order.rows(1, 1, 2)).containsExactly(6, 3);
        List<Long> seen = new ArrayList<>();
        for (long step = 0; step < 2; step++) {
            for (int rank = 0; rank < 4; rank++) {
                seen.add(order.rows(step, rank, 4)[0]);
            }
        }
        assertThat(seen).containsExactly(2L, 8L, 4L, 9L, 1L, 6L, 7L, 3L);
    }

    @Test
    void a_batch_larger_than_the_chunk_gives_no_step() {
        DataOrder order = new DataOrder(ShuffleMode.PER_CHUNK, 0, List.of(3L));
        assertThat(order.chunk(0, 4).steps()).isZero();
    }

    @Test
    void names_what_is_impossible() {
        DataOrder order = new DataOrder(ShuffleMode.PER_CHUNK, 0, List.of(10L));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> order.chunk(1, 2))
                .withMessage("no chunk 1: there are 1, from 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> order.chunk(0, 0))
                .withMessageContaining("at least 1 sequence");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> order.chunk(0, 4).rows(2))
                .withMessage("no step 2: 10 rows in steps of 4 are 2 steps, from 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> order.chunk(0, 4).rows(0, 1, 3))
                .withMessageStartingWith("rank 1 of 3 processes");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new DataOrder(ShuffleMode.PER_CHUNK, 4294967295L, List.of(1L, 1L)))
                .withMessageContaining("a seed is 0 to 4294967295");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DataOrder(ShuffleMode.CONTINUOUS, -1, List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DataOrder(ShuffleMode.CONTINUOUS, 0, List.of(1L << 31)))
                .withMessageContaining("make more chunks");
    }
}
