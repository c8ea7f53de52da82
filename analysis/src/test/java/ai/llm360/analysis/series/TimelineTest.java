package ai.llm360.analysis.series;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.series.Timeline.Answer;
import ai.llm360.analysis.series.Timeline.Point;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenScores;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.testing.Home;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimelineTest {

    @TempDir Path temp;
    private Home home;

    @BeforeEach
    void open() {
        home = Home.at(temp);
    }

    @AfterEach
    void close() {
        home.close();
    }

    @Test
    void an_answer_has_the_score_of_its_tokens_at_each_checkpoint() throws Exception {
        List<Point> told = new ArrayList<>();
        List<Point> points =
                Timeline.of(
                        Series.of("amber-nano@0..9:9"),
                        CheckpointModels.DEFAULT,
                        "dog: a",
                        List.of(" domestic animal", " person", "nt"),
                        told::add);
        assertThat(told).isEqualTo(points);
        assertThat(points).extracting(Point::checkpoint).containsExactly("ckpt-000", "ckpt-009");
        assertThat(points.get(1).step()).hasValue(860);
        assertThat(points.get(1).tokens()).hasValue(1_761_280);
        for (Point point : points) {
            try (ZooModel<String, String> model =
                    Criteria.loadModel("amber-nano@" + point.checkpoint())) {
                TextGenerator generator = Criteria.generator(model);
                for (Answer answer : point.answers()) {
                    TokenScores all = generator.score("dog: a" + answer.text());
                    int own = answer.tokens().size();
                    int scored = all.logProbabilities().size();
                    assertThat(answer.logProbability())
                            .isCloseTo(
                                    all.logProbabilities().subList(scored - own, scored).stream()
                                            .mapToDouble(Double::doubleValue)
                                            .sum(),
                                    within(1e-4));
                    assertThat(answer.ranks()).isEqualTo(all.ranks().subList(scored - own, scored));
                    assertThat(answer.probability()).isEqualTo(Math.exp(answer.logProbability()));
                    assertThat(String.join("", answer.tokens()).replace('\u2581', ' '))
                            .endsWith(answer.text());
                }
            }
        }
        double first = points.get(0).answers().get(0).logProbability();
        assertThat(points.get(1).answers().get(0).logProbability()).isGreaterThan(first + 5);
    }

    @Test
    void an_answer_without_tokens_of_its_own_is_refused() throws Exception {
        try (ZooModel<String, String> model = Criteria.loadModel("amber-nano@0")) {
            TextGenerator generator = Criteria.generator(model);
            assertThatThrownBy(() -> Timeline.score(generator, "dog", List.of("")))
                    .hasMessageContaining("adds no token");
            assertThatThrownBy(() -> Timeline.score(generator, "dog", List.of()))
                    .hasMessageContaining("no answer");
            assertThatThrownBy(() -> Timeline.score(generator, "", List.of("a")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("longer prompt");
        }
    }
}
