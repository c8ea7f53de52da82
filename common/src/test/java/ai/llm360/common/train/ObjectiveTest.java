package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.train.Objective.Layout;
import ai.llm360.common.train.TrainingConfig.Goal.Normalisation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectiveTest {

    @TempDir Path temp;

    /** Rows of four labels, of which the first has none that counts, the second one, and so on. */
    private TokenDataset data() throws IOException {
        float[][] masks = new float[4][4];
        for (int row = 0; row < 4; row++) {
            for (int t = 0; t < row; t++) {
                masks[row][t] = 1;
            }
        }
        Files.createDirectories(temp.resolve("sources"));
        new TokenDatasetBuilder(5, 10).source("rows", new long[4][5], masks).write(temp);
        return TokenDataset.open(temp);
    }

    /** Of the four rows the last one's third label is the last that counts. */
    @Test
    void padding_behind_the_last_label_of_all_rows_is_left_out_where_rows_are_trimmed()
            throws IOException {
        try (TokenDataset data = data();
                TokenChunk chunk = data.openChunk(0);
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            assertThat(Objective.pretraining().layout()).isEqualTo(Layout.WHOLE);
            long[] all = {0, 1, 2, 3};
            assertThat(shapes(Batches.of(manager, chunk, all, Layout.WHOLE)))
                    .containsExactly(new Shape(4, 5), new Shape(4, 4));
            assertThat(shapes(Batches.of(manager, chunk, all, Layout.TRIMMED)))
                    .containsExactly(new Shape(4, 4), new Shape(4, 3));
            for (long row : all) {
                int labels = (int) labels(Normalisation.TOKENS).divisor(chunk, new long[] {row});
                assertThat(shapes(Batches.of(manager, chunk, new long[] {row}, Layout.TRIMMED)))
                        .containsExactly(new Shape(1, labels + 1), new Shape(1, labels));
            }
        }
    }

    @Test
    void texts_lie_one_after_another_each_up_to_its_last_label() throws IOException {
        long[][] rows = {{1, 5, 6, 7, 0, 0, 0}, {1, 8, 9, 1, 5, 1, 9}, {1, 1, 7, 0, 0, 0, 0}};
        float[][] masks = {{0, 1, 1, 0, 0, 0}, {1, 0, 0, 1, 0, 0}, {0, 0, 0, 0, 0, 0}};
        Files.createDirectories(temp.resolve("sources"));
        new TokenDatasetBuilder(7, 10).source("rows", rows, masks).write(temp);
        try (TokenDataset data = TokenDataset.open(temp);
                TokenChunk chunk = data.openChunk(0);
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            long[] order = order(chunk, rows);
            Objective of = labels(Normalisation.TOKENS);
            // The first text keeps its last label; the next text's BOS is learned by none.
            assertTexts(
                    Batches.of(manager, chunk, order, of.layout()),
                    new long[] {1, 5, 6, 7, 1, 8, 9, 1, 5},
                    new float[] {0, 1, 1, 0, 1, 0, 0, 1},
                    4,
                    4);
            Objective packed = Objective.labels(Normalisation.TOKENS, 3, true);
            assertTexts(
                    Batches.of(manager, chunk, order, packed.layout()),
                    new long[] {1, 5, 6, 7, 1, 8, 1, 5},
                    new float[] {0, 1, 1, 0, 1, 0, 1},
                    4,
                    2,
                    1);
            long[] none = {order[2]};
            try (Objective.MicroBatch batch = Batches.of(manager, chunk, none, of.layout())) {
                assertThat(batch.tokens().ids().toLongArray()).containsExactly(1, 1);
                assertThat(batch.tokens().texts()).isEmpty();
            }
        }
    }

    /** Returns where each row lies in a chunk. */
    private static long[] order(TokenChunk chunk, long[][] rows) {
        long[] order = new long[rows.length];
        for (long at = 0; at < chunk.rows(); at++) {
            long[] ids = new long[chunk.rowLength()];
            chunk.read(at, ids, 0);
            for (int row = 0; row < rows.length; row++) {
                order[row] = Arrays.equals(ids, rows[row]) ? at : order[row];
            }
        }
        return order;
    }

    private static void assertTexts(
            Objective.MicroBatch actual, long[] ids, float[] weights, long... texts) {
        try (actual) {
            assertThat(actual.tokens().ids().toLongArray()).isEqualTo(ids);
            assertThat(actual.tokens().weights().orElseThrow().toFloatArray()).isEqualTo(weights);
            assertThat(actual.tokens().texts()).isEqualTo(texts);
        }
    }

    private static List<Shape> shapes(Objective.MicroBatch batch) {
        try (batch) {
            return List.of(
                    batch.tokens().ids().getShape(),
                    batch.tokens().weights().orElseThrow().getShape());
        }
    }

    private static Objective labels(Normalisation normalisation) {
        return Objective.labels(normalisation, 3, false);
    }

    @Test
    void pretraining_divides_by_all_labels_and_fine_tuning_by_those_that_count()
            throws IOException {
        try (TokenDataset data = data();
                TokenChunk chunk = data.openChunk(0)) {
            long[] all = {0, 1, 2, 3};
            assertThat(Objective.pretraining().divisor(chunk, all)).isEqualTo(16);
            assertThat(labels(Normalisation.TOKENS).divisor(chunk, all)).isEqualTo(0 + 1 + 2 + 3);
            double[] each = new double[4];
            for (int row = 0; row < 4; row++) {
                each[row] = labels(Normalisation.TOKENS).divisor(chunk, new long[] {row});
            }
            assertThat(labels(Normalisation.EXAMPLES).divisor(chunk, all)).isEqualTo(4);
            // Micro-batches of three rows: one of them, and another that isn't full.
            assertThat(labels(Normalisation.MICRO_BATCH).divisor(chunk, all)).isEqualTo(2);
            // One without labels has no loss; its divisor is positive all the same.
            assertThat(each).containsExactlyInAnyOrder(1, 1, 2, 3);
        }
    }
}
