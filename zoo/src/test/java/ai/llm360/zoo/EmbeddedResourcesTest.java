package ai.llm360.zoo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.reproduce.Reproduction;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.SeriesFile;
import ai.llm360.zoo.source.TensorHashes;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What lies in the jar of each series: what its recipe makes, whole, and no more than it may be.
 */
class EmbeddedResourcesTest {

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
        "amber-nano, config.yaml",
        "amber-nano-chat, config.yaml",
        "crystalcoder-nano, PHASE/config.yaml"
    })
    void its_runs_were_the_recipes(String model, String file) throws Exception {
        EmbeddedSeries files = EmbeddedSeries.of(model);
        for (TrainingPhase phase : Reproduction.of(model).phases(temp)) {
            try (var saved = files.open(file.replace("PHASE", phase.name()))) {
                // What it doesn't say, as it is older than that, is as in the defaults.
                ConfigTree config =
                        ConfigTree.of(
                                ConfigTree.parse(new String(saved.readAllBytes(), UTF_8))
                                        .bind(TrainingConfig.class, TrainingConfig.DEFAULTS));
                ConfigTree recipe = ConfigTree.of(TrainingRun.config(phase.recipe()));
                // Where the data lay, and which weights it began with, only a run knows.
                boolean first = phase.name().isEmpty() || phase.name().equals("phase1");
                List<String> differing = new ArrayList<>(List.of("data.path"));
                if (!first) {
                    differing.add("start");
                } else if (recipe.get("start").isPresent()) {
                    differing.addAll(List.of("start.checkpoint", "start.sha256"));
                }
                Reproduction reproduction = Reproduction.of(model);
                if (reproduction.isPortable() && !reproduction.published().madeOn().isPortable()) {
                    differing.add("portable"); // made before there was such a mode
                }
                assertThat(recipe.differences(config))
                        .extracting(ConfigTree.Difference::path)
                        .containsExactlyInAnyOrderElementsOf(differing);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"amber-nano, 10", "amber-nano-chat, 1", "crystalcoder-nano, 9"})
    void the_files_hold_what_the_series_says(String model, int checkpoints) throws Exception {
        List<SeriesCheckpoint> all = SeriesFile.of(model).checkpoints();
        assertThat(all).hasSize(checkpoints);
        for (int i : new int[] {0, checkpoints / 2, checkpoints - 1}) {
            SeriesCheckpoint known = all.get(i);
            Path directory = Reference.resolve(model + "@" + known.name());
            try (Checkpoint checkpoint = Checkpoint.open(directory)) {
                assertThat(checkpoint.tensors().keySet()).isEqualTo(known.tensors().keySet());
                for (String tensor : known.tensors().keySet()) {
                    assertThat(TensorHashes.of(checkpoint, tensor, TensorType.BF16))
                            .isEqualTo(known.tensors().get(tensor).shipped());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "amber-nano, 20000000, 24000000",
        "amber-nano-chat, 2300000, 2700000",
        "crystalcoder-nano, 14000000, 18000000"
    })
    void the_jar_stays_small(String model, long least, long most) throws IOException {
        long bytes = 0;
        Path resources = Path.of("src/main/resources/ai/llm360/zoo/embedded", model);
        try (Stream<Path> files = Files.walk(resources)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        assertThat(bytes).isBetween(least, most);
    }
}
