package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.data.DataRecipe.Split;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.testing.Mutations;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Data files that unpack to more than a memory holds, or are damaged. */
@Timeout(60)
class HostileDataTest {

    @TempDir Path temp;

    private interface Reading {
        void read() throws IOException;
    }

    private static void fill(OutputStream out, byte value) throws IOException {
        byte[] part = new byte[1 << 20];
        java.util.Arrays.fill(part, value);
        for (int i = 0; i <= BoundedReader.MAX_CHARACTERS >> 20; i++) {
            out.write(part);
        }
    }

    /** Some 130 kB that unpack to one more MiB than a document may have. */
    private Path gzip(String name, byte value) throws IOException {
        Path file = temp.resolve(name);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            fill(out, value);
        }
        return file;
    }

    private static void refuses(Reading reading, String message) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(reading::read)
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    private DocumentReader reader(RecipeBuilder recipe) {
        return new DocumentReader(recipe.build().sources().get(0));
    }

    @Test
    void a_bomb_of_gzip_is_refused_by_file_and_line() throws IOException {
        Path lines = gzip("a.jsonl.gz", (byte) ' ');
        refuses(
                () -> rows(0).read(lines, (row, source, ids, mask) -> {}),
                "a.jsonl.gz:1: a line of more than 134217728 characters");
        assertThat(DataValidator.validate(lines, 4, 0).problems())
                .extracting(DataValidator.Problem::line)
                .containsExactly(1L);
        Path text = gzip("a.txt.gz", (byte) 0);
        refuses(
                () -> reader(new RecipeBuilder().text("a", "a.txt.gz")).read(text, d -> {}),
                "a.txt.gz:1: a text of more than 134217728 characters");
    }

    @Test
    void a_bomb_in_an_archive_is_refused_by_its_entry() throws IOException {
        Path zip = temp.resolve("a.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("src/A.java"));
            fill(out, (byte) 0);
        }
        refuses(
                () -> reader(new RecipeBuilder().text("a", "a.zip")).read(zip, d -> {}),
                "a.zip!src/A.java:1: a text of more than");
    }

    @Test
    void a_line_nested_deep_or_of_another_kind_is_refused_by_its_number() throws IOException {
        for (String bad :
                List.of(
                        "[".repeat(100_000),
                        "{\"text\":".repeat(100_000),
                        "{\"text\": [\"a\"]}",
                        "{\"" + "k".repeat(100_000) + "\": 1}",
                        "\u0000",
                        "{\"text\": 1e999999999}")) {
            Path file = temp.resolve("a.jsonl");
            Files.writeString(file, "{\"text\": \"good\"}\n" + bad + "\n");
            refuses(
                    () -> reader(new RecipeBuilder().text("a", "a.jsonl")).read(file, d -> {}),
                    "a.jsonl:2: ");
        }
    }

    @Test
    void nul_and_half_a_surrogate_pair_are_read_as_documented() throws IOException {
        TinyTokenizer.llama().words("once").writeJson(temp);
        Path file = temp.resolve("a.jsonl");
        Files.writeString(file, "{\"text\": \"once\\u0000\\ud800\"}\n");
        List<String> documents = new ArrayList<>();
        reader(new RecipeBuilder().text("a", "a.jsonl")).read(file, documents::add);
        assertThat(documents).containsExactly("once\u0000\ud800");
        try (Tokenizer tokenizer = Tokenizer.open(temp)) {
            assertThat(tokenizer.encodeLiteral("once\u0000\ud800"))
                    .isEqualTo(tokenizer.encodeLiteral("once\u0000\ufffd"));
        }
    }

    @Test
    void a_text_is_divided_while_it_is_read_as_by_regular_expressions() throws IOException {
        Map<Split, Pattern> patterns =
                Map.of(
                        Split.BLANK_LINES, Pattern.compile("(?:\r?\n[ \t]*){3,}"),
                        Split.FORM_FEED, Pattern.compile("\f"),
                        Split.LINES, Pattern.compile("\r?\n"));
        Random random = new Random(51);
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(40); length > 0; length--) {
                text.append("a \t\r\n\n\n\f".charAt(random.nextInt(8)));
            }
            patterns.forEach(
                    (split, pattern) -> {
                        List<String> expected =
                                pattern.splitAsStream(text).filter(d -> !d.isEmpty()).toList();
                        assertThat(divided(split, text.toString()))
                                .as(
                                        "%s of %s",
                                        split,
                                        HexFormat.of()
                                                .formatHex(
                                                        text.toString()
                                                                .getBytes(StandardCharsets.UTF_8)))
                                .isEqualTo(expected);
                    });
            assertThat(divided(Split.NONE, "x" + text)).containsExactly("x" + text);
        }
    }

    private List<String> divided(Split split, String text) {
        List<String> documents = new ArrayList<>();
        try {
            TextSplitter.of(split, temp.resolve("x")).split(new StringReader(text), documents::add);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        documents.removeIf(String::isEmpty);
        return documents;
    }

    private static TokenRowReader rows(int vocabularySize) {
        return new TokenRowReader(Optional.empty(), 4, vocabularySize);
    }

    @Test
    void damaged_rows_are_read_or_listed() throws IOException {
        byte[] line =
                "{\"token_ids\": [1, 2, 3, 4], \"source\": \"arxiv\"}"
                        .getBytes(StandardCharsets.UTF_8);
        Path file = temp.resolve("a.jsonl");
        Random random = new Random(52);
        int good = 0;
        for (int i = 0; i < Mutations.cases(4000); i++) {
            byte[] bad = i % 2 == 0 ? Mutations.bytes(line, random) : Mutations.json(line, random);
            try {
                Files.write(file, bad);
                rows(32_000).read(file, (row, source, ids, mask) -> {});
                good++;
            } catch (DataException e) {
                assertThat(e.getMessage()).hasSizeLessThan(400);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(HexFormat.of().formatHex(bad), e);
            }
        }
        assertThat(good).isBetween(Mutations.cases(100), Mutations.cases(3900));
    }

    @Test
    void damaged_chunks_and_manifests_are_read_or_refused() throws IOException {
        TinyTokenizer.llama().words("once", "upon").writeJson(temp);
        Files.writeString(temp.resolve("a.txt"), "once upon ".repeat(20));
        Path out = temp.resolve("out");
        DataPreparation.builder()
                .setRecipe(new RecipeBuilder().text("tales", "a.txt").build())
                .setTarget(out)
                .optBase(temp)
                .build()
                .prepare();
        Path chunk = out.resolve("chunks/chunk-000.rows");
        byte[] rows = Files.readAllBytes(chunk);
        Path manifest = out.resolve(DataManifest.FILE_NAME);
        byte[] json = Files.readAllBytes(manifest);
        Random random = new Random(53);
        for (int i = 0; i < Mutations.cases(1500); i++) {
            replace(chunk, Mutations.bytes(rows, random));
            readOrRefuse(() -> TokenChunk.open(chunk).close(), chunk);
        }
        replace(chunk, rows);
        for (int i = 0; i < Mutations.cases(1500); i++) {
            replace(
                    manifest,
                    i % 2 == 0 ? Mutations.bytes(json, random) : Mutations.json(json, random));
            readOrRefuse(() -> TokenDataset.open(out).close(), manifest);
            readOrRefuse(() -> DataValidator.validate(out, 4, 0), manifest);
        }
    }

    private static void replace(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, bytes);
    }

    private static void readOrRefuse(Reading reading, Path damaged) throws IOException {
        try {
            reading.read();
        } catch (DataException e) {
            assertThat(e.getMessage()).hasSizeLessThan(2000);
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError(
                    damaged + " " + HexFormat.of().formatHex(Files.readAllBytes(damaged)), e);
        }
    }
}
