package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.zoo.reproduce.DataRecipes;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.testing.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The series that comes with the library. */
class AmberNanoTest {

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
        "amber-nano@ckpt-005, ckpt-005",
        "amber-nano@5, ckpt-005",
        "amber-nano@latest, ckpt-009",
        "amber-nano, ckpt-009"
    })
    void every_checkpoint_loads_by_its_names(String reference, String checkpoint) throws Exception {
        assertThat(Reference.resolve(reference)).hasFileName(checkpoint);
        try (ZooModel<String, String> model =
                        Criteria.of(reference).optArgument("max_new_tokens", 8).loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict("fox:")).isNotEmpty();
        }
    }

    @Test
    void it_has_learnt_definitions_and_javadoc_more_so_with_each_checkpoint() throws Exception {
        List<String> texts =
                List.of(
                        "oak: a tree with large leaves and edible fruit",
                        "     * @return {@code true} if the array is {@code null} or empty");
        double before = Double.POSITIVE_INFINITY;
        for (String checkpoint : List.of("ckpt-000", "ckpt-003", "ckpt-009")) {
            try (ZooModel<String, String> model = Criteria.loadModel("amber-nano@" + checkpoint)) {
                TextGenerator generator = Criteria.generator(model);
                double product = 1;
                for (String text : texts) {
                    product *= generator.score(text).perplexity();
                }
                assertThat(product).as(checkpoint).isLessThan(before);
                before = product;
            }
        }
    }

    @Test
    void what_the_run_logged_came_with_it() throws Exception {
        SeriesFile series = SeriesFile.of("amber-nano");
        assertThat(series.names())
                .isEqualTo(IntStream.range(0, 10).mapToObj("ckpt-%03d"::formatted).toList());
        assertThat(series.checkpoints())
                .extracting(SeriesCheckpoint::step)
                .isEqualTo(IntStream.rangeClosed(1, 10).mapToObj(i -> 86L * i).toList());
        SeriesCheckpoint last = series.checkpoint("ckpt-009");
        assertThat(last.tokens()).isEqualTo(860 * 8 * 256);
        assertThat(last.loss()).isBetween(2.0, 3.5);
        assertThat(last.validationLoss())
                .containsOnlyKeys("wordnet", "commons-lang", "commons-text");
    }

    @Test
    void djls_zoo_knows_it() throws Exception {
        try (ZooModel<String, String> model =
                ai.djl.repository.zoo.Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optArtifactId("ai.llm360:amber-nano")
                        .optFilter("checkpoint", "ckpt-002")
                        .build()
                        .loadModel()) {
            assertThat(model.getName()).isEqualTo("ckpt-002");
        }
    }

    @Test
    void an_unknown_checkpoint_is_answered_with_the_series() {
        assertThatThrownBy(() -> Reference.resolve("amber-nano@ckpt-010"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no checkpoint 'ckpt-010' of 'amber-nano'")
                .hasMessageContaining("ckpt-000, ckpt-001,")
                .hasMessageContaining("ckpt-009");
    }

    @Test
    void the_tokenizer_is_there_without_any_weights() throws Exception {
        Path copy = Path.of(DataRecipes.bind(DataRecipes.read("amber-nano")).tokenizer().get());
        try (Stream<Path> files = Files.list(copy)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("tokenizer.json", "tokenizer_config.json");
        }
    }
}
