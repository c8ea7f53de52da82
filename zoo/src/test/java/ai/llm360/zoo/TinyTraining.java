package ai.llm360.zoo;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.run.PhasedRun;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.train.StartWeights;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.reproduce.Recipes;
import ai.llm360.zoo.reproduce.Reproduction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Trains a tiny model on a few words by a recipe, in phases or not: data, run, checkpoints. */
public final class TinyTraining {

    private final Path directory;

    private TinyTraining(Path directory) {
        this.directory = directory;
    }

    /** Writes the words and their tokenizer. */
    public static TinyTraining in(Path directory) throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(directory);
        Files.writeString(directory.resolve("tales.txt"), "once upon a time ".repeat(200));
        return new TinyTraining(directory);
    }

    /** Two chunks of steps, each of which leaves a checkpoint. */
    public ConfigTree recipe() {
        return ConfigTree.parse(
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
                        .formatted(directory));
    }

    /** Trains into a directory, and returns that of the run. */
    public Path train(ConfigTree recipe, String name) throws IOException {
        Path run = directory.resolve(name).resolve("run");
        List<TrainingPhase> phases =
                Reproduction.phases(recipe, directory.resolve(name).resolve("data"));
        if (phases.size() > 1) {
            PhasedRun.create(run, recipe.toYaml());
        }
        Path last = null;
        for (TrainingPhase phase : phases) {
            Reproduction.data(phase).build().prepare();
            ConfigTree tree = phase.recipe();
            last =
                    train(
                            last == null ? tree : tree.with("start.checkpoint", last.toString()),
                            phase.in(run));
        }
        return run;
    }

    private static Path train(ConfigTree recipe, Path directory) throws IOException {
        TrainingConfig given = TrainingRun.config(recipe);
        CausalDecoder decoder = Recipes.newDecoder(given);
        TrainingConfig config = StartWeights.identify(given, decoder);
        try (TokenDataset dataset = TokenDataset.open(Path.of(config.data().path()));
                RunDirectory begun = TrainingRun.begin(directory, config, dataset.manifest());
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            TrainingLoop.builder()
                    .setConfig(config)
                    .setDecoder(decoder)
                    .setDataset(dataset)
                    .setRun(begun)
                    .setManager(manager)
                    .optFiles(TrainingRun.modelFiles(config))
                    .build()
                    .run();
            return begun.latest().orElseThrow().path();
        }
    }
}
