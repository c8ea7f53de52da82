package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Byte-level vocabularies, as GPT-2's and Llama 3's are, against Hugging Face's library. */
class ByteLevelTest {

    private static final List<String> SCRAPS =
            List.of(
                    " ",
                    "  ",
                    "    ",
                    "\n",
                    "\r\n",
                    "\n\n",
                    "\t",
                    "\u00a0",
                    "\u3000",
                    "'s",
                    "'S",
                    "'\u017f",
                    "'ll",
                    "'LL",
                    "'Re",
                    "'",
                    "''",
                    "the",
                    " once",
                    "ing",
                    "0",
                    "1234",
                    "12345678",
                    "\u0663\u0664",
                    "\u00b2",
                    "\u2167",
                    "\u00e9",
                    "e\u0301",
                    "\u4f60\u597d",
                    "\ud83e\udd99",
                    "\ud83d",
                    "\u0000",
                    "----",
                    "!?",
                    "\u2581",
                    "\u01c5",
                    "\u02b0",
                    "\u1e9e",
                    "\u212a",
                    "\u0085",
                    "\u180e",
                    "\u2028",
                    // Letters and digits of Unicode 14 to 16, which JDK 17 doesn't know.
                    "\ud807\udf04",
                    "\ud839\udcd0",
                    "\ud803\udd40",
                    "\ud884\udf50",
                    "<|end|>",
                    "<|e");

    /** The pre-tokenizers that are written out in Java. */
    enum Kind {
        GPT2("{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}"),
        GPT2_PREFIXED("{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true}"),
        UNCUT(
                "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}"),
        LLAMA3(split("\\\\p{N}{1,3}")),
        QWEN2(split("\\\\p{N}"));

        private final String preTokenizer;

        Kind(String preTokenizer) {
            this.preTokenizer = preTokenizer.replace('\'', '"').replace('`', '\'');
        }

        private static String split(String numbers) {
            return "{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{'Regex':'"
                    + "(?i:`s|`t|`re|`ve|`m|`ll|`d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|"
                    + numbers
                    + "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r"
                    + "\\\\n"
                    + "]*|\\\\s*[\\\\r"
                    + "\\\\n"
                    + "]+|\\\\s+(?!\\\\S)|\\\\s+'},'behavior':'Isolated','invert':false},"
                    + "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}]}";
        }
    }

    @TempDir Path directory;

    private Path write(Kind kind) throws IOException {
        return write(kind, directory);
    }

    /** Writes a tokenizer.json with a few words into a directory and returns the file. */
    static Path write(Kind kind, Path directory) throws IOException {
        JsonObject root =
                JsonParser.parseString(
                                """
                                {"version": "1.0", "truncation": null, "padding": null,
                                 "normalizer": null, "post_processor": {"type": "ByteLevel"},
                                 "decoder": {"type": "ByteLevel", "add_prefix_space": true,
                                   "trim_offsets": true, "use_regex": true},
                                 "added_tokens": [
                                   {"id": 0, "content": "<|end|>", "special": true, "lstrip": false,
                                    "rstrip": false, "single_word": false, "normalized": true},
                                   {"id": 1, "content": "<|e", "normalized": true}],
                                 "model": {"type": "BPE", "ignore_merges": %s}}
                                """
                                        .formatted(kind == Kind.LLAMA3))
                        .getAsJsonObject();
        root.add("pre_tokenizer", JsonParser.parseString(kind.preTokenizer));
        JsonObject vocabulary = new JsonObject();
        vocabulary.addProperty("<|end|>", 0);
        vocabulary.addProperty("<|e", 1);
        for (int b = 0; b < 256; b++) {
            vocabulary.addProperty(String.valueOf(ByteAlphabet.character(b)), 2 + b);
        }
        JsonArray merges = new JsonArray();
        for (String word :
                List.of(
                        " the",
                        "the",
                        "ing",
                        " once",
                        "er",
                        "'s",
                        "'ll",
                        "  ",
                        "    ",
                        "\n\n",
                        "12",
                        "\u00e9",
                        "\u4f60\u597d",
                        "\ud83e\udd99")) {
            String spelled = ByteAlphabet.spell(word);
            for (int end = 2; end <= spelled.length(); end++) {
                String piece = spelled.substring(0, end);
                if (!vocabulary.has(piece)) {
                    vocabulary.addProperty(piece, vocabulary.size());
                    merges.add(spelled.substring(0, end - 1) + " " + piece.substring(end - 1));
                }
            }
        }
        vocabulary.addProperty(ByteAlphabet.spell("!?----"), vocabulary.size()); // no merges
        root.getAsJsonObject("model").add("vocab", vocabulary);
        root.getAsJsonObject("model").add("merges", merges);
        return Files.writeString(directory.resolve("tokenizer.json"), root.toString());
    }

    @ParameterizedTest
    @EnumSource
    void gives_the_librarys_ids_for_random_texts(Kind kind) throws IOException {
        BulkEncoderTest.assertSameForRandomTexts(write(kind), SCRAPS, 1000);
    }

    @ParameterizedTest
    @EnumSource(names = {"GPT2", "LLAMA3"})
    void gives_the_librarys_ids_on_both_sides_of_every_border_of_letters_and_numbers(Kind kind)
            throws IOException {
        Path file = write(kind);
        String ranges;
        try (InputStream in = UnicodeClasses.class.getResourceAsStream("letters-and-numbers.txt")) {
            ranges = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
        try (Tokenizer library = BulkEncoderTest.library(file);
                Tokenizer java = Tokenizer.open(file)) {
            for (String line : ranges.lines().toList()) {
                StringBuilder text = new StringBuilder();
                for (String border : line.substring(2).split("[ -]", -1)) {
                    int codePoint = Integer.parseInt(border, 16);
                    for (int c = codePoint - 1; c <= codePoint + 1; c++) {
                        // The word " the" is one token only where the character ends a word.
                        text.appendCodePoint(c).append("the");
                    }
                }
                assertThat(java.encode(text.toString())).isEqualTo(library.encode(text.toString()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "GPT2_PREFIXED", mode = EnumSource.Mode.EXCLUDE) // its spaces stay
    void decodes_what_it_encoded_whole_and_streamed(Kind kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(write(kind))) {
            Random random = new Random(2);
            for (int i = 0; i < 500; i++) {
                String text = " " + BulkEncoderTest.randomText(random, SCRAPS);
                String wellFormed = Surrogates.replaceUnpaired(text);
                long[] ids = tokenizer.encode(text);
                assertThat(tokenizer.decodeVerbatim(ids)).isEqualTo(wellFormed);
                assertThat(tokenizer.decode(tokenizer.encodeLiteral(text))).isEqualTo(wellFormed);
                StreamingDecoder stream = tokenizer.stream();
                StringBuilder streamed = new StringBuilder();
                for (long id : ids) {
                    String part = stream.push(id);
                    assertThat(
                                    part.isEmpty()
                                            || !Character.isHighSurrogate(
                                                    part.charAt(part.length() - 1)))
                            .isTrue();
                    streamed.append(part);
                }
                assertThat(streamed.append(stream.flush())).hasToString(tokenizer.decode(ids));
            }
        }
    }

    @Test
    void a_stream_holds_a_character_back_until_its_last_byte() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(write(Kind.LLAMA3))) {
            StreamingDecoder stream = tokenizer.stream();
            assertThat(stream.push(2 + 0xF0)).isEmpty();
            assertThat(stream.push(2 + 0x9F)).isEmpty();
            assertThat(stream.push(2 + 0x98)).isEmpty();
            assertThat(stream.push(2 + 0x80)).isEqualTo("\uD83D\uDE00");
            assertThat(stream.push(2 + 0xE4)).isEmpty();
            // As the library does: one U+FFFD for the run, which could have begun a character.
            assertThat(stream.push(2 + 'x')).isEqualTo("\uFFFDx");
            assertThat(tokenizer.decode(2 + 0xE4, 2 + 0xBD, 2 + 'x')).isEqualTo("\uFFFDx");
        }
    }

    @Test
    void a_word_that_is_a_token_is_taken_before_merges_where_the_file_says_so() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(write(Kind.LLAMA3))) {
            assertThat(tokenizer.encode("!?----")).hasSize(1);
        }
        try (Tokenizer tokenizer = Tokenizer.open(write(Kind.QWEN2))) {
            assertThat(tokenizer.encode("!?----")).hasSize(6);
        }
    }

    @Test
    void the_end_token_ends_no_text_but_its_own_spelling() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(write(Kind.GPT2))) {
            assertThat(tokenizer.encode("<|end|>")).containsExactly(0);
            assertThat(tokenizer.encodeLiteral("<|end|>")).doesNotContain(0);
            assertThat(tokenizer.addsBos()).isFalse();
            assertThat(tokenizer.bosId()).isEmpty();
        }
    }
}
