package ai.llm360.cli;

import ai.llm360.common.data.TokenDatasetBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A recipe for a model that trains in a blink, and data for it. */
final class TinyRun {

    static final int ROW_LENGTH = 17;
    static final int VOCABULARY = 40;

    private final Path directory;

    private TinyRun(Path directory) {
        this.directory = directory;
    }

    /** Writes a recipe, and chunks of 8 steps of random rows. */
    static TinyRun in(Path directory, int chunks) throws IOException {
        TinyRun run = new TinyRun(directory);
        Random random = new Random(3);
        new TokenDatasetBuilder(ROW_LENGTH, VOCABULARY)
                .source("noise", rows(random, 32 * chunks))
                .validation("noise", rows(random, 4))
                .chunks(chunks)
                .write(directory.resolve("data"));
        Files.writeString(
                directory.resolve("recipe.yaml"),
                """
                name: tiny-run
                model:
                  model_type: llama
                  vocab_size: 40
                  hidden_size: 16
                  intermediate_size: 24
                  num_hidden_layers: 2
                  num_attention_heads: 2
                  max_position_embeddings: 16
                seed: 5
                data:
                  path: %s
                batch: {global: 4, micro: 2}
                schedule: {peak: 1e-2, end: 1e-3, warmup: 2, total: 16}
                validation: {every: 8}
                """
                        .formatted(directory.resolve("data")));
        return run;
    }

    private static long[][] rows(Random random, int count) {
        long[][] rows = new long[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = random.longs(ROW_LENGTH, 0, VOCABULARY).toArray();
        }
        return rows;
    }

    String recipe() {
        return directory.resolve("recipe.yaml").toString();
    }

    Path out() {
        return directory.resolve("run");
    }
}
