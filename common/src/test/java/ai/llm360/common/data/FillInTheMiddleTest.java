package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FillInTheMiddleTest {

    private static final long END = 2;

    @TempDir static Path temp;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        TinyTokenizer.llama()
                .words("once", "upon", "a", "time")
                .specialTokens("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>")
                .withoutBos()
                .writeJson(temp);
        tokenizer = Tokenizer.open(temp);
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private FillInTheMiddle fim(double rate, double spmRate) {
        Optional<String> usual = Optional.empty();
        return new FillInTheMiddle(
                tokenizer,
                new FimRecipe(
                        rate, Optional.of(spmRate), Optional.empty(), usual, usual, usual, usual),
                5);
    }

    private long id(String name) {
        return tokenizer.id("<|fim_" + name + "|>").orElseThrow();
    }

    /** A row that begins with a document; empty documents leave room behind it. */
    private static long[] row(int length, long... document) {
        long[] row = Arrays.copyOf(document, length);
        Arrays.fill(row, document.length, length, END);
        return row;
    }

    private static float[] counting(long[] row) {
        float[] mask = new float[row.length - 1];
        Arrays.fill(mask, 1);
        return mask;
    }

    /**
     * The three texts of a rearranged document, and whether its suffix comes first, as it also does
     * in PSM after an empty prefix.
     */
    private record Pieces(String prefix, String middle, String suffix, boolean suffixFirst) {}

    /**
     * Takes the first document of a row apart by its special tokens. In SPM nothing stands between
     * prefix and middle, so {@code middle} holds both.
     */
    private Pieces pieces(long[] row) {
        assertThat(row[0]).isEqualTo(id("prefix"));
        int suffix = indexOf(row, id("suffix"));
        int middle = indexOf(row, id("middle"));
        int end = indexOf(row, END) < 0 ? row.length : indexOf(row, END);
        return new Pieces(
                text(row, 1, suffix),
                text(row, middle + 1, end),
                text(row, suffix + 1, middle),
                suffix == 1);
    }

    private static int indexOf(long[] row, long id) {
        return Arrays.stream(row).boxed().toList().indexOf(id);
    }

    private String text(long[] row, int from, int to) {
        return tokenizer.decodeVerbatim(Arrays.copyOfRange(row, from, to));
    }

    @Test
    void prefix_middle_and_suffix_read_as_the_document_did() {
        String text = "once upon\n  a t\u00efme \ud83d\ude00\ud83d\ude80 time";
        FillInTheMiddle psm = fim(1, 0);
        for (int i = 0; i < 200; i++) {
            long[] row = row(200, tokenizer.encode(text));
            psm.apply("a", 0, i, row, counting(row));
            Pieces pieces = pieces(row);
            assertThat(pieces.prefix() + pieces.middle() + pieces.suffix()).isEqualTo(text);
        }
    }

    @Test
    void the_suffix_first_order_ends_with_prefix_and_middle() {
        // Each piece gains the tokenizer's leading space, which only a piece of its own loses
        // again.
        String text = "onceupon";
        FillInTheMiddle spm = fim(1, 1);
        for (int i = 0; i < 50; i++) {
            long[] row = row(60, tokenizer.encode(text));
            spm.apply("a", 0, i, row, counting(row));
            Pieces pieces = pieces(row);
            assertThat(pieces.suffixFirst()).isTrue();
            assertThat(pieces.middle().replace(" ", "") + pieces.suffix()).isEqualTo(text);
        }
    }

    @Test
    void what_became_shorter_ends_with_the_end_token_and_masked_padding() {
        long[] row = {END, END, 7, END, END, 8, 9, 10};
        float[] mask = {1, 0, 1, 1, 1, 1, 1};
        fim(1e-12, 0.5).apply("a", 0, 0, row, mask);
        long pad = id("pad");
        assertThat(row).containsExactly(7, END, 8, 9, END, pad, pad, pad);
        // The prediction of the last end token counts; where the row was masked it stays so.
        assertThat(mask).containsExactly(1, 0, 1, 1, 0, 0, 0);
    }

    @Test
    void a_row_that_keeps_its_length_ends_with_the_end_token_as_its_last_label() {
        long[] row = {7, END, 8, 9, 10};
        float[] mask = counting(row);
        fim(1e-12, 0.5).apply("a", 0, 0, row, mask);
        assertThat(row).containsExactly(7, END, 8, 9, END);
        assertThat(mask).containsOnly(1);
    }

    @Test
    void what_became_longer_is_cut_and_counts_whole() {
        String text = "once upon a time once upon a time";
        FillInTheMiddle psm = fim(1, 0);
        for (int i = 0; i < 50; i++) {
            long[] ids = tokenizer.encode(text);
            long[] row = row(ids.length + 1, ids);
            float[] mask = counting(row);
            psm.apply("a", 0, i, row, mask);
            assertThat(mask).containsOnly(1);
            assertThat(row).doesNotContain(END).doesNotContain(id("pad"));
            if (indexOf(row, id("middle")) > 0) {
                Pieces pieces = pieces(row);
                assertThat(text).startsWith(pieces.prefix() + pieces.middle());
                assertThat(text).endsWith(pieces.suffix());
            }
        }
    }

    /** The last part of a row is rearranged even if it is empty; the original does so too. */
    @Test
    void empty_documents_vanish_but_for_the_last() {
        long[] row = {END, END, END, END, END, END, END};
        fim(1, 0).apply("a", 0, 0, row, counting(row));
        long pad = id("pad");
        assertThat(row)
                .containsExactly(id("prefix"), id("suffix"), id("middle"), END, pad, pad, pad);
    }

    @Test
    void cuts_and_rates_are_as_likely_as_they_should_be() {
        // Within 4 standard deviations of a binomial of 10,000 draws; 1 in 16,000 lies outside.
        int documents = 10_000;
        FillInTheMiddle fim = fim(0.3, 0.5);
        long[] document = tokenizer.encode("abc");
        int rearranged = 0;
        int suffixFirst = 0;
        for (int i = 0; i < documents; i++) {
            long[] row = row(20, document);
            fim.apply("a", 0, i, row, counting(row));
            if (row[0] == id("prefix")) {
                rearranged++;
                suffixFirst += pieces(row).suffixFirst() ? 1 : 0;
            }
        }
        assertThat((double) rearranged).isCloseTo(documents * 0.3, within(spread(documents, 0.3)));
        // Half are SPM; of the others, the prefix is empty if either cut is at the first of 4
        // places.
        double first = 0.5 + 0.5 * (1 - 0.75 * 0.75);
        assertThat((double) suffixFirst)
                .isCloseTo(rearranged * first, within(spread(rearranged, first)));

        Map<String, Integer> cuts = new LinkedHashMap<>();
        FillInTheMiddle always = fim(1, 0);
        for (int i = 0; i < documents; i++) {
            long[] row = row(20, document);
            always.apply("a", 0, i, row, counting(row));
            Pieces pieces = pieces(row);
            cuts.merge(
                    pieces.prefix() + "|" + pieces.middle() + "|" + pieces.suffix(),
                    1,
                    (a, b) -> a + b);
        }
        // Two of four places: 4 pairs of one place, 6 of two, each of those drawn in either order.
        assertThat(cuts).hasSize(10);
        cuts.forEach(
                (pieces, count) -> {
                    double expected = pieces.contains("||") ? 1 / 16.0 : 2 / 16.0;
                    assertThat((double) count)
                            .as(pieces)
                            .isCloseTo(documents * expected, within(spread(documents, expected)));
                });
    }

    private static double spread(int draws, double probability) {
        return 4 * Math.sqrt(draws * probability * (1 - probability));
    }

    @Test
    void draws_depend_on_seed_source_epoch_and_row_alone() {
        FillInTheMiddle fim = fim(0.9, 0.5);
        long[] document = tokenizer.encode("once upon a time once upon a time");
        long[] first = apply(fim, "a", 0, 3, document);
        apply(fim, "a", 0, 4, document);
        assertThat(apply(fim, "a", 0, 3, document)).containsExactly(first);
        assertThat(apply(fim(0.9, 0.5), "a", 0, 3, document)).containsExactly(first);
        assertThat(apply(fim, "a", 1, 3, document)).isNotEqualTo(first);
        assertThat(apply(fim, "a", 0, 4, document)).isNotEqualTo(first);
        assertThat(apply(fim, "b", 0, 3, document)).isNotEqualTo(first);
    }

    private static long[] apply(
            FillInTheMiddle fim, String source, int epoch, long row, long[] document) {
        long[] ids = row(100, document);
        fim.apply(source, epoch, row, ids, counting(ids));
        return ids;
    }

    @Test
    void a_tokenizer_without_the_special_tokens_is_refused_by_name() throws IOException {
        Path other = temp.resolve("plain");
        Files.createDirectories(other);
        TinyTokenizer.llama().writeJson(other);
        try (Tokenizer plain = Tokenizer.open(other)) {
            Optional<String> usual = Optional.empty();
            FimRecipe recipe =
                    new FimRecipe(
                            1, Optional.empty(), Optional.empty(), usual, usual, usual, usual);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new FillInTheMiddle(plain, recipe, 0))
                    .withMessageContaining("'<|fim_prefix|>'")
                    .withMessageContaining("prefix_token");
        }
    }

    @Test
    void crystalcoders_tokenizer_gives_its_ids_and_keeps_code_as_it_was() throws IOException {
        tokenizer.close();
        tokenizer = Tokenizer.open(Fixtures.shared("fixtures/llm360/crystal/tokenizer.json"));
        assertThat(LongStream.of(id("prefix"), id("middle"), id("suffix"), id("pad")))
                .containsExactly(32_000L, 32_001L, 32_002L, 32_003L);
        String code =
                "def add(a, b):\n    return a + b  # \u2211 \ud83d\ude00\n\n\nprint(add(1, 2))\n";
        FillInTheMiddle psm = fim(1, 0);
        for (int i = 0; i < 100; i++) {
            long[] row = row(120, tokenizer.encode(code));
            psm.apply("code", 0, i, row, counting(row));
            Pieces pieces = pieces(row);
            assertThat(pieces.prefix() + pieces.middle() + pieces.suffix()).isEqualTo(code);
        }
    }
}
