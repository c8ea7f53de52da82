package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every damage ends in one exception type that names the file, never in a dead process. */
class DamagedTokenizerTest {

    @TempDir Path directory;
    private byte[] model;
    private String json;

    @BeforeEach
    void write() throws IOException {
        TinyTokenizer tiny = TinyTokenizer.llama().words("Hello", "world");
        model = Files.readAllBytes(tiny.writeModel(directory));
        json = Files.readString(tiny.writeJson(directory));
    }

    @Test
    void names_what_was_looked_for_in_a_directory_without_a_tokenizer() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(empty))
                .withMessage(
                        empty
                                + ": no tokenizer here: looked for tokenizer.json and"
                                + " tokenizer.model");
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(empty.resolve("absent")))
                .withMessageEndingWith("no such file or directory");
    }

    @Test
    void refuses_files_of_another_kind() throws IOException {
        assertRefused("tokenizer.txt", new byte[0], "should end in .json or .model");
        assertRefused(
                "a.json", "[]".getBytes(StandardCharsets.UTF_8), "is no valid tokenizer.json");
        assertRefused("a.json", "{}".getBytes(StandardCharsets.UTF_8), "model.vocab is missing");
        assertRefused("a.json", new byte[] {(byte) 0xFF, 0}, "it isn't UTF-8");
        assertRefused("a.json", replaced("Strip", "CTC"), "type 'CTC' is not supported");
        assertRefused("a.json", replaced("\"BPE\"", "\"Other\""), "type 'Other' is not supported");
        assertRefused("a.json", replaced("<unk>\":0", "<unk>\":-7"), "outside 0 to");
        assertRefused("a.json", replaced("[", "[".repeat(100_000)), "is no valid");
    }

    @Test
    void refuses_a_json_file_cut_anywhere() throws IOException {
        for (int length = 0; length < json.length(); length += 97) {
            byte[] cut = json.substring(0, length).getBytes(StandardCharsets.UTF_8);
            assertRefused("cut.json", cut, " is no valid tokenizer.json: ");
        }
    }

    @Test
    void refuses_a_model_cut_within_a_piece_and_garbage() throws IOException {
        assertRefused("a.model", new byte[0], "one unknown piece; this has 0");
        assertRefused(
                "a.model", Arrays.copyOf(model, model.length - 1), "is no valid tokenizer.model: ");
        assertRefused("a.model", json.getBytes(StandardCharsets.UTF_8), "is no valid");
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            byte[] garbage = new byte[random.nextInt(2000)];
            random.nextBytes(garbage);
            assertRefused("a.model", garbage, "");
        }
    }

    @Test
    void refuses_a_character_map_which_could_lead_the_native_library_astray() throws IOException {
        for (byte field : new byte[] {3 << 3 | 2, 5 << 3 | 2}) {
            byte[] mapped = Arrays.copyOf(model, model.length + 5);
            byte[] spec = {field, 3, 2 << 3 | 2, 1, 0}; // {precompiled_charsmap: "\0"}
            System.arraycopy(spec, 0, mapped, model.length, spec.length);
            assertRefused("a.model", mapped, "a normalizer with a character map is not supported");
        }
    }

    /** These killed the process as long as native code got to read them. */
    @Test
    void reads_or_refuses_what_kills_a_native_library() throws IOException {
        Path nul = TinyTokenizer.llama().words("a\0b").writeModel(directory);
        try (Tokenizer tokenizer = Tokenizer.open(nul)) {
            assertThat(tokenizer.decode(tokenizer.encode("a\0b"))).isEqualTo("a\0b");
        }
        byte[] unigram = replaced(model, new byte[] {3 << 3, 2, (byte) 0x98}, 1, 1);
        assertRefused("a.model", unigram, "a model of type unigram is not supported");
        byte[] longPiece = piece("x".repeat(10_240));
        byte[] withLongPiece = Arrays.copyOf(longPiece, longPiece.length + model.length);
        System.arraycopy(model, 0, withLongPiece, longPiece.length, model.length);
        assertRefused("a.model", withLongPiece, "10240 characters; a piece has at most 256");
        assertRefused(
                "a.json",
                replaced(
                        "{\"type\":\"Prepend\"",
                        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAgAAAAA\"},"
                                + "{\"type\":\"Prepend\""),
                "type 'Precompiled' is not supported");
        assertRefused(
                "a.json",
                replaced("\"unk_token\"", "\"continuing_subword_prefix\":\"####\",\"unk_token\""),
                "continuing_subword_prefix is not supported");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {"type":"FixedLength","length":0}                   | type 'FixedLength'
                    {"type":"Sequence","pretokenizers":[{"type":"FixedLength","length":0}]} | type 'FixedLength'
                    {"type":"UnicodeScripts"}                           | type 'UnicodeScripts'
                    {"type":"Delimiter","delimiter":"x"}                | type 'Delimiter'
                    {"type":"Whitespace","x":1}                         | the field 'x'
                    {"type":"Split","pattern":{"String":""},"behavior":"Isolated","invert":false} | an empty String
                    {"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated","invert":false} | the regular expression (a+)+$
                    {"type":"Split","pattern":{"String":"x"},"behavior":"Odd","invert":false} | behavior 'Odd'
                    {"type":"Metaspace","replacement":"xy"}             | replacement
                    {"type":"Punctuation","behavior":7}                 | behavior is 7
                    {"type":7}                                          | type is 7
                    []                                                  | is no object
                    """)
    void names_the_pre_tokenizer_that_it_does_not_know(String part, String reason)
            throws IOException {
        assertRefused(
                "a.json", replaced("\"pre_tokenizer\":null", "\"pre_tokenizer\":" + part), reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    "type":"TemplateProcessing" | "type":"BertProcessing"       | type 'BertProcessing'
                    "type":"Prepend"            | "type":"Nmt"                  | type 'Nmt'
                    "type":"Fuse"               | "type":"Fuse","x":1           | the field 'x'
                    "type":"Fuse"               | "type":"ByteLevel"            | ByteLevel among others
                    "dropout":null              | "dropout":0.1                 | dropout is not supported
                    "end_of_word_suffix":null   | "end_of_word_suffix":"</w>"   | end_of_word_suffix
                    "fuse_unk":true             | "fuse_unk":true,"x":1         | the field 'x'
                    "fuse_unk":true             | "fuse_unk":7                  | is no valid tokenizer.json
                    "unk_token":"<unk>"         | "unk_token":"absent"          | unk_token is 'absent'
                    "merges":[                  | "merges":["a b c",            | merge 0 doesn't join two
                    "merges":[                  | "merges":["ab cd",            | merge 0 needs a token 'ab'
                    "merges":[                  | "merges":[["a"],              | is no valid tokenizer.json
                    "content":"</s>"            | "content":""                  | the added token 2 is empty
                    "id":2                      | "id":7                        | has id 7, but 2
                    "id":2                      | "id":-2                       | id is -2; expected a number
                    "id":2                      | "id":99999999999              | id is 99999999999
                    "single_word":false         | "single_word":0               | single_word is 0
                    "<0x00>":3                  | "<0x00>":2                    | id 2 is both
                    "<0x00>":3                  | "<0x00>":3.5                  | is no valid tokenizer.json
                    "<0x00>":3                  | "\\ud800":3                    | half a surrogate pair
                    "version":"1.0"             | "extra":"1.0"                 | the field 'extra'
                    """)
    void names_the_value_that_it_does_not_know(String target, String other, String reason)
            throws IOException {
        assertRefused("a.json", replaced(target, other), reason);
    }

    @Test
    void truncation_and_padding_are_nobodys_business_here() throws IOException {
        for (String strange :
                List.of(
                        "\"padding\":{\"strategy\":{\"Fixed\":0},\"pad_to_multiple_of\":0}",
                        "\"padding\":7")) {
            Files.write(directory.resolve("a.json"), replaced("\"padding\":null", strange));
            try (Tokenizer tokenizer = Tokenizer.open(directory.resolve("a.json"))) {
                assertThat(tokenizer.encode("Hello")).hasSize(1);
            }
        }
    }

    private static byte[] piece(String text) {
        ByteArrayOutputStream piece = new ByteArrayOutputStream();
        TinyTokenizer.field(piece, 1, text.getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        TinyTokenizer.field(model, 1, piece.toByteArray());
        return model.toByteArray();
    }

    /** Replaces one byte, some places behind where a pattern is found. */
    private static byte[] replaced(byte[] bytes, byte[] pattern, int place, int value) {
        byte[] replaced = bytes.clone();
        for (int i = 0; i + pattern.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + pattern.length, pattern, 0, pattern.length)) {
                replaced[i + place] = (byte) value;
                return replaced;
            }
        }
        throw new AssertionError("not found");
    }

    @Test
    void survives_models_with_a_few_wrong_bytes() throws IOException {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            byte[] wrong = model.clone();
            for (int i = 0; i <= random.nextInt(4); i++) {
                wrong[random.nextInt(wrong.length)] = (byte) random.nextInt(256);
            }
            Path file = Files.write(directory.resolve("wrong.model"), wrong);
            try (Tokenizer tokenizer = Tokenizer.open(file)) {
                tokenizer.decode(tokenizer.encode("Hello wörld \uD83D\uDE00"));
            } catch (TokenizerException e) {
                assertThat(e).hasMessageContaining("wrong.model");
            }
        }
    }

    @Test
    void refuses_a_malformed_or_contradictory_settings_file() throws IOException {
        Path settings = directory.resolve("tokenizer_config.json");
        for (String text :
                List.of(
                        "{",
                        "[]",
                        "{\"add_bos_token\": {}}",
                        "{\"add_bos_token\": \"true\"}",
                        "{\"add_bos_token\": [null]}",
                        "{\"bos_token\": 1}",
                        "{\"eos_token\": {\"content\": []}}",
                        "{\"add_bos_token\": true, \"bos_token\": \"<absent>\"}")) {
            Files.writeString(settings, text);
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> Tokenizer.open(directory))
                    .withMessageMatching("\\P{Cntrl}+");
        }
    }

    private byte[] replaced(String target, String replacement) {
        assertThat(json).contains(target);
        return json.replace(target, replacement).getBytes(StandardCharsets.UTF_8);
    }

    private void assertRefused(String name, byte[] content, String reason) throws IOException {
        Path file = Files.write(directory.resolve(name), content);
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(file))
                .withMessageStartingWith(file.toString())
                .withMessageContaining(reason);
    }
}
