package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.testing.TinyTokenizer;
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
        assertRefused("a.json", "[]".getBytes(StandardCharsets.UTF_8), "malformed");
        assertRefused("a.json", "{}".getBytes(StandardCharsets.UTF_8), "model.vocab is missing");
        assertRefused("a.json", new byte[] {(byte) 0xFF, 0}, "not UTF-8");
        assertRefused("a.json", replaced("Strip", "ByteLevel"), "decoder not supported: ByteLevel");
        assertRefused("a.json", replaced("\"BPE\"", "\"Other\""), "malformed");
        assertRefused("a.json", replaced("<unk>\":0", "<unk>\":-7"), "outside 0 to");
        assertRefused("a.json", replaced("[", "[".repeat(100_000)), "malformed");
    }

    @Test
    void refuses_a_json_file_cut_anywhere() throws IOException {
        for (int length = 0; length < json.length(); length += 97) {
            byte[] cut = json.substring(0, length).getBytes(StandardCharsets.UTF_8);
            assertRefused("cut.json", cut, "malformed");
        }
    }

    @Test
    void refuses_a_model_cut_within_a_piece_and_garbage() throws IOException {
        assertRefused("a.model", new byte[0], "one unknown piece; this has 0");
        assertRefused("a.model", Arrays.copyOf(model, model.length - 1), "malformed");
        assertRefused("a.model", json.getBytes(StandardCharsets.UTF_8), "malformed");
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            byte[] garbage = new byte[random.nextInt(2000)];
            random.nextBytes(garbage);
            assertRefused("a.model", garbage, "malformed");
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

    @Test
    void refuses_what_makes_the_other_native_library_abort() throws IOException {
        assertRefused(
                "a.json",
                replaced(
                        "{\"type\":\"Prepend\"",
                        "{\"precompiled_charsmap\":\"AAgAAAAA\"},{\"type\":\"Prepend\""),
                "a normalizer with a character map is not supported");
        assertRefused(
                "a.json",
                replaced("\"unk_token\"", "\"continuing_subword_prefix\":\"####\",\"unk_token\""),
                "continuing_subword_prefix is not supported");
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
                List.of("{", "[]", "{\"add_bos_token\": true, \"bos_token\": \"<absent>\"}")) {
            Files.writeString(settings, text);
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> Tokenizer.open(directory));
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
                .withMessageStartingWith(file + ": ")
                .withMessageContaining(reason);
    }
}
