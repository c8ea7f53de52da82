package ai.llm360.analysis.series;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextSearchTest {

    @TempDir Path temp;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer = Tokenizer.open(TinyTokenizer.llama().words("aab", "abab", "é").writeJson(temp));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private int count(String text, long... row) {
        return new TextSearch(tokenizer, text, tokenizer.vocabularySize()).count(row);
    }

    /** Bytes as characters, so that places in a text are those of its bytes. */
    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void finds_what_the_spelled_row_holds_however_it_is_cut() {
        Random random = new Random(4);
        int vocabulary = tokenizer.vocabularySize();
        long[] letters = {
            tokenizer.encode("aab")[0],
            tokenizer.encode("abab")[0],
            tokenizer.encode("a")[0],
            tokenizer.encodeContinuation("b")[0],
            tokenizer.encodeContinuation("a")[0],
            tokenizer.encodeContinuation("é")[0],
            2,
            3 + 0xC3,
            3 + 0xA9
        };
        int all = 0;
        for (String text : new String[] {"a", "ab", "abab", "aa", " a", "b aab", "é", "éa"}) {
            TextSearch search = new TextSearch(tokenizer, text, vocabulary);
            String wanted = latin(text.getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 200; i++) {
                long[] row =
                        random.longs(30, 0, letters.length).map(j -> letters[(int) j]).toArray();
                StringBuilder spelled = new StringBuilder();
                for (long id : row) { // what no text holds stands for a special token
                    spelled.append(id == 2 ? "\0" : latin(tokenizer.bytes(id)));
                }
                int expected = 0;
                int at = spelled.indexOf(wanted);
                for (; at >= 0; at = spelled.indexOf(wanted, at + 1)) {
                    expected++;
                }
                assertThat(search.count(row)).as(text + " in " + spelled).isEqualTo(expected);
                all += expected;
            }
        }
        assertThat(all).isGreaterThan(1000);
    }

    @Test
    void a_special_token_parts_a_text_and_bytes_make_one() {
        long a = tokenizer.encodeContinuation("a")[0];
        long b = tokenizer.encodeContinuation("b")[0];
        assertThat(count("ab", a, b)).isOne();
        assertThat(count("ab", a, 2, b)).isZero();
        assertThat(count("é", 3 + 0xC3, 3 + 0xA9)).isOne();
    }

    @Test
    void an_empty_or_endless_text_is_refused() {
        assertThatThrownBy(() -> count("")).hasMessageContaining("1 to 65,536 bytes");
        assertThatThrownBy(() -> count("x".repeat(65_537))).hasMessageContaining("65,537");
    }
}
