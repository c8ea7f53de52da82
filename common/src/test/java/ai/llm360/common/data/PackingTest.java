package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CrystalCoder's ways: a beginning token, windows that share an id, fill-in-the-middle. */
class PackingTest {

    @TempDir Path temp;

    @BeforeEach
    void writeTokenizerAndTexts() throws IOException {
        TinyTokenizer.llama()
                .words("once", "upon", "a", "time")
                .specialTokens("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>")
                .writeJson(temp);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 400; i++) {
            text.append("once upon a time ".repeat(i % 7 + 1)).append(i).append('\n');
        }
        Files.writeString(temp.resolve("tale.txt"), text);
    }

    private DataManifest prepare(RecipeBuilder recipe, String out, int threads) throws IOException {
        return DataPreparation.builder()
                .setRecipe(recipe.build())
                .setTarget(temp.resolve(out))
                .optBase(temp)
                .optThreads(threads)
                .build()
                .prepare();
    }

    private static RecipeBuilder tale(double rate, int epochs) {
        return new RecipeBuilder()
                .asCrystalCoder()
                .rowLength(33)
                .source(
                        "tale",
                        "tale.txt",
                        s ->
                                rate > 0
                                        ? s.split(DataRecipe.Split.LINES).fim(rate, epochs)
                                        : s.split(DataRecipe.Split.LINES));
    }

    private List<Long> stream() throws IOException {
        List<Long> ids = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(temp)) {
            for (String line : Files.readAllLines(temp.resolve("tale.txt"))) {
                ids.add(1L);
                for (long id : tokenizer.encodeLiteral(line)) {
                    ids.add(id);
                }
                ids.add(2L);
            }
        }
        return ids;
    }

    @Test
    void rows_are_windows_of_the_stream_that_share_one_id() throws IOException {
        DataManifest manifest = prepare(tale(0, 0), "out", 2);
        List<Long> stream = stream();
        assertThat(manifest.sources().get(0).tokens()).isEqualTo(stream.size());
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(0)) {
            assertThat(chunk.hasMask()).isFalse();
            assertThat(chunk.rows()).isEqualTo((stream.size() - 1) / 32);
            long[] row = new long[33];
            for (int i = 0; i < chunk.rows(); i++) {
                chunk.read(i, row, 0);
                assertThat(row)
                        .containsExactly(stream.subList(32 * i, 32 * i + 33).toArray(Long[]::new));
            }
        }
    }

    @Test
    void training_rows_are_rearranged_anew_each_epoch_and_validation_rows_are_not()
            throws IOException {
        prepare(tale(0, 0).validationRows(5), "plain", 2);
        DataManifest manifest = prepare(tale(0.9, 2).validationRows(5), "fim", 2);
        DataManifest.Source source = manifest.sources().get(0);
        long rows = DataManifest.read(temp.resolve("plain")).sources().get(0).rows();
        assertThat(source.rows()).isEqualTo(2 * rows);
        assertThat(manifest.rowsPerChunk()).containsExactly(2 * rows);
        assertThat(temp.resolve("fim/validation/tale.rows"))
                .hasSameBinaryContentAs(temp.resolve("plain/validation/tale.rows"));
        try (TokenDataset data = TokenDataset.open(temp.resolve("fim"));
                TokenChunk chunk = data.openChunk(0)) {
            assertThat(chunk.hasMask()).isTrue();
            List<long[]> all = Rows.of(chunk);
            int half = (int) rows;
            assertThat(all.subList(0, half)).isNotEqualTo(all.subList(half, 2 * half));
            int same = 0;
            for (int i = 0; i < half; i++) {
                same += Arrays.equals(all.get(i), all.get(half + i)) ? 1 : 0;
            }
            // Both draws leave a row alone in 1 of 100 or less often.
            assertThat(same).isLessThan(half / 20);
        }
    }

    @Test
    void rearranged_rows_are_the_same_with_one_thread_and_with_four() throws IOException {
        prepare(tale(0.9, 3), "one", 1);
        prepare(tale(0.9, 3), "four", 4);
        Map<String, String> one = Rows.bytes(temp.resolve("one"));
        assertThat(Rows.bytes(temp.resolve("four"))).isEqualTo(one);
    }

    @Test
    void a_tokenizer_without_the_tokens_is_refused_before_any_work() throws IOException {
        TinyTokenizer.llama().withoutBos().writeJson(temp);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(tale(0.9, 1), "out", 1))
                .withMessageContaining("<|fim_prefix|>");
        Files.writeString(temp.resolve("tokenizer_config.json"), "{\"bos_token\": \"<begin>\"}");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> prepare(tale(0, 0), "out", 1))
                .withMessageContaining("no beginning token");
        assertThat(temp.resolve("out")).doesNotExist();
    }

    private static void refused(String yaml, String message) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(
                        () -> ConfigTree.parse(yaml).bind(DataRecipe.class, DataRecipe.DEFAULTS))
                .withMessageContaining(message);
    }

    @Test
    void a_wrong_recipe_is_named_by_its_path() {
        refused("{tokenizer: t, overlap: 2, sources: [{name: a, path: x}]}", "overlap is 0 or 1");
        refused(
                "{tokenizer: t, sources: [{name: a, path: x, fim: {rate: 1.5}}]}",
                "sources.0.fim.rate is above 0, at most 1, not 1.5");
        refused(
                "{tokenizer: t, sources: [{name: a, path: x, fim: {spm_rate: 0.5}}]}",
                "missing sources.0.fim.rate");
        refused(
                "{vocabulary_size: 9, sources: [{name: a, path: x, format: amber_jsonl, fim:"
                        + " {rate: 0.5}}]}",
                "sources.0.fim goes with sources whose rows are all of that source");
        refused(
                "{tokenizer: t, sources: [{name: a, path: x, format: parquet}]}",
                "sources.0.format is one of text, jsonl, archive, amber_jsonl");
    }
}
