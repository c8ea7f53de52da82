package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.tokenizer.TokenizerTraining.Kind;
import ai.llm360.io.internal.Workers;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TokenizerTrainingTest {

    private static final List<String> SCRAPS =
            List.of(
                    " ",
                    "  ",
                    "      ",
                    "\n",
                    "\n\n",
                    "\r\n",
                    "\t",
                    "the",
                    "License",
                    "work",
                    ".",
                    "2024",
                    "0",
                    "\uff11",
                    "caf\u00e9",
                    "e\u0301",
                    "\u0301",
                    "\u65e5\u672c",
                    "\u30ab\u30bf",
                    "\ud83d\ude00",
                    "\ud83d\udc69\u200d\ud83d\udc67",
                    "\ud83d",
                    "\u0000",
                    "\u0007",
                    "\u2028",
                    "\ufb01",
                    "</s>",
                    "<s>",
                    "<0x0A>",
                    "==",
                    "'s",
                    "\u00a0",
                    "\u041f\u0440\u0438");

    /** What SentencePiece's trainer was given, beside the licence, to make the list of pieces. */
    private static final List<String> LINES =
            List.of(
                    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3001\u30ab\u30bf\u30ab\u30ca"
                            + "\u3068\u6f22\u5b57\u3002"
                            + "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
                    "na\u00efve caf\u00e9 e\u0301e\u0301 a\u0301, na\u00efve",
                    "    if (x == 10) {",
                    "        return 2024;",
                    "        return 2025;",
                    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440; "
                            + "\u043f\u0440\u0438\u0432\u0435\u0442, \u041c\u0438\u0440",
                    "\ud83d\ude00\ud83d\ude00 \ud83d\ude00!",
                    ">>=<< ==> !==");

    @TempDir Path temp;

    private static List<String> licence() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of("../LICENSE")));
        for (int i = 0; i < 3; i++) {
            lines.addAll(LINES);
        }
        return lines.stream().filter(line -> !line.isBlank()).toList();
    }

    private TokenizerTraining.Builder training(String name, int vocabulary) {
        return TokenizerTraining.builder()
                .setTarget(temp.resolve(name))
                .setVocabularySize(vocabulary)
                .optThreads(2);
    }

    private static TokenizerTraining.Texts texts(List<String> texts) {
        return new TokenizerTraining.Texts() {
            @Override
            public long size() {
                return texts.size();
            }

            @Override
            public void read(TokenizerTraining.Sink sink) throws IOException {
                for (String text : texts) {
                    sink.accept(text);
                    sink.advance(1);
                }
            }
        };
    }

    private JsonObject model(String name) throws IOException {
        return JsonParser.parseString(Files.readString(temp.resolve(name + "/tokenizer.json")))
                .getAsJsonObject()
                .getAsJsonObject("model");
    }

    private List<String> tokens(String name, int from) throws IOException {
        List<String> tokens = new ArrayList<>(model(name).getAsJsonObject("vocab").keySet());
        return tokens.subList(from, tokens.size());
    }

    private List<String> merges(String name) throws IOException {
        JsonArray merges = model(name).getAsJsonArray("merges");
        return merges.asList().stream().map(JsonElement::getAsString).toList();
    }

    private void assertNothingWritten() throws IOException {
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files).isEmpty();
        }
    }

    /**
     * SentencePiece 0.2.2, with LLaMA's settings: {@code model_type=bpe, byte_fallback,
     * split_digits, allow_whitespace_only_pieces, identity, no remove_extra_whitespaces}, and
     * {@code character_coverage=0.9995, vocab_size=900}.
     */
    @Test
    void finds_the_pieces_of_sentencepieces_trainer_in_its_order() throws IOException {
        training("t", 900).optCharacterCoverage(0.9995).build().train(texts(licence()));
        try (InputStream in = getClass().getResourceAsStream("sentencepiece-pieces.txt")) {
            List<String> expected =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
            assertThat(tokens("t", 259)).isEqualTo(expected);
        }
    }

    /** The pairs' counts are those of hug 10, pug 5, pun 12, bun 4 and hugs 5 times. */
    private static List<String> hugs() {
        List<String> words = new ArrayList<>();
        words.addAll(Collections.nCopies(10, "hug"));
        words.addAll(Collections.nCopies(5, "pug"));
        words.addAll(Collections.nCopies(12, "pun"));
        words.addAll(Collections.nCopies(4, "bun"));
        words.addAll(Collections.nCopies(5, "hugs"));
        return words;
    }

    @Test
    void makes_the_merges_that_one_finds_by_hand() throws IOException {
        TokenizerTraining.Result made = training("t", 277).build().train(texts(hugs()));
        assertThat(made).isEqualTo(new TokenizerTraining.Result(277, 10, 8, 36, 5));
        assertThat(tokens("t", 0)).startsWith("<unk>", "<s>", "</s>", "<0x00>", "<0x01>");
        assertThat(tokens("t", 259))
                .containsExactly(
                        "ug", // 20
                        "\u2581p", // 17, as pu has
                        "un", // 16
                        "\u2581h", // 15, as hug has, which is longer
                        "\u2581hug", // 15
                        "\u2581pun", // 12
                        "\u2581pug", // 5, as hugs has, which is longer
                        "\u2581hugs", // 5
                        "\u2581b", // 4, as bun has, which is longer
                        "\u2581bun", // 4
                        "u",
                        "\u2581", // 36 each
                        "g",
                        "p",
                        "n",
                        "h",
                        "s",
                        "b"); // 20, 17, 16, 15, 5, 4
        // As in LLaMA's file, each two tokens that make a piece are a merge to it.
        assertThat(merges("t"))
                .containsExactly(
                        "u g",
                        "\u2581 p",
                        "u n",
                        "\u2581 h",
                        "\u2581h ug",
                        "\u2581p un",
                        "\u2581p ug",
                        "\u2581hug s",
                        "\u2581 b",
                        "\u2581b un");
        try (Tokenizer tokenizer = Tokenizer.open(temp.resolve("t"))) {
            assertThat(tokenizer.encode("pug buns")).containsExactly(265, 268, 275);
            assertThat(tokenizer.addsBos()).isTrue();
            assertThat(tokenizer.bosId()).hasValue(1);
            assertThat(tokenizer.eosId()).hasValue(2);
            assertThat(tokenizer.unknownId()).hasValue(0);
        }
    }

    @Test
    void makes_byte_level_merges_too() throws IOException {
        List<String> texts = Collections.nCopies(3, "\u00e9l \u00e9l l");
        training("t", 262).optKind(Kind.BYTE_LEVEL).build().train(texts(texts));
        // U+00E9 is the bytes C3 A9. A9 and l are neighbours as often, and come first.
        assertThat(tokens("t", 259)).containsExactly("\u00a9l", "\u00c3\u00a9l", "\u0120l");
        assertThat(merges("t")).containsExactly("\u00a9 l", "\u00c3 \u00a9l", "\u0120 l");
        try (Tokenizer tokenizer = Tokenizer.open(temp.resolve("t"))) {
            assertThat(tokenizer.encode("\u00e9l l")).containsExactly(260, 261);
        }
    }

    @Test
    void no_piece_is_of_two_words_or_scripts_or_has_a_digit_among_others() throws IOException {
        String text = "    a1b\tc\n" + "ab\u0416\u0416 ".repeat(2) + "    a1b\tc\n\u0000x";
        training("t", 272).build().train(texts(Collections.nCopies(9, text)));
        assertThat(tokens("t", 259))
                .containsExactly(
                        "\u2581\u2581",
                        "\u2581a",
                        "\u0416\u0416",
                        "\u2581\u2581\u2581\u2581",
                        "ab",
                        "\u2581ab", // and no others: see below
                        "\u2581",
                        "a",
                        "b",
                        "\u0416",
                        "1",
                        "c",
                        "x");
        assertThatThrownBy(
                        () -> training("u", 273).build().train(texts(Collections.nCopies(9, text))))
                .hasMessageContaining("at most 272 tokens");
    }

    @ParameterizedTest
    @CsvSource({"LLAMA,false", "LLAMA,true", "BYTE_LEVEL,false", "BYTE_LEVEL,true"})
    void gives_the_ids_of_hugging_faces_library_and_the_text_back(Kind kind, boolean nfkc)
            throws IOException {
        String name = kind + "-" + nfkc;
        training(name, 700).optKind(kind).optNfkc(nfkc).build().train(texts(licence()));
        Path file = temp.resolve(name).resolve("tokenizer.json");
        if (!nfkc) { // which Java leaves to the library
            BulkEncoderTest.assertSameForRandomTexts(file, SCRAPS, 1000);
        }
        try (Tokenizer tokenizer = Tokenizer.open(temp.resolve(name))) {
            BulkEncoder bulk = tokenizer.bulkEncoder();
            assertThat(tokenizer.vocabularySize()).isEqualTo(700);
            Random random = new Random(1);
            for (int i = 0; i < 300; i++) {
                String text = BulkEncoderTest.randomText(random, SCRAPS);
                int[] ids = bulk.encode(text);
                long[] literal = tokenizer.encodeLiteral(text);
                assertThat(Arrays.stream(ids).asLongStream().toArray()).isEqualTo(literal);
                assertThat(Arrays.stream(ids).filter(id -> id < 3)).isEmpty();
                if (!nfkc) {
                    // U+2581 is how the vocabulary of a LLaMA spells a space.
                    String readable =
                            Surrogates.replaceUnpaired(text)
                                    .replace('\u2581', kind == Kind.LLAMA ? ' ' : '\u2581');
                    assertThat(tokenizer.decode(literal)).isEqualTo(readable);
                }
            }
            assertThat(tokenizer.encode("\ufb01"))
                    .isEqualTo(tokenizer.encode(nfkc ? "fi" : "\ufb01"));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void writes_the_same_bytes_on_any_number_of_threads(Kind kind) throws IOException {
        Random random = new Random(7);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            StringBuilder text = new StringBuilder();
            for (int word = 0; word < (i == 3 ? 300_000 : 2000); word++) {
                text.append(Integer.toString(random.nextInt(60_000), 26).replaceAll("\\d", "q"));
                text.append(word % 11 == 0 ? "\n  " : " ");
            }
            texts.add(text.toString());
        }
        for (int threads : List.of(1, 2, 5)) {
            training("t" + threads, 400)
                    .optKind(kind)
                    .optThreads(threads)
                    .optMostWords(2000) // so that words are forgotten, more than once
                    .build()
                    .train(texts(texts));
            for (String file :
                    List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
                assertThat(temp.resolve("t" + threads).resolve(file))
                        .hasSameBinaryContentAs(temp.resolve("t1").resolve(file));
            }
        }
    }

    @Test
    void a_text_is_cut_in_parts_where_no_word_is() throws IOException {
        String text = "x the line of many words\n \n  ".repeat(60_000);
        WordCutter cutter = new WordCutter(Kind.BYTE_LEVEL, false);
        WordCounts whole = new WordCounts();
        cutter.cut(text, true, whole);
        try (Workers workers = new Workers("test", 2)) {
            WordCounting counting = new WordCounting(cutter, 1000, workers);
            counting.add(text);
            counting.finish();
            assertThat(words(counting.words())).isEqualTo(words(whole)).hasSize(9);
            assertThat(counting.characters()['x']).isEqualTo(60_000);
        }
    }

    private static List<String> words(WordCounts counts) {
        List<String> words = new ArrayList<>();
        counts.forEach(
                (chars, start, end, count) ->
                        words.add(new String(chars, start, end - start) + " " + count));
        return words;
    }

    @Test
    void rare_characters_are_spelled_by_bytes() throws IOException {
        List<String> texts = List.of("ab".repeat(20_000), "\u00e9");
        training("some", 266).build().train(texts(texts));
        assertThat(tokens("some", 259)).contains("a", "b").doesNotContain("\u00e9");
        try (Tokenizer tokenizer = Tokenizer.open(temp.resolve("some"))) {
            assertThat(tokenizer.encode("\u00e9")).endsWith(3 + 0xC3, 3 + 0xA9);
            assertThat(tokenizer.decode(tokenizer.encode("\u00e9"))).isEqualTo("\u00e9");
        }
        training("all", 266).optCharacterCoverage(1).build().train(texts(texts));
        assertThat(tokens("all", 259)).contains("\u00e9");
    }

    @Test
    void refuses_what_makes_no_such_vocabulary_and_leaves_nothing() throws IOException {
        assertThatThrownBy(() -> training("t", 278).build().train(texts(hugs())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the text gives a vocabulary of at most 277 tokens, not 278: ask for that"
                                + " many, or give more text");
        assertThatThrownBy(() -> training("t", 266).build().train(texts(hugs())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("266 is too small")
                .hasMessageContaining("8 characters of the text are 267");
        for (List<String> nothing : List.of(List.<String>of(), List.of("", "\n\t\n"))) {
            assertThatThrownBy(() -> training("t", 300).build().train(texts(nothing)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no text to learn from");
        }
        assertThatThrownBy(() -> training("t", 258).build())
                .hasMessageContaining("a vocabulary has 259 tokens")
                .hasMessageContaining("not 258");
        assertThatThrownBy(() -> training("t", 300).optCharacterCoverage(1.1).build())
                .hasMessageContaining("not 1.1");
        assertThatThrownBy(() -> TokenizerTraining.builder().setVocabularySize(300).build())
                .hasMessageContaining("a target is needed");
        assertNothingWritten();
    }

    @Test
    void a_directory_with_something_in_it_stays_as_it_is() throws IOException {
        Path old = Files.writeString(Files.createDirectory(temp.resolve("t")).resolve("old"), "x");
        assertThatThrownBy(() -> training("t", 277).build().train(texts(hugs())))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(old).hasContent("x");
        assertThat(temp).isDirectoryContaining(path -> path.equals(temp.resolve("t")));
    }

    @Test
    void an_interrupt_ends_it_and_leaves_nothing() throws IOException {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> training("t", 277).build().train(texts(hugs())))
                .isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertNothingWritten();
    }

    @Test
    void the_rarest_words_are_forgotten_the_later_ones_first() {
        WordCounts words = new WordCounts();
        char[] text = "abcdeabcaf".toCharArray();
        for (int i = 0; i < text.length; i++) {
            words.add(text, i, i + 1, 1);
        }
        words.keep(4);
        assertThat(words(words)).containsExactly("a 3", "b 2", "c 2", "d 1");
        words.add(text, 4, 5, 7);
        words.add(text, 0, 1, 1);
        assertThat(words(words)).containsExactly("a 4", "b 2", "c 2", "d 1", "e 7");
    }
}
