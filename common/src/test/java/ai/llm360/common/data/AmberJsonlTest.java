package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AmberJsonlTest {

    private static final String SAMPLES = "fixtures/llm360/amber-data-prep/";

    @TempDir Path temp;

    private DataManifest prepare(RecipeBuilder recipe) throws IOException {
        return prepare(recipe.build());
    }

    private DataManifest prepare(DataRecipe recipe) throws IOException {
        return DataPreparation.builder()
                .setRecipe(recipe)
                .setTarget(temp.resolve("out"))
                .optBase(temp)
                .build()
                .prepare();
    }

    private static String line(int first, String source) {
        return "{\"token_ids\": [%d, 7, 2], \"source\": \"%s\"}\n".formatted(first, source);
    }

    @Test
    void imports_files_as_chunks_in_the_order_of_their_numbers_and_writes_them_again()
            throws IOException {
        String[] texts = new String[11];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = line(i, "arxiv") + line(100 + i, "c4") + line(200 + i, "arxiv");
            Files.writeString(temp.resolve("train_" + i + ".jsonl"), texts[i]);
        }
        DataManifest manifest =
                prepare(new RecipeBuilder().rowLength(3).chunks(0).readyRows("*.jsonl", 300));
        assertThat(manifest.chunks()).hasSize(11);
        assertThat(manifest.sources())
                .extracting(DataManifest.Source::name, DataManifest.Source::rows)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("arxiv", 22L),
                        org.assertj.core.groups.Tuple.tuple("c4", 11L));
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"))) {
            try (TokenChunk chunk = data.openChunk(10)) {
                assertThat(Rows.flat(chunk))
                        .containsExactly(10L, 7L, 2L, 110L, 7L, 2L, 210L, 7L, 2L);
                assertThat(chunk.source(1)).isEqualTo("c4");
            }
            AmberJsonl.write(data, temp.resolve("amber"));
        }
        for (int i = 0; i < texts.length; i++) {
            assertThat(temp.resolve("amber/train/train_%03d.jsonl".formatted(i)))
                    .hasContent(texts[i].stripTrailing());
        }
        assertThat(manifest.epochs("c4")).isEqualTo(1);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(
                        () ->
                                DataRemix.builder()
                                        .setSource(temp.resolve("out"))
                                        .setTarget(temp.resolve("again"))
                                        .build()
                                        .mix())
                .withMessageContaining("imported as they are");
    }

    @Test
    void sorts_ready_rows_by_their_own_source_to_mix_them() throws IOException {
        Files.writeString(
                temp.resolve("rows.jsonl"),
                line(1, "c4") + line(2, "book") + line(3, "c4") + line(4, "book"));
        DataManifest manifest =
                prepare(new RecipeBuilder().rowLength(3).chunks(2).readyRows("rows.jsonl", 10));
        assertThat(manifest.segments().get(0).rowsPerChunk())
                .containsEntry("c4", 1L)
                .containsEntry("book", 1L);
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(1)) {
            assertThat(Rows.flat(chunk)).containsExactly(3L, 7L, 2L, 4L, 7L, 2L);
        }
    }

    @Test
    void takes_a_subset_of_the_rows_of_all_files() throws IOException {
        for (int i = 0; i < 3; i++) {
            String text = line(10 * i, "c4") + line(10 * i + 1, "book") + line(10 * i + 2, "c4");
            Files.writeString(temp.resolve("train_" + i + ".jsonl"), text);
        }
        String recipe =
                "{vocabulary_size: 300, row_length: 3, sources: [{name: part, path: '*.jsonl',"
                        + " format: amber_jsonl, subset: 0.5-0.9}]}";
        prepare(ConfigTree.parse(recipe).bind(DataRecipe.class, DataRecipe.DEFAULTS));
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(0)) {
            // Of rows 0 to 8, 4.5 up to 8.1: 4 to 7. Book's come first, as row 4 is one.
            assertThat(Rows.flat(chunk))
                    .containsExactly(11L, 7L, 2L, 21L, 7L, 2L, 12L, 7L, 2L, 20L, 7L, 2L);
        }
    }

    @Test
    void a_wrong_line_stops_the_import_and_is_named() throws IOException {
        Files.writeString(temp.resolve("rows.jsonl"), line(1, "c4") + line(10, "c4"));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(
                        () -> prepare(new RecipeBuilder().rowLength(3).readyRows("rows.jsonl", 10)))
                .withMessageContaining("rows.jsonl:2: id 10, outside the vocabulary of 10");
    }

    private List<DataValidator.Problem> problems(String text) throws IOException {
        Path file = Files.writeString(temp.resolve("check.jsonl"), text);
        return DataValidator.validate(file, 3, 10).problems();
    }

    @Test
    void validation_lists_every_wrong_line_and_why() throws IOException {
        String good = line(1, "c4");
        assertThat(problems(good + good)).isEmpty();
        assertThat(
                        problems(
                                good
                                        + "{\"token_ids\": [1, 2\n"
                                        + good
                                        + "{\"token_ids\": [1, 2]}\n"
                                        + line(10, "c4")
                                        + "{\"source\": \"c4\"}\n"
                                        + "[]\n"
                                        + "{\"token_ids\": [1, 2.5, 3]}\n"
                                        + "{\"token_ids\": [1, 2, 3]} x\n"
                                        + "\n"))
                .extracting(p -> p.line() + " " + p.problem())
                .satisfiesExactly(
                        p -> assertThat(p).startsWith("2 not JSON"),
                        p -> assertThat(p).isEqualTo("4 2 ids, expected 3"),
                        p -> assertThat(p).isEqualTo("5 id 10, outside the vocabulary of 10"),
                        p -> assertThat(p).isEqualTo("6 no token_ids"),
                        p -> assertThat(p).startsWith("7 not an object of token_ids and source"),
                        p -> assertThat(p).isEqualTo("8 an id that is no whole number"),
                        p -> assertThat(p).startsWith("9 not JSON"),
                        p -> assertThat(p).startsWith("10 not JSON"));
        assertThat(problems(""))
                .extracting(DataValidator.Problem::problem)
                .containsExactly("empty");
    }

    @Test
    void ambers_own_samples_are_right_and_wrong_where_its_script_says() throws IOException {
        Path good = Fixtures.shared(SAMPLES + "good_sample.jsonl");
        assertThat(DataValidator.validate(good, 2049, 32_000))
                .isEqualTo(new DataValidator.Report(1, 9, 0, List.of()));
        Path bad = Fixtures.shared(SAMPLES + "bad_sample.jsonl");
        DataValidator.Report report = DataValidator.validate(bad, 2049, 0);
        assertThat(report.rows()).isEqualTo(10);
        assertThat(report.problems())
                .extracting(DataValidator.Problem::line)
                .containsExactly(4L, 9L, 10L);
        assertThat(report.problems().get(0).problem()).startsWith("not JSON");
        assertThat(report.problems().get(1).problem()).isEqualTo("2050 ids, expected 2049");
        assertThat(report.problems().get(2).problem()).startsWith("not JSON");
    }

    @Test
    void a_prepared_set_is_validated_file_by_file() throws IOException {
        Path data =
                new TokenDatasetBuilder(2, 10)
                        .source("a", new long[] {1, 2}, new long[] {3, 4})
                        .validation("a", new long[] {5, 6})
                        .chunks(2)
                        .write(temp.resolve("data"));
        DataValidator.Report report = DataValidator.validate(data, 2049, 0);
        assertThat(report.problems()).isEmpty();
        assertThat(report.files()).isEqualTo(4);
        assertThat(report.rows()).isEqualTo(5);
        Path chunk = data.resolve("chunks/chunk-001.rows");
        byte[] bytes = Files.readAllBytes(chunk);
        bytes[50] ^= 4;
        Files.write(chunk, bytes);
        assertThat(DataValidator.validate(data, 2049, 0).problems())
                .singleElement()
                .satisfies(
                        problem -> {
                            assertThat(problem.file()).isEqualTo(chunk.toString());
                            assertThat(problem.problem()).startsWith("damaged or replaced");
                        });
    }
}
