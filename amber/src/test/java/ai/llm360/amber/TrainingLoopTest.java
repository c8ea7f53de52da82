package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A loop whose parts don't fit together isn't built. */
class TrainingLoopTest {

    @TempDir Path temp;
    private NDManager manager;
    private TokenDataset dataset;
    private RunDirectory run;

    /** Two chunks of eight rows of 16 positions, ids below 96. */
    @BeforeEach
    void open() throws IOException {
        Path data = temp.resolve("data");
        Files.createDirectories(data.resolve("sources"));
        new TokenDatasetBuilder(17, 96).source("zeros", new long[16][17]).chunks(2).write(data);
        dataset = TokenDataset.open(data);
        run = RunDirectory.create(temp.resolve("run"), "", "{}");
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() throws IOException {
        manager.close();
        run.close();
        dataset.close();
    }

    private static TrainingConfig config(String change) {
        ConfigTree tree = ConfigTree.of(new TinyRun().config());
        return (change.isEmpty() ? tree : tree.with(change))
                .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    private TrainingLoop.Builder builder(String change, TinyAmber.Sizes sizes) {
        return TrainingLoop.builder()
                .setConfig(config(change))
                .setDecoder(new Amber(sizes.build()))
                .setDataset(dataset)
                .setRun(run)
                .setManager(manager);
    }

    @Test
    void what_is_required_is_named() {
        String message =
                "a training loop needs setConfig, setDecoder, setDataset, setRun and setManager";
        assertThatThrownBy(() -> TrainingLoop.builder().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> builder("", TinyAmber.sizes()).setManager(null).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data.chunks=3 | data.chunks is 3, but the data set has 2",
                "batch={global: 10, micro: 2} | batch.global is 10, but a chunk has only 8 rows",
                "steps=3 | schedule.warmup is 4, but the run has only 3 steps; give a shorter one,"
                        + " or as schedule.total the steps of the whole schedule",
                "schedule.warmup=5 | schedule.warmup is 5, but the run has only 4 steps; give a"
                        + " shorter one, or as schedule.total the steps of the whole schedule",
            })
    void a_configuration_that_does_not_fit_the_data_is_refused(String change, String problem) {
        assertThatThrownBy(() -> builder(change, TinyAmber.sizes()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(problem);
    }

    @Test
    void a_model_that_does_not_fit_the_data_is_refused() {
        assertThatThrownBy(() -> builder("", TinyAmber.sizes().optContextLength(15)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the data's rows are of 16 positions, but the model takes at most 15");
        assertThatThrownBy(() -> builder("", TinyAmber.sizes().setVocabularySize(95)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the data's vocabulary is of 96 tokens, but the model knows 95");
    }
}
