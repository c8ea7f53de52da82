package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TinyTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The encoder in Java against the library's. */
class BulkEncoderTest {

    private static final String LLAMA = "fixtures/tokenizers/llama1-tokenizer.json";
    private static final List<String> SCRAPS =
            List.of(
                    " ",
                    "  ",
                    "     ",
                    "\u2581",
                    "\n",
                    "\n\n",
                    "\t",
                    "the",
                    "once",
                    "one",
                    "on",
                    "er",
                    "ing",
                    "Hello",
                    "0",
                    "19",
                    "e\u0301",
                    "\u00e9",
                    "\u4f60\u597d",
                    "\ud83e\udd99",
                    "\ud83d",
                    "\u0000",
                    "</s>",
                    "<0x0A>",
                    "==",
                    "--------",
                    ".",
                    "(",
                    ");",
                    "\"");

    @TempDir Path temp;

    private static void assertSame(Tokenizer tokenizer, BulkEncoder encoder, String text) {
        assertThat(encoder.encode(text))
                .as(text)
                .isEqualTo(
                        Arrays.stream(tokenizer.encodeLiteral(text))
                                .mapToInt(id -> (int) id)
                                .toArray());
    }

    private static void assertSameForRandomTexts(Tokenizer tokenizer, int texts) {
        BulkEncoder encoder = tokenizer.bulkEncoder();
        assertThat(encoder).isInstanceOf(MergeEncoder.class);
        Random random = new Random(0);
        for (int i = 0; i < texts; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(20); length > 0; length--) {
                text.append(SCRAPS.get(random.nextInt(SCRAPS.size())));
            }
            assertSame(tokenizer, encoder, text.toString());
        }
    }

    @Test
    void gives_the_librarys_ids_for_random_texts() throws IOException {
        Path file = TinyTokenizer.llama().words("once", "one", "the", "Hello").writeJson(temp);
        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            assertSameForRandomTexts(tokenizer, 2000);
        }
    }

    @Test
    void gives_the_librarys_ids_for_words_too_long_to_remember() throws IOException {
        Path file = TinyTokenizer.llama().words("once", "one", "the").writeJson(temp);
        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            BulkEncoder encoder = tokenizer.bulkEncoder();
            assertSame(tokenizer, encoder, "onceone".repeat(500));
            assertSame(tokenizer, encoder, "  once".repeat(500));
        }
    }

    @Test
    void merges_may_span_words_where_the_vocabulary_says_so() throws IOException {
        // A merge of "e" and the space after it: "e" must then not be cut from a space.
        Path file = TinyTokenizer.llama().words("one", "e").writeJson(temp);
        String json = Files.readString(file);
        String piece = "e\u2581";
        Files.writeString(
                file,
                json.replace("\"vocab\":{", "\"vocab\":{\"" + piece + "\":300,")
                        .replace("\"merges\":[", "\"merges\":[\"e \u2581\","));
        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            assertThat(tokenizer.encode("e o")).contains(300);
            assertSameForRandomTexts(tokenizer, 500);
        }
    }

    @Test
    void other_kinds_of_tokenizers_are_left_to_the_library() throws IOException {
        Path json = TinyTokenizer.llama().words("once").writeJson(temp);
        String whole = Files.readString(json);
        Path model = TinyTokenizer.llama().words("once").writeModel(temp);
        for (String other :
                List.of(
                        whole.replace("\"byte_fallback\":true", "\"byte_fallback\":false"),
                        whole.replace("\"type\":\"Prepend\"", "\"type\":\"Prepend\",\"x\":1"),
                        whole.replace(
                                "\"pre_tokenizer\":null",
                                "\"pre_tokenizer\":{\"type\":\"Whitespace\"}"))) {
            assertThat(other).isNotEqualTo(whole);
            Files.writeString(json, other);
            try (Tokenizer tokenizer = Tokenizer.open(json)) {
                BulkEncoder encoder = tokenizer.bulkEncoder();
                assertThat(encoder).isNotInstanceOf(MergeEncoder.class);
                assertSame(tokenizer, encoder, "once on");
            }
        }
        try (Tokenizer tokenizer = Tokenizer.open(model)) {
            assertSame(tokenizer, tokenizer.bulkEncoder(), "once on </s>");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, "fixtures/stories260K-hf/tokenizer.json"})
    void gives_the_librarys_ids_with_real_vocabularies(String file) throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(file))) {
            assertSameForRandomTexts(tokenizer, 2000);
        }
    }

    @Test
    void gives_the_ids_of_sentencepiece_for_all_vectors() throws IOException {
        Path vectors = Fixtures.shared("fixtures/oracles/llama-sentencepiece-vectors.json");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(LLAMA))) {
            BulkEncoder encoder = tokenizer.bulkEncoder();
            for (JsonElement vector :
                    JsonParser.parseString(Files.readString(vectors))
                            .getAsJsonObject()
                            .getAsJsonArray("vectors")) {
                String text = vector.getAsJsonObject().get("text").getAsString();
                int[] expected =
                        vector.getAsJsonObject().getAsJsonArray("ids").asList().stream()
                                .mapToInt(JsonElement::getAsInt)
                                .toArray();
                assertThat(encoder.encode(text)).as(text).isEqualTo(expected);
            }
        }
    }

    @Test
    void gives_the_librarys_ids_for_a_sample_of_every_corpus() throws IOException {
        Path corpora = Fixtures.shared("data/corpora");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.shared(LLAMA));
                Stream<Path> files = Files.list(corpora)) {
            BulkEncoder encoder = tokenizer.bulkEncoder();
            for (Path file : files.toList()) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    in.skipNBytes(200_000);
                    String text = new String(in.readNBytes(60_000), StandardCharsets.UTF_8);
                    assertSame(tokenizer, encoder, text);
                }
            }
        }
    }
}
