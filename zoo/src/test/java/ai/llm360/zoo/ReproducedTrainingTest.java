package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe, from its text to a published series and back. */
class ReproducedTrainingTest {

    @TempDir Path temp;
    private ConfigTree recipe;
    private Path run;
    private EmbeddedSeries published;

    @BeforeEach
    void publish() throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(temp);
        Files.writeString(temp.resolve("tales.txt"), "once upon a time ".repeat(200));
        recipe =
                ConfigTree.parse(
                        """
                        name: nano
                        model:
                          model_type: llama
                          vocab_size: 300
                          hidden_size: 16
                          intermediate_size: 24
                          num_hidden_layers: 1
                          num_attention_heads: 2
                          max_position_embeddings: 64
                        seed: 5
                        data: {path: data}
                        prepare:
                          tokenizer: %1$s/tokenizer.json
                          row_length: 17
                          chunks: 2
                          validation_rows: 2
                          sources:
                            - name: tales
                              path: %1$s/tales.txt
                        batch: {global: 4, micro: 2}
                        schedule: {peak: 1e-2, end: 1e-3, warmup: 2}
                        validation: {every: 1000}
                        """
                                .formatted(temp));
        Path jar = temp.resolve("jar");
        published =
                new EmbeddedSeries(
                        new EmbeddedFiles("nano", file -> Files.newInputStream(jar.resolve(file))));
        run = train(recipe, "first");
        ShipSeries.ship("nano", run, jar);
    }

    private Path train(ConfigTree recipe, String name) throws IOException {
        Path data = temp.resolve(name).resolve("data");
        Path directory = temp.resolve(name).resolve("run");
        Reproduction.data(recipe).setTarget(data).build().prepare();
        TrainingConfig config = Reproduction.config(recipe, data);
        try (TokenDataset dataset = TokenDataset.open(data);
                RunDirectory begun = TrainingRun.begin(directory, config, dataset.manifest());
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            TrainingLoop.builder()
                    .setConfig(config)
                    .setDecoder(Criteria.newBlockOf(ConfigTree.of(config.model()).toJson()))
                    .setDataset(dataset)
                    .setRun(begun)
                    .setManager(manager)
                    .optFiles(TrainingRun.modelFiles(config))
                    .build()
                    .run();
        }
        return directory;
    }

    private ReproductionResult reproduce(ConfigTree changed) throws IOException {
        Path again = train(changed, "again");
        return new Reproduction(published, changed, temp.resolve("home")).result(again);
    }

    @Test
    void a_published_series_names_no_directory_of_its_maker() throws IOException {
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
