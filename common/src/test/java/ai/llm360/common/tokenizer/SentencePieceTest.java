package ai.llm360.common.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A small model of odd pieces, against the ids that SentencePiece 0.2.2 gives. */
class SentencePieceTest {

    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;

    @TempDir Path directory;

    private static void piece(ByteArrayOutputStream model, String text, float score, int type) {
        ByteArrayOutputStream piece = new ByteArrayOutputStream();
        TinyTokenizer.field(piece, 1, text.getBytes(StandardCharsets.UTF_8));
        piece.write(2 << 3 | 5);
        piece.writeBytes(
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
        piece.writeBytes(new byte[] {3 << 3, (byte) type});
        TinyTokenizer.field(model, 1, piece.toByteArray());
    }

    private Tokenizer open(boolean dummyPrefix, boolean removeExtra) throws IOException {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        piece(model, "<unk>", 0, UNKNOWN);
        piece(model, "<s>", 0, CONTROL);
        piece(model, "</s>", 0, CONTROL);
        piece(model, "\u2581", -9, NORMAL);
        piece(model, "a", -9, NORMAL);
        piece(model, "b", -9, NORMAL);
        piece(model, "c", -9, NORMAL);
        piece(model, "ab", -3, NORMAL);
        piece(model, "bc", -2, NORMAL);
        piece(model, "cc", -3, NORMAL);
        piece(model, "\u2581a", -4, NORMAL);
        piece(model, "abc", -5, NORMAL);
        piece(model, "xy", -1, NORMAL); // whose characters have no pieces
        piece(model, "<u>", 0, USER_DEFINED);
        piece(model, "<u>b", 0, USER_DEFINED);
        piece(model, "q", 0, CONTROL);
        piece(model, "ccc", -3, NORMAL);
        TinyTokenizer.field(model, 2, new byte[] {3 << 3, 2}); // BPE
        byte prefix = (byte) (dummyPrefix ? 1 : 0);
        byte extra = (byte) (removeExtra ? 1 : 0);
        TinyTokenizer.field(model, 3, new byte[] {3 << 3, prefix, 4 << 3, extra, 5 << 3, 1});
        return Tokenizer.open(
                Files.write(directory.resolve("tokenizer.model"), model.toByteArray()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    abc        | 10 8          | 11          | 10 8
                    a bc       | 10 3 8        | 4 3 8       | 10 3 8
                    ccccc      | 3 16 9        | 16 9        | 3 16 9
                    xy xz      | 3 12 3 0      | 12 3 0      | 3 12 3 0
                    yx<u>bc    | 3 0 14 6      | 0 14 6      | 3 0 14 6
                    <u><u>b    | 3 13 14       | 13 14       | 3 13 14
                    "  a   b " | 3 3 10 3 3 3 5 3 | 4 3 5    | 10 3 5
                    q<s>       | 3 15 0        | 15 0        | 3 15 0
                    aééb z     | 10 0 5 3 0    | 4 0 5 3 0   | 10 0 5 3 0
                    ▁ ▁        | 3 3 3 3       | ""          | ""
                    xyxyab     | 3 12 12 7     | 12 12 7     | 3 12 12 7
                    " "        | 3 3           | ""          | ""
                    """)
    void gives_sentencepieces_ids(String text, String prefixed, String bare, String tidied)
            throws IOException {
        assertIds(true, false, text, prefixed);
        assertIds(false, true, text, bare);
        assertIds(true, true, text, tidied);
    }

    private void assertIds(boolean prefix, boolean extra, String text, String ids)
            throws IOException {
        long[] expected =
                Arrays.stream(ids.split(" ", -1))
                        .filter(id -> !id.isEmpty())
                        .mapToLong(Long::parseLong)
                        .toArray();
        try (Tokenizer tokenizer = open(prefix, extra)) {
            assertThat(tokenizer.encode(text)).isEqualTo(expected);
            assertThat(tokenizer.encodeLiteral(text)).isEqualTo(expected);
            assertThat(tokenizer.bulkEncoder().encode(text))
                    .isEqualTo(Arrays.stream(expected).mapToInt(id -> (int) id).toArray());
            assertThat(tokenizer.fewestTokens(text)).isZero();
        }
    }
}
