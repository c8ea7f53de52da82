package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamingDecoderTest {

    private static final int FIRST_BYTE = 3;

    @TempDir Path directory;
    private Tokenizer tokenizer;
    private long hello;

    @BeforeEach
    void open() throws IOException {
        tokenizer = Tokenizer.open(TinyTokenizer.llama().words("Hello", "né").writeJson(directory));
        hello = tokenizer.id("▁Hello").orElseThrow();
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void holds_a_character_back_until_its_last_byte() {
        StreamingDecoder decoder = tokenizer.stream();
        assertThat(decoder.push(FIRST_BYTE + 0xF0)).isEmpty();
        assertThat(decoder.push(FIRST_BYTE + 0x9F)).isEmpty();
        assertThat(decoder.push(FIRST_BYTE + 0x98)).isEmpty();
        assertThat(decoder.push(FIRST_BYTE + 0x80)).isEqualTo("\uD83D\uDE00");
        assertThat(decoder.flush()).isEmpty();
    }

    @Test
    void emits_a_line_feed_at_once_though_it_is_a_byte_token() {
        StreamingDecoder decoder = tokenizer.stream();
        assertThat(decoder.push(FIRST_BYTE + '\n')).isEqualTo("\n");
    }

    @Test
    void takes_one_space_from_the_beginning_and_none_later() {
        StreamingDecoder decoder = tokenizer.stream();
        assertThat(decoder.push(1)).isEmpty();
        assertThat(decoder.push(hello)).isEqualTo("Hello");
        assertThat(decoder.push(2)).isEmpty();
        assertThat(decoder.push(hello)).isEqualTo(" Hello");
    }

    @Test
    void keeps_the_space_of_a_continuation() {
        assertThat(tokenizer.stream(1, hello).push(hello)).isEqualTo(" Hello");
        assertThat(tokenizer.stream(1).push(hello)).isEqualTo("Hello");
    }

    @Test
    void completes_a_character_that_its_context_began() {
        StreamingDecoder decoder = tokenizer.stream(hello, FIRST_BYTE + 0xC3);
        assertThat(decoder.push(FIRST_BYTE + 0xA9)).isEqualTo("é");
    }

    @Test
    void replaces_each_stray_byte_and_keeps_the_characters_around_it() {
        StreamingDecoder decoder = tokenizer.stream();
        assertThat(decoder.push(FIRST_BYTE + 0xE4)).isEmpty();
        assertThat(decoder.push(FIRST_BYTE + 0xBD)).isEmpty();
        assertThat(decoder.push(hello)).isEqualTo("\uFFFD\uFFFD Hello");
        assertThat(decoder.push(FIRST_BYTE + 0xC3)).isEmpty();
        assertThat(decoder.flush()).isEqualTo("\uFFFD");
    }

    @Test
    void agrees_with_decoding_at_once_for_any_ids_cut_anywhere() {
        Random random = new Random(360);
        int size = tokenizer.vocabularySize();
        for (int round = 0; round < 3000; round++) {
            long[] ids = random.longs(random.nextInt(40), 0, size).toArray();
            int cut = random.nextInt(ids.length + 1);
            StringBuilder streamed = new StringBuilder();
            StreamingDecoder decoder = tokenizer.stream();
            for (long id : ids) {
                String text = decoder.push(id);
                assertThat(text).satisfies(t -> assertThat(endsWithinPair(t)).isFalse());
                streamed.append(text);
            }
            streamed.append(decoder.flush());
            assertThat(streamed).hasToString(tokenizer.decode(ids));

            long[] prompt = Arrays.copyOf(ids, cut);
            prompt = Arrays.copyOf(prompt, cut + 1);
            prompt[cut] = hello; // ends between characters
            StreamingDecoder rest = tokenizer.stream(prompt);
            StringBuilder whole = new StringBuilder(tokenizer.decode(prompt));
            for (int i = cut; i < ids.length; i++) {
                whole.append(rest.push(ids[i]));
            }
            whole.append(rest.flush());
            long[] all = Arrays.copyOf(prompt, prompt.length + ids.length - cut);
            System.arraycopy(ids, cut, all, prompt.length, ids.length - cut);
            assertThat(whole).hasToString(tokenizer.decode(all));
        }
    }

    @Test
    void assembles_every_unicode_character_from_its_bytes() {
        Utf8Assembler assembler = new Utf8Assembler(false);
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                continue;
            }
            String character = Character.toString(c);
            StringBuilder text = new StringBuilder();
            for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
                assertThat(text).isEmpty();
                assembler.accept(b, text);
            }
            assertThat(text).hasToString(character);
        }
    }

    @Test
    void never_makes_a_character_of_bytes_that_spell_none() {
        Random random = new Random(1);
        byte[] bytes = new byte[200];
        for (int round = 0; round < 2000; round++) {
            random.nextBytes(bytes);
            String text = assembled(bytes, false);
            // The JDK joins some replacements that here stay one a byte, and agrees on all else.
            assertThat(text.replaceAll("\uFFFD+", "\uFFFD"))
                    .isEqualTo(assembled(bytes, true).replaceAll("\uFFFD+", "\uFFFD"))
                    .isEqualTo(
                            new String(bytes, StandardCharsets.UTF_8)
                                    .replaceAll("\uFFFD+", "\uFFFD"));
        }
    }

    @ParameterizedTest
    @CsvSource({ // tables 3-8 to 3-11 of the Unicode Standard: maximal subparts
        "C0AFE0809F41, ????? A",
        "EDA080EDBFBF41, ?????? A",
        "F4919293FF4180BF42, ????? A ?? B",
        "E180E2F09192F1BF41, ???? A",
        "61F18080E180C262, a ??? b",
        "E4BD, ?",
        "F09F98, ?"
    })
    void replaces_a_run_that_could_have_begun_a_character_by_one(String hex, String expected) {
        assertThat(assembled(HexFormat.of().parseHex(hex), true))
                .isEqualTo(expected.replace(" ", "").replace('?', '\uFFFD'));
    }

    private static String assembled(byte[] bytes, boolean replacesRuns) {
        Utf8Assembler assembler = new Utf8Assembler(replacesRuns);
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            assembler.accept(b, text);
        }
        assembler.finish(text);
        return text.toString();
    }

    private static boolean endsWithinPair(String text) {
        return !text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1));
    }
}
