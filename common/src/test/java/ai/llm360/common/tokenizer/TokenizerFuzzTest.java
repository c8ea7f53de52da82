package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.io.internal.testing.Mutations;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages tokenizer files in many ways. Whatever the damage, the file is either read, and then any
 * text can be encoded and any id decoded, or refused with a {@link TokenizerException}; a native
 * library that fails takes the test's process along. Seeds are fixed, so a failure repeats; its
 * message holds the bytes.
 */
@Timeout(120)
class TokenizerFuzzTest {

    private static final int CASES = Mutations.cases(500);

    private static final int[] SPICE = {0, 1, 2, 4, 5, 0x7F, 0x80, 0xFF, '"', '{', '[', '<', ' '};

    /** Values and members: what a component could be, and what once crashed a library. */
    private static final String[] JSON_SPICE = {
        "-1",
        "0",
        "1e9",
        "4294967296",
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"a\"",
        ",",
        "\"",
        "}",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\u00e9\"",
        "\"<0x00>\"",
        "\"Hello\":0,",
        "[\"a\",\"b\"],",
        "\"a b\",",
        "\"a  b\",",
        "{\"type\":\"FixedLength\",\"length\":0}",
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}",
        "{\"type\":\"Digits\",\"individual_digits\":true}",
        "{\"type\":\"NFC\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"first\"}",
        "{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"Isolated\",\"invert\":true}",
        "{\"type\":\"Split\",\"pattern\":{\"String\":\"l\"},\"behavior\":\"Removed\",\"invert\":true}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}",
        "{\"type\":\"Sequence\",\"pretokenizers\":[]}",
        "{\"type\":\"Sequence\",\"normalizers\":[]}",
        "\"truncation\":{\"max_length\":0,\"stride\":9},",
        "\"ignore_merges\":true,",
        "{\"id\":1,\"content\":\"\",\"special\":true},",
        "{\"id\":999,\"content\":\"lo\"},"
    };

    private static final String TEXT = "Hello <s> w\u00f6rld  12345 \uD83D\uDE00\0\n</s> \uD800";

    @TempDir Path folder;
    private int accepted;
    private int refused;

    @Test
    void a_damaged_tokenizer_json_is_read_or_refused() throws IOException {
        byte[] good =
                Files.readAllBytes(
                        TinyTokenizer.llama()
                                .words("Hello", "world")
                                .specialTokens("<|x|>")
                                .writeJson(folder));
        fuzz(good, folder.resolve("tokenizer.json"), 21);
    }

    @Test
    void a_damaged_byte_level_tokenizer_json_is_read_or_refused() throws IOException {
        Path file = ByteLevelTest.write(ByteLevelTest.Kind.LLAMA3, folder);
        fuzz(Files.readAllBytes(file), file, 22);
    }

    @Test
    void a_damaged_tokenizer_model_is_read_or_refused() throws IOException {
        byte[] good =
                Files.readAllBytes(
                        TinyTokenizer.llama().words("Hello", "world").writeModel(folder));
        fuzz(good, folder.resolve("tokenizer.model"), 23);
    }

    private void fuzz(byte[] good, Path file, int seed) throws IOException {
        Random random = new Random(seed);
        boolean json = file.toString().endsWith(".json");
        for (int i = 0; i < CASES; i++) {
            byte[] bad =
                    switch (json ? i % 4 : 0) {
                        case 0 -> mutate(good, random);
                        case 1 -> mutateJson(good, random);
                        default -> replaceValues(good, random);
                    };
            Files.deleteIfExists(file);
            open(Files.write(file, bad), bad);
        }
        assertThat(refused).isGreaterThan(CASES / 4);
        assertThat(accepted).isPositive();
    }

    private void open(Path file, byte[] bytes) {
        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            long[] ids = tokenizer.encodePrompt(TEXT);
            tokenizer.decodeVerbatim(ids);
            tokenizer.decode(tokenizer.encodeLiteral(TEXT));
            tokenizer.bulkEncoder().encode(TEXT);
            assertThat(tokenizer.fewestTokens(TEXT)).isLessThanOrEqualTo(ids.length);
            StreamingDecoder stream = tokenizer.stream();
            for (int id = 0; id < tokenizer.vocabularySize() && id < 500; id++) {
                stream.push(id);
            }
            accepted++;
        } catch (TokenizerException e) {
            assertThat(e).hasMessageContaining(file.toString());
            refused++;
        } catch (IOException | RuntimeException | Error e) {
            fail(file.getFileName() + ": " + HexFormat.of().formatHex(bytes), e);
        }
    }

    /** Flips, overwrites, cuts, repeats or inserts bytes, one to four times. */
    static byte[] mutate(byte[] good, Random random) {
        byte[] bytes = good;
        for (int times = 1 + random.nextInt(4); times > 0 && bytes.length > 1; times--) {
            int at = random.nextInt(bytes.length);
            int end = at + random.nextInt(Math.min(64, bytes.length - at)) + 1;
            byte[] run = new byte[1 + random.nextInt(3)];
            Arrays.fill(run, (byte) SPICE[random.nextInt(SPICE.length)]);
            bytes =
                    switch (random.nextInt(6)) {
                        case 0 -> join(bytes, at, new byte[] {(byte) random.nextInt()}, at + 1);
                        case 1 -> join(bytes, at, run, Math.min(bytes.length, at + run.length));
                        case 2 -> Arrays.copyOf(bytes, at + 1);
                        case 3 -> join(bytes, at, new byte[0], end);
                        case 4 -> join(bytes, end, Arrays.copyOfRange(bytes, at, end), end);
                        default -> join(bytes, at, run, at);
                    };
        }
        return bytes;
    }

    /** Puts a value in the place of another, or a member or element before another. */
    static byte[] mutateJson(byte[] good, Random random) {
        String text = new String(good, StandardCharsets.UTF_8);
        for (int times = 1 + random.nextInt(2); times > 0; times--) {
            String spice = JSON_SPICE[random.nextInt(JSON_SPICE.length)];
            // The components stand before the vocabulary, of which there is much.
            int limit = random.nextInt(3) > 0 ? Math.max(2, text.indexOf("vocab")) : text.length();
            int at = text.indexOf(random.nextBoolean() ? ':' : '[', random.nextInt(limit)) + 1;
            int end = at;
            if (!spice.endsWith(",")) {
                while (end < text.length() && ",}]".indexOf(text.charAt(end)) < 0) {
                    end++;
                }
            }
            text = text.substring(0, at) + spice + text.substring(end);
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Puts values in the place of others, so that the file stays JSON. */
    static byte[] replaceValues(byte[] good, Random random) {
        JsonObject root =
                JsonParser.parseString(new String(good, StandardCharsets.UTF_8)).getAsJsonObject();
        for (int times = 1 + random.nextInt(2); times > 0; times--) {
            JsonElement at = root;
            while (true) {
                List<String> names =
                        at.isJsonObject()
                                ? List.copyOf(at.getAsJsonObject().keySet())
                                : IntStream.range(0, at.getAsJsonArray().size())
                                        .mapToObj(String::valueOf)
                                        .toList();
                if (names.isEmpty()) {
                    break;
                }
                String name = names.get(random.nextInt(names.size()));
                JsonElement child =
                        at.isJsonObject()
                                ? at.getAsJsonObject().get(name)
                                : at.getAsJsonArray().get(Integer.parseInt(name));
                if (child.isJsonPrimitive() || child.isJsonNull() || random.nextInt(4) == 0) {
                    JsonElement value = value(random);
                    if (at.isJsonObject()) {
                        at.getAsJsonObject().add(name, value);
                    } else {
                        at.getAsJsonArray().set(Integer.parseInt(name), value);
                    }
                    break;
                }
                at = child;
            }
        }
        return root.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static JsonElement value(Random random) {
        String spice;
        do {
            spice = JSON_SPICE[random.nextInt(JSON_SPICE.length)];
        } while (spice.endsWith(",") || spice.equals("}") || spice.equals("\""));
        return JsonParser.parseString(spice);
    }

    private static byte[] join(byte[] bytes, int until, byte[] middle, int from) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(bytes, 0, until);
        joined.writeBytes(middle);
        joined.write(bytes, from, bytes.length - from);
        return joined.toByteArray();
    }
}
