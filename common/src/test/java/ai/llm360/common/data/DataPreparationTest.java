package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.data.DataRecipe.Split;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataPreparationTest {

    @TempDir Path temp;
    private Path out;

    @BeforeEach
    void writeTokenizer() {
        TinyTokenizer.llama().words("once", "upon", "a", "time", "code").writeJson(temp);
        out = temp.resolve("out");
    }

    private DataManifest prepare(RecipeBuilder recipe) throws IOException {
        return prepare(recipe, out, 2);
    }

    private DataManifest prepare(RecipeBuilder recipe, Path target, int threads)
            throws IOException {
        return DataPreparation.builder()
                .setRecipe(recipe.build())
                .setTarget(target)
                .optBase(temp)
                .optThreads(threads)
                .build()
                .prepare();
    }

    private void write(String name, String text) throws IOException {
        Path file = temp.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private List<Long> ids(String... documents) throws IOException {
        List<Long> ids = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(temp)) {
            for (String document : documents) {
                for (long id : tokenizer.encodeLiteral(document)) {
                    ids.add(id);
                }
                ids.add(2L);
            }
        }
        return ids;
    }

    private List<Long> firstChunk() throws IOException {
        try (TokenDataset data = TokenDataset.open(out);
                TokenChunk chunk = data.openChunk(0)) {
            return Rows.flat(chunk);
        }
    }

    @Test
    void packs_documents_on_end_each_followed_by_the_end_token() throws IOException {
        write("texts/b.txt", "a time");
        write("texts/a.txt", "once upon");
        DataManifest manifest = prepare(new RecipeBuilder().text("tales", "texts"));
        List<Long> all = ids("once upon", "a time");
        assertThat(all).hasSize(6); // of 4 a row: the last two are dropped
        assertThat(firstChunk()).isEqualTo(all.subList(0, 4)).doesNotContain(1L);
        assertThat(manifest.sources().get(0))
                .satisfies(
                        source -> {
                            assertThat(source.documents()).isEqualTo(2);
                            assertThat(source.tokens()).isEqualTo(6);
                            assertThat(source.rows()).isEqualTo(1);
                            assertThat(source.licence()).isEqualTo("CC0-1.0");
                            assertThat(source.inputs())
                                    .extracting(DataManifest.Input::name)
                                    .containsExactly("a.txt", "b.txt");
                        });
        assertThat(manifest).isEqualTo(DataManifest.read(out));
        assertThat(manifest.tokenizerSha256())
                .isEqualTo(Hashes.sha256(temp.resolve("tokenizer.json")));
    }

    @Test
    void the_tokenizer_lies_with_the_rows_also_when_they_are_mixed_anew() throws IOException {
        write("tales.txt", "once upon a time");
        Files.move(temp.resolve("tokenizer.json"), temp.resolve("words.json"));
        write("tokenizer_config.json", "{\"add_bos_token\": false, \"eos_token\": \"</s>\"}");
        prepare(new RecipeBuilder().tokenizer("words.json").text("tales", "tales.txt"));
        Path mixed = temp.resolve("mixed");
        DataRemix.builder().setSource(out).setTarget(mixed).build().mix();
        for (Path directory : List.of(out, mixed)) {
            assertThat(directory.resolve("tokenizer.json"))
                    .hasSameBinaryContentAs(temp.resolve("words.json"));
            try (Tokenizer tokenizer = Tokenizer.open(directory)) {
                assertThat(tokenizer.addsBos()).isFalse();
            }
        }
    }

    @Test
    void text_that_spells_the_end_token_ends_nothing() throws IOException {
        write("a.txt", "once</s>once");
        prepare(new RecipeBuilder().text("tales", "a.txt"));
        assertThat(firstChunk()).doesNotContain(2L);
    }

    @Test
    void reads_gzip_json_lines_globs_and_archives_in_the_order_of_names() throws IOException {
        Rows.gzip(temp.resolve("z.txt.gz"), "once");
        write("j.jsonl", "{\"body\": \"upon\", \"text\": 1}\n\n{\"body\": \"a\"}\n");
        Rows.zip(
                temp.resolve("s.jar"),
                "b/B.java",
                "time",
                "a/A.java",
                "code",
                "a/no.class",
                "once",
                "a/Test.java",
                "a");
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .text("zipped", "*.gz")
                        .source("lines", "j.jsonl", source -> source.field("body"))
                        .source(
                                "sources",
                                "s.jar",
                                source -> source.include("**.java").exclude("**Test*")));
        assertThat(firstChunk()).isEqualTo(ids("once", "upon", "a", "code", "time"));
    }

    @Test
    void divides_texts_where_the_recipe_says() throws IOException {
        write("a.txt", "once\n\nupon\n\n\n \na\n\n\n\n");
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .source("tales", "a.txt", source -> source.split(Split.BLANK_LINES)));
        assertThat(DataManifest.read(out).sources().get(0).documents()).isEqualTo(2);
        write("b.txt", "once\fupon\f\f");
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .source("tales", "b.txt", source -> source.split(Split.FORM_FEED)),
                temp.resolve("pages"),
                1);
        assertThat(DataManifest.read(temp.resolve("pages")).sources().get(0).documents())
                .isEqualTo(2);
        write("c.txt", "once\r\nupon\n\na");
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .source("tales", "c.txt", source -> source.split(Split.LINES)),
                temp.resolve("lines"),
                1);
        assertThat(DataManifest.read(temp.resolve("lines")).sources().get(0).documents())
                .isEqualTo(3);
    }

    @Test
    void takes_the_text_out_of_lines_that_hold_other_things_too() throws IOException {
        write("glosses.txt", "# upon\n001 once | a time  \n002 Upon | a time\n003 time | upon  \n");
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .source(
                                "glosses",
                                "glosses.txt",
                                source ->
                                        source.split(Split.LINES)
                                                .pattern("\\d+ ([a-z]+) \\| (.*?) *", "$1 $2")));
        assertThat(DataManifest.read(out).sources().get(0).documents()).isEqualTo(2);
        List<Long> expected = ids("once a time", "time upon");
        assertThat(firstChunk()).isEqualTo(expected.subList(0, expected.size() / 2 * 2));
    }

    @Test
    void a_pattern_and_what_becomes_of_it_are_checked_when_the_recipe_is_made() {
        assertThatThrownBy(() -> patterned("(", "$0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pattern is a regular expression, not (");
        assertThatThrownBy(() -> patterned("(a)", "$2"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("document names groups of the pattern, such as $1, not $2");
    }

    private static void patterned(String pattern, String document) {
        new RecipeBuilder()
                .source("a", "a.txt", source -> source.pattern(pattern, document))
                .build();
    }

    @Test
    void gives_the_same_bytes_with_one_thread_and_with_four() throws IOException {
        Random random = new Random(1);
        String[] words = {"once ", "upon ", "a ", "time ", "\n", "code(x) "};
        for (String name : new String[] {"x", "y"}) {
            for (int file = 0; file < 3; file++) {
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < 60_000; i++) {
                    text.append(words[random.nextInt(words.length)]);
                }
                write(name + "/" + file + ".txt", text.toString());
            }
        }
        RecipeBuilder recipe =
                new RecipeBuilder()
                        .rowLength(65)
                        .chunks(3)
                        .validationRows(5)
                        .source("x", "x", source -> source.split(Split.LINES))
                        .text("y", "y");
        prepare(recipe, temp.resolve("one"), 1);
        prepare(recipe, temp.resolve("four"), 4);
        assertThat(Rows.bytes(temp.resolve("four")))
                .containsKeys("chunks/chunk-002.rows", "validation/y.rows", "manifest.json")
                .doesNotContainKey("x.spool")
                .isEqualTo(Rows.bytes(temp.resolve("one")));
    }

    @Test
    void holds_rows_back_and_deals_the_rest_as_amber_does() throws IOException {
        write("a.txt", "once ".repeat(25)); // 26 tokens and the end
        prepare(
                new RecipeBuilder()
                        .rowLength(2)
                        .chunks(4)
                        .validationRows(2)
                        .text("tales", "a.txt"));
        try (TokenDataset data = TokenDataset.open(out)) {
            DataManifest manifest = data.manifest();
            // 13 rows less 2, in 4 chunks of 2: the 3 left over are in no chunk.
            assertThat(manifest.rowsPerChunk()).containsExactly(2L, 2L, 2L, 2L);
            assertThat(manifest.sources().get(0).rows()).isEqualTo(11);
            assertThat(manifest.validation().get("tales").rows()).isEqualTo(2);
            assertThat(manifest.epochs("tales")).isEqualTo(8 / 11.0);
        }
    }

    @Test
    void keeps_training_and_validation_rows_apart_and_loses_none() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            text.append((char) ('\u4e00' + i)); // each of three bytes: a row is one character
        }
        write("a.txt", "a" + text);
        prepare(
                new RecipeBuilder()
                        .rowLength(3)
                        .chunks(1)
                        .validationRows(40)
                        .text("tales", "a.txt"));
        List<List<Long>> rows = new ArrayList<>();
        try (TokenDataset data = TokenDataset.open(out);
                TokenChunk chunk = data.openChunk(0);
                TokenChunk held = data.openValidation("tales")) {
            Rows.of(chunk).forEach(row -> rows.add(Arrays.stream(row).boxed().toList()));
            assertThat(rows).hasSize(160);
            Rows.of(held).forEach(row -> rows.add(Arrays.stream(row).boxed().toList()));
        }
        assertThat(rows).hasSize(200).doesNotHaveDuplicates();
    }

    private void assertFails(String message, RecipeBuilder recipe) {
        assertThatExceptionOfType(Exception.class)
                .isThrownBy(() -> prepare(recipe))
                .isInstanceOfAny(DataException.class, IllegalArgumentException.class)
                .withMessageContaining(message);
        assertThat(out).doesNotExist();
        assertThat(temp.toFile().list((dir, name) -> name.contains(".tmp-"))).isEmpty();
    }

    @Test
    void names_the_file_and_line_that_is_wrong_and_leaves_nothing_behind() throws IOException {
        write("empty.txt", " \n");
        write("j.jsonl", "{\"text\": \"once\"}\n{\"content\": \"x\", \"id\": 1}\n");
        write("k.jsonl", "{\"text\": \"once\"}\n{\"text\": \"on");
        write("once.txt", "once");
        Files.write(temp.resolve("latin.txt"), new byte[] {'a', (byte) 0xe9, 'b'});
        Path zipped = Rows.gzip(temp.resolve("cut.txt.gz"), "once upon a time ".repeat(1000));
        Files.write(zipped, Arrays.copyOf(Files.readAllBytes(zipped), 60));
        Rows.zip(temp.resolve("s.jar"), "A.class", "once");
        Files.writeString(temp.resolve("torn.jar"), "PK no");

        assertFails("has no document that is not blank", text("empty.txt"));
        assertFails("nowhere: no such file or directory", text("nowhere"));
        assertFails("no file matches *.md", text("*.md"));
        assertFails(
                "j.jsonl:2: no text in the field 'text'; there are [content, id]", text("j.jsonl"));
        assertFails("k.jsonl:2: not JSON", text("k.jsonl"));
        assertFails("latin.txt: not UTF-8 text", text("latin.txt"));
        assertFails("cut.txt.gz: damaged or cut off", text("cut.txt.gz"));
        assertFails(
                "s.jar: no entry matches",
                new RecipeBuilder().source("x", "s.jar", s -> s.include("**.java")));
        assertFails("torn.jar: damaged or cut off", text("torn.jar"));
        assertFails(
                "source 'x' gives 2 tokens, 0 rows of 4, of which 0 are to be held back",
                text("once.txt"));
        assertFails(
                "source 'x' has 1 rows left for 2 chunks", text("once.txt").rowLength(2).chunks(2));
        assertFails(
                "the recipe says " + "0".repeat(64),
                new RecipeBuilder().source("x", "once.txt", s -> s.sha256("0".repeat(64))));
    }

    @Test
    void a_directory_that_cant_be_written_is_named() throws IOException {
        write("once.txt", "once upon a time");
        write("file", "in the way");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> prepare(text("once.txt"), temp.resolve("file/out"), 1))
                .withMessageContaining("file");
    }

    private static RecipeBuilder text(String path) {
        return new RecipeBuilder().text("x", path);
    }

    @Test
    void never_overwrites_and_fails_before_any_work() throws IOException {
        write("out/precious", "data");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> prepare(text("nowhere")))
                .withMessageContaining("exists and is not an empty directory");
    }

    @Test
    void a_recipe_says_what_is_wrong_with_it() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new RecipeBuilder().build())
                .withMessage("sources has at least one entry, not none");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> text("a").text("x", "b").build())
                .withMessage("sources have a name of their own, not x");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new RecipeBuilder().text("a/b", "x"))
                .withMessageContaining("name is of letters");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> text("a").weight("y", 1).build())
                .withMessage("weights name 'y', which is no source; there are [x]");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> text("a").chunks(0).build())
                .withMessageContaining("chunks of 0 keep files of ready rows");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new RecipeBuilder().maven("x", "a:b", "0".repeat(64)))
                .withMessageContaining("group:artifact:version");
    }
}
