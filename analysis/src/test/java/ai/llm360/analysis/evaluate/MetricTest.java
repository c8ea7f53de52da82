package ai.llm360.analysis.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.analysis.evaluate.ChoiceRule.Scored;
import ai.llm360.analysis.task.TaskPage;
import ai.llm360.common.config.ConfigException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricTest {

    private static Scored scored(List<String> choices, List<Integer> gold, double... lls) {
        return new Scored(choices, choices.stream().map(c -> " " + c).toList(), lls, gold, false);
    }

    @Test
    void accuracy_takes_the_most_probable_choice_and_the_first_of_equal_ones() {
        assertThat(ChoiceRule.ACC.of(scored(List.of("a", "b"), List.of(1), -2, -1))).isOne();
        assertThat(ChoiceRule.ACC.of(scored(List.of("a", "b"), List.of(1), -1, -1))).isZero();
        assertThat(ChoiceRule.ACC.of(scored(List.of("a", "b", "c"), List.of(0, 2), -2, -3, -1)))
                .isOne();
        Scored last =
                new Scored(
                        List.of("a", "b"),
                        List.of(" a", " b"),
                        new double[] {-1, -1},
                        List.of(1),
                        true);
        assertThat(ChoiceRule.ACC.of(last)).isOne();
    }

    @Test
    void normalised_accuracy_divides_by_code_points_and_the_other_by_bytes() {
        // Four code points in eight of Java's characters and sixteen bytes, and eight ASCII ones.
        Scored scored = scored(List.of("😀😀😀😀", "abcdefgh"), List.of(0), -10, -18);

        assertThat(ChoiceRule.ACC_NORM.of(scored)).isZero(); // -2.5 and -2.25
        assertThat(ChoiceRule.ACC_BYTES.of(scored)).isOne(); // -0.625 and -2.25
    }

    @Test
    void the_right_choices_share_is_of_all_probability() {
        double share = (0.2 + 0.1) / (0.2 + 0.5 + 0.1);
        Scored scored =
                scored(
                        List.of("a", "b", "c"),
                        List.of(0, 2),
                        Math.log(0.2),
                        Math.log(0.5),
                        Math.log(0.1));

        assertThat(ChoiceRule.PROBABILITY_MASS.of(scored)).isCloseTo(share, within(1e-12));
        // Texts whose probabilities are too small for a double still have shares.
        assertThat(
                        ChoiceRule.PROBABILITY_MASS.of(
                                scored(List.of("a", "b"), List.of(0), -2e3, -2e3)))
                .isEqualTo(0.5);
    }

    @Test
    void bits_per_byte_count_the_scored_text_in_utf_8() {
        Scored scored = scored(List.of("no", "é!"), List.of(1), -1, -8 * Math.log(2));

        assertThat(ChoiceRule.BITS_PER_BYTE.of(scored)).isCloseTo(8.0 / 4, within(1e-12));
    }

    @Test
    void a_stereotype_counts_where_it_is_more_probable() {
        Scored scored = scored(List.of("more", "less"), List.of(0), -3, -5.5);

        assertThat(ChoiceRule.PCT_STEREOTYPE.of(scored)).isOne();
        assertThat(ChoiceRule.LIKELIHOOD_DIFF.of(scored)).isEqualTo(2.5);
        assertThat(ChoiceRule.PCT_STEREOTYPE.of(scored(List.of("m", "l"), List.of(0), -1, -1)))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"2,1,1,0.5", "5,0,1,0", "5,5,3,1", "64,3,8,0.33467741935", "10,8,3,1"})
    void pass_at_k_is_the_chance_that_one_of_k_is_right(int n, int c, int k, double expected) {
        assertThat(Metric.passAtK(n, c, k)).isCloseTo(expected, within(1e-9));
        // The same by its definition: 1 - C(n-c, k) / C(n, k)
        double wrong =
                IntStream.range(0, k)
                        .mapToDouble(i -> Math.max(0, n - c - i) / (double) (n - i))
                        .reduce(1, (a, b) -> a * b);
        assertThat(Metric.passAtK(n, c, k)).isCloseTo(1 - wrong, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // as lm-evaluation-harness 0.4.13's exact_match, with GSM8K's options
                "1,234. | x\\n#### 1234 | true",
                "$18 | #### 18 | true",
                "18.0 | #### 18 | false",
                "ABC | abc | true",
            })
    void an_exact_match_ignores_what_the_page_says(String answer, String right, boolean same) {
        ExactMatch match =
                ExactMatch.of(
                        Map.of(
                                "ignore_case",
                                true,
                                "regexes_to_ignore",
                                List.of(",", "\\$", "(?s).*#### ", "\\.$")));

        assertThat(match.matches(answer, right.replace("\\n", "\n"))).isEqualTo(same);
    }

    @Test
    void punctuation_and_digits_can_be_ignored_too() {
        assertThat(ExactMatch.of(Map.of("ignore_punctuation", true)).matches("a-b!", "ab"))
                .isTrue();
        assertThat(ExactMatch.of(Map.of("ignore_numbers", true)).matches("a1b2", "ab")).isTrue();
        assertThat(ExactMatch.of(Map.of()).matches("a1b2", "ab")).isFalse();
        assertThatThrownBy(() -> ExactMatch.of(Map.of("regexes_to_ignore", List.of("("))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("'(' is no pattern");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // as lm-evaluation-harness 0.4.13's filters strict-match and flexible-extract
                "so 3 and 14. Thus 15\\n#### 1,234. | 1,234. | 1,234.",
                "none | [invalid] | [invalid]",
                "a 7 | [invalid] | 7",
                "x $5.00 y | [invalid] | $5.00",
                "#### 12 #### 13 | 12 | 13",
            })
    void a_filter_takes_out_the_match_that_its_page_selects(
            String text, String strict, String flexible) {
        String said = text.replace("\\n", "\n");

        assertThat(filter("#### (\\-?[0-9\\.\\,]+)", 0, false).apply(List.of(said)))
                .containsExactly(strict);
        assertThat(filter("(-?[$0-9.,]{2,})|(-?[0-9]+)", -1, false).apply(List.of(said)))
                .containsExactly(flexible);
    }

    @Test
    void a_vote_takes_the_most_frequent_answer_and_the_first_of_equal_ones() {
        assertThat(filter("[0-9]+", 0, true).apply(List.of("a 1", "a 2", "b 2", "c 1", "c 3")))
                .containsExactly("1");
        assertThat(filter("[0-9]+", 0, true).apply(List.of("a 1", "a 2", "b 2")))
                .containsExactly("2");
    }

    private static AnswerFilter filter(String pattern, int group, boolean majority) {
        return new AnswerFilter(
                new TaskPage.Filter(
                        "own",
                        Optional.of(pattern),
                        Optional.of(group),
                        Optional.empty(),
                        Optional.of(majority)));
    }
}
