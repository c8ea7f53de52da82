package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TinyTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The encoder in Java against Hugging Face's library, one by one and in bulk. */
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

    private static void assertSame(
            Tokenizer library, Tokenizer java, BulkEncoder bulk, String text) {
        long[] expected = library.encodeLiteral(text);
        assertThat(java.encodeLiteral(text)).as(text).isEqualTo(expected);
        assertThat(bulk.encode(text)).as(text).isEqualTo(narrow(expected));
        assertThat(java.encode(text)).as(text).isEqualTo(library.encode(text));
        assertThat(java.fewestTokens(text)).as(text).isLessThanOrEqualTo(expected.length);
    }

    private static int[] narrow(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    /** Opens a file that Java encodes with the library all the same. */
    static Tokenizer library(Path file) throws IOException {
        TokenizerJson json = TokenizerJson.parse(Files.readString(file));
        Vocabulary vocabulary = json.vocabulary(TokenizerSettings.beside(file));
        return HuggingFaceJsonTokenizer.open(json, vocabulary, false);
    }

    static void assertSameForRandomTexts(Path file, List<String> scraps, int texts)
            throws IOException {
        try (Tokenizer library = library(file);
                Tokenizer java = Tokenizer.open(file)) {
            BulkEncoder bulk = java.bulkEncoder();
            assertThat(java).isInstanceOf(MergeTokenizer.class);
            Random random = new Random(0);
            for (int i = 0; i < texts; i++) {
                assertSame(library, java, bulk, randomText(random, scraps));
            }
        }
    }

    static String randomText(Random random, List<String> scraps) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(20); length > 0; length--) {
            if (random.nextInt(4) > 0) {
                text.append(scraps.get(random.nextInt(scraps.size())));
            } else {
                int most = random.nextBoolean() ? 0x3000 : Character.MAX_CODE_POINT;
                text.appendCodePoint(random.nextInt(most + 1));
            }
        }
        return text.toString();
    }

    @Test
    void gives_the_librarys_ids_for_random_texts() throws IOException {
        Path file = TinyTokenizer.llama().words("once", "one", "the", "Hello").writeJson(temp);
        assertSameForRandomTexts(file, SCRAPS, 2000);
    }

    @Test
    void gives_the_librarys_ids_for_words_too_long_to_remember() throws IOException {
        Path file = TinyTokenizer.llama().words("once", "one", "the").writeJson(temp);
        try (Tokenizer library = library(file);
                Tokenizer java = Tokenizer.open(file)) {
            BulkEncoder bulk = java.bulkEncoder();
            assertSame(library, java, bulk, "onceone".repeat(500));
            assertSame(library, java, bulk, "  once".repeat(500));
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
        }
        assertSameForRandomTexts(file, SCRAPS, 500);
    }

    @ParameterizedTest
    @CsvSource({
        "always, true",
        "always, false",
        "first, true",
        "first, false",
        "never, true",
        "never, false"
    })
    void gives_the_librarys_ids_where_a_pre_tokenizer_marks_the_spaces(String scheme, boolean split)
            throws IOException {
        Path file =
                TinyTokenizer.llama()
                        .words("once", "one", "the", "Hello")
                        .specialTokens("<|im_start|>")
                        .writeJson(temp);
        JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        json.add("normalizer", JsonNull.INSTANCE);
        json.add(
                "pre_tokenizer",
                JsonParser.parseString(
                        """
                        {"type": "Metaspace", "replacement": "\u2581",
                         "prepend_scheme": "%s", "split": %s}
                        """
                                .formatted(scheme, split)));
        Files.writeString(file, json.toString());
        List<String> scraps = new ArrayList<>(SCRAPS);
        scraps.add("<|im_start|>");
        assertSameForRandomTexts(file, scraps, 300);
    }

    @Test
    void gives_the_librarys_ids_with_added_tokens_of_every_kind() throws IOException {
        Path file =
                TinyTokenizer.llama()
                        .words("once", "one")
                        .specialTokens("<|a|>", "<|a", "<|l|>", "<|r|>", "nce", "x y")
                        .writeJson(temp);
        JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        for (JsonElement token : json.getAsJsonArray("added_tokens")) {
            JsonObject added = token.getAsJsonObject();
            String content = added.get("content").getAsString();
            added.addProperty("lstrip", content.equals("<|l|>"));
            added.addProperty("rstrip", content.equals("<|r|>"));
            added.addProperty("normalized", List.of("nce", "x y", "<s>").contains(content));
        }
        Files.writeString(file, json.toString());
        List<String> scraps =
                List.of(
                        " ", "  ", "\n", "\u3000", "<|a|>", "<|a", "<|l|>", "<|r|>", "nce", "x y",
                        "once", "<s>", "</s>");
        assertSameForRandomTexts(file, scraps, 1000);
    }

    @Test
    void other_kinds_of_tokenizers_are_left_to_the_library() throws IOException {
        Path json = TinyTokenizer.llama().words("once").writeJson(temp);
        String whole = Files.readString(json);
        for (String other :
                List.of(
                        whole.replace("\"byte_fallback\":true", "\"byte_fallback\":false"),
                        whole.replace(
                                        "\"normalizer\":{",
                                        "\"normalizer\":{\"type\":\"NFC\"},\"x\":{")
                                .replaceFirst(",\"x\":\\{.*?\\]\\}", ""),
                        whole.replace(
                                "\"pre_tokenizer\":null",
                                "\"pre_tokenizer\":{\"type\":\"Whitespace\"}"))) {
            assertThat(other).isNotEqualTo(whole);
            Files.writeString(json, other);
            try (Tokenizer tokenizer = Tokenizer.open(json)) {
                assertThat(tokenizer).isInstanceOf(HuggingFaceJsonTokenizer.class);
                BulkEncoder encoder = tokenizer.bulkEncoder();
                for (String text : List.of("once on", "</s> once", "")) {
                    assertThat(encoder.encode(text))
                            .isEqualTo(narrow(tokenizer.encodeLiteral(text)));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, "fixtures/stories260K-hf/tokenizer.json"})
    void gives_the_librarys_ids_with_real_vocabularies(String file) throws IOException {
        assertSameForRandomTexts(Fixtures.shared(file), SCRAPS, 2000);
    }

    @ParameterizedTest
    @CsvSource({
        LLAMA + ",fixtures/tokenizers/llama-tokenizer.model",
        "fixtures/stories260K-hf/tokenizer.json,fixtures/stories260K-hf/tokenizer.model"
    })
    void both_files_of_a_tokenizer_give_a_text_the_same_ids(String json, String model)
            throws IOException {
        try (Tokenizer first = Tokenizer.open(Fixtures.shared(json));
                Tokenizer second = Tokenizer.open(Fixtures.shared(model))) {
            Random random = new Random(1);
            List<String> texts = new ArrayList<>(corpora());
            for (int i = 0; i < 3000; i++) {
                texts.add(randomText(random, SCRAPS));
            }
            for (String text : texts) {
                assertThat(second.encode(text)).as(text).isEqualTo(first.encodeLiteral(text));
            }
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
        Path file = Fixtures.shared(LLAMA);
        try (Tokenizer library = library(file);
                Tokenizer java = Tokenizer.open(file)) {
            BulkEncoder bulk = java.bulkEncoder();
            for (String text : corpora()) {
                assertSame(library, java, bulk, text);
            }
        }
    }

    private static List<String> corpora() throws IOException {
        List<String> samples = new ArrayList<>();
        try (Stream<Path> files = Files.list(Fixtures.shared("data/corpora"))) {
            for (Path file : files.toList()) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    in.skipNBytes(200_000);
                    samples.add(new String(in.readNBytes(60_000), StandardCharsets.UTF_8));
                }
            }
        }
        return samples;
    }
}
