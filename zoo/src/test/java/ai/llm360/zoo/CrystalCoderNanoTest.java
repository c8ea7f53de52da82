package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.InfillPrompt;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.testing.Home;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** CrystalCoder's series that comes with the library. */
class CrystalCoderNanoTest {

    private static final String CODE =
            "     * @return {@code true} if the array is {@code null} or empty";

    @TempDir Path temp;
    private Home home;

    @BeforeEach
    void open() {
        home = Home.at(temp.resolve("home"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    @ParameterizedTest
    @CsvSource({
        "crystalcoder-nano@phase1-000093, phase1-000093",
        "crystalcoder-nano@phase2-000450, phase2-000450",
        "crystalcoder-nano@latest, phase3-000360",
        "crystalcoder-nano, phase3-000360"
    })
    void every_checkpoint_is_found_by_its_names(String reference, String checkpoint)
            throws Exception {
        assertThat(Reference.resolve(reference)).hasFileName(checkpoint);
    }

    @Test
    void its_three_phases_have_three_checkpoints_each_and_the_tokens_add_up() throws Exception {
        SeriesFile series = SeriesFile.of("crystalcoder-nano");
        assertThat(series.names())
                .containsExactly(
                        "phase1-000093",
                        "phase1-000186",
                        "phase1-000279",
                        "phase2-000150",
                        "phase2-000300",
                        "phase2-000450",
                        "phase3-000120",
                        "phase3-000240",
                        "phase3-000360");
        long rows = 8L * (279 + 450 + 360);
        assertThat(series.checkpoint("phase3-000360").tokens()).isEqualTo(256 * rows);
        assertThat(series.checkpoint("phase1-000279").validationLoss()).containsOnlyKeys("nouns");
        assertThat(series.checkpoint("phase3-000360").validationLoss())
                .containsOnlyKeys(
                        "adjectives", "commons-lang", "commons-text", "commons-collections");
    }

    @Test
    void each_phase_brings_it_nearer_to_code() throws Exception {
        double before = Double.POSITIVE_INFINITY;
        for (String end : List.of("phase1-000279", "phase2-000450", "phase3-000360")) {
            double perplexity = perplexity(end, CODE);
            assertThat(perplexity).as(end).isLessThan(before);
            before = perplexity;
        }
    }

    /** The loss that the run logged is what the shipped weights give again, but for bfloat16. */
    @Test
    void english_is_known_after_the_first_phase() throws Exception {
        String text = "oak: a tree with large leaves and edible fruit";
        double first = perplexity("phase1-000093", text);
        double last = perplexity("phase1-000279", text);
        assertThat(last).isLessThan(first);
        assertThat(Math.log(last)).isCloseTo(4.0, within(1.5));
    }

    private static double perplexity(String checkpoint, String text) throws Exception {
        try (ZooModel<String, String> model =
                Criteria.loadModel("crystalcoder-nano@" + checkpoint)) {
            return Criteria.generator(model).score(text).perplexity();
        }
    }

    @Test
    void it_fills_a_gap_with_code() throws Exception {
        try (ZooModel<String, String> model = Criteria.loadModel("crystalcoder-nano")) {
            TextGenerator generator = Criteria.generator(model);
            GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(30).build();
            InfillPrompt gap =
                    new InfillPrompt(
                            """
                                public static int indexOf(final Object[] array, final Object objectToFind) {
                                    if (array == null) {
                            """
                                    .indent(4),
                            """
                                    }
                                    return INDEX_NOT_FOUND;
                                }
                            """
                                    .indent(4),
                            InfillPrompt.Order.SPM,
                            false);
            Generation middle = generator.infill(gap, config);
            assertThat(middle.text()).contains("return null;").doesNotContain("<|");
        }
    }
}
