package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Expected values are CPython's. */
class PythonRandomTest {

    private static int[] first(int[] drawn, int count) {
        return Arrays.copyOf(drawn, count);
    }

    @Test
    void numbers_and_bits_are_pythons() {
        PythonRandom random = new PythonRandom(1234);
        assertThat(random.random()).isEqualTo(.9664535356921388);
        assertThat(random.random()).isEqualTo(.4407325991753527);
        assertThat(random.random()).isEqualTo(.007491470058587191);
        PythonRandom bits = new PythonRandom(1234);
        assertThat(new int[] {bits.bits(11), bits.bits(11), bits.bits(11)})
                .containsExactly(1979, 1593, 902);
    }

    @Test
    void a_small_share_is_drawn_by_a_set() {
        PythonRandom random = new PythonRandom(1234);
        assertThat(random.sample(1119, 25))
                .startsWith(902, 239, 15, 185, 71, 171, 201, 726)
                .endsWith(132, 1108);
        assertThat(first(random.sample(1119, 25), 5)).containsExactly(954, 140, 182, 1054, 94);
        assertThat(new PythonRandom(1234).sample(39905, 11))
                .containsExactly(
                        28883, 7657, 490, 5940, 38156, 2288, 5500, 6450, 23241, 15519, 1142);
    }

    @Test
    void a_large_share_is_drawn_from_a_list() {
        assertThat(new PythonRandom(1234).sample(25, 5)).containsExactly(24, 14, 3, 0, 2);
        assertThat(new PythonRandom(1234).sample(List.of("a", "b"), 2)).hasSize(2);
    }

    @Test
    void shuffles_and_goes_on_to_draw() {
        PythonRandom random = new PythonRandom(42);
        assertThat(random.shuffled(10)).containsExactly(7, 3, 2, 8, 5, 6, 9, 4, 0, 1);
        assertThat(first(random.sample(1119, 25), 5)).containsExactly(864, 65, 61, 191, 447);
    }

    @Test
    void draws_with_replacement() {
        PythonRandom random = new PythonRandom(0);
        assertThat(random.choices(10, 10)).containsExactly(8, 7, 4, 2, 5, 4, 7, 3, 4, 5);
        assertThat(random.choices(10, 10)).containsExactly(9, 5, 2, 7, 6, 2, 9, 9, 8, 9);
    }

    @Test
    void more_than_there_is_cannot_be_drawn() {
        assertThatThrownBy(() -> new PythonRandom(1).sample(3, 4))
                .hasMessage("4 can't be drawn from 3 without replacement");
    }
}
