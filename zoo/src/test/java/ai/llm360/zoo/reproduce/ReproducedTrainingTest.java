package ai.llm360.zoo.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.TinyTraining;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.source.ShipSeries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe, from its text to a published series and back. */
class ReproducedTrainingTest {

    private static final String PHASES =
            """
            {phase1: {prepare: {chunks: 1}},
             phase2: {prepare: {seed: 3}, schedule: {peak: 5e-3}, batch: {micro: 4}}}
            """;

    @TempDir Path temp;
    private TinyTraining training;
    private ConfigTree recipe;
    private Path run;
    private EmbeddedSeries published;

    @BeforeEach
    void publish() throws IOException {
        training = TinyTraining.in(temp);
        recipe = training.recipe();
        run = training.train(recipe, "first");
        published = ship(run, "jar");
    }

    private EmbeddedSeries ship(Path finished, String name) throws IOException {
        Path jar = temp.resolve(name);
        ShipSeries.ship("nano", finished, jar);
        return new EmbeddedSeries("nano", file -> Files.newInputStream(jar.resolve(file)));
    }

    private ReproductionResult reproduce(ConfigTree changed) throws IOException {
        Path again = training.train(changed, "again");
        return new Reproduction(published, changed, temp.resolve("home")).result(again);
    }

    @Test
    void a_published_series_names_no_directory_of_its_maker() throws IOException {
        ship(training.train(recipe.with("phases=" + PHASES), "phased"), "jar/phased");
        try (Stream<Path> files = Files.walk(temp.resolve("jar"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String content = Files.readString(file, StandardCharsets.ISO_8859_1);
                assertThat(content).as("%s", file).doesNotContain(temp.toString());
            }
        }
    }

    @Test
    void the_same_recipe_gives_the_same_bits() throws IOException {
        ReproductionResult result = reproduce(recipe);
        assertThat(result.checkpoints()).hasSize(2);
        assertThat(result.identical()).isTrue();
        assertThat(result.reproduced()).isTrue();
    }

    @Test
    void the_phases_of_a_recipe_are_one_series_and_give_the_same_bits_again() throws Exception {
        ConfigTree phased = recipe.with("phases=" + PHASES);
        published = ship(training.train(phased, "phased"), "phases");
        SeriesFile series = published.series();
        long phase1 = series.checkpoints().get(0).step();
        long phase2 = series.checkpoints().get(1).step();
        assertThat(series.names())
                .containsExactly(
                        "phase1-%06d".formatted(phase1),
                        "phase2-%06d".formatted(phase2),
                        "phase2-%06d".formatted(2 * phase2));
        assertThat(series.checkpoints())
                .extracting(SeriesCheckpoint::tokens)
                .containsExactly(64 * phase1, 64 * (phase1 + phase2), 64 * (phase1 + 2 * phase2));
        assertThat(series.checkpoints().get(2).validationLoss().get("tales"))
                .isLessThan(series.checkpoints().get(0).validationLoss().get("tales"));
        assertThat(
                        ConfigTree.read(temp.resolve("phases/phase2/config.yaml"))
                                .get("start.checkpoint"))
                .contains("phase1/ckpt-000");
        Zoo zoo =
                Zoo.builder().optHome(temp.resolve("home")).optEmbedded(List.of(published)).build();
        assertThat(zoo.checkpoint("nano").path()).hasFileName(series.names().get(2));
        ReproductionResult result = reproduce(phased);
        assertThat(result.checkpoints())
                .extracting(CheckpointComparison::checkpoint)
                .isEqualTo(series.names());
        assertThat(result.identical()).isTrue();
    }

    @Test
    void another_seed_is_no_reproduction() throws IOException {
        ReproductionResult result = reproduce(recipe.with("seed=6"));
        assertThat(result.reproduced()).isFalse();
        assertThat(result.differingMost().largestDifference()).isPositive();
    }

    @Test
    void a_checkpoint_of_a_run_continues_text_by_itself() throws Exception {
        try (ZooModel<String, String> model =
                        Criteria.of(run.resolve("ckpt-001").toString())
                                .optArgument("max_new_tokens", 6)
                                .loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict("once upon a time once")).startsWith(" upon a time");
        }
    }
}
