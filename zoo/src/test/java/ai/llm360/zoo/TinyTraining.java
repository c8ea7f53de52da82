package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.train.TrainingPhase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Trains a tiny model on a few words by a recipe, in phases or not: data, run, checkpoints. */
final class TinyTraining {

    private final Path directory;

    private TinyTraining(Path directory) {
        this.directory = directory;
    }

    /** Writes the words and their tokenizer. */
    static TinyTraining in(Path directory) throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(directory);
        Files.writeString(directory.resolve("tales.txt"), "once upon a time ".repeat(200));
        return new TinyTraining(directory);
    }

    /** Two chunks of steps, each of which leaves a checkpoint. */
    ConfigTree recipe() {
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
    Path train(ConfigTree recipe, String name) throws IOException {
        Path run = directory.resolve(name).resolve("run");
        Path data = directory.resolve(name).resolve("data");
        for (TrainingPhase phase : Reproduction.phases(recipe, data)) {
            Reproduction.data(phase).build().prepare();
        }
        try {
            Pretraining.builder()
                    .setRecipe(recipe.with("data.path", data.toString()))
                    .setOut(run)
                    .build()
                    .run();
        } catch (ModelNotFoundException e) {
            throw new AssertionError("the recipe begins with no model", e);
        }
        return run;
    }
}
