package ai.llm360.analysis.memorization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Percentage.withPercentage;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.zoo.Criteria;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerplexityTest {

    @TempDir static Path temp;
    private static ZooModel<String, String> model;
    private static TextGenerator generator;
    private final long[] ids = new Random(2).longs(150, 0, 96).toArray();

    @BeforeAll
    static void load() throws Exception {
        Path directory = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
        model = Criteria.loadModel(directory.toString());
        generator = Criteria.generator(model);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** One window after another, as plain as can be. */
    private double nats(int window, int stride) {
        double nats = 0;
        int done = 1;
        for (int from = 0; done < ids.length; from += stride) {
            int end = Math.min(from + window + 1, ids.length);
            List<Double> scores =
                    generator.scoreIds(Arrays.copyOfRange(ids, from, end)).logProbabilities();
            for (; done < end; done++) {
                nats -= scores.get(done - from - 1);
            }
        }
        return nats;
    }

    @ParameterizedTest
    @CsvSource({"63,63", "63,20", "17,5", "16,16", "8,1"})
    void every_token_is_scored_once_in_its_window(int window, int stride) {
        Perplexity perplexity = Perplexity.of(generator.model(), ids, window, stride);
        assertThat(perplexity.tokens()).isEqualTo(149);
        assertThat(perplexity.nats()).isCloseTo(nats(window, stride), within(1e-3));
        assertThat(perplexity.value()).isEqualTo(Math.exp(perplexity.nats() / 149));
    }

    @Test
    void a_window_of_all_is_the_text_scored_whole() {
        long[] text = Arrays.copyOf(ids, 60);
        double nll = generator.scoreIds(text).nll();
        assertThat(Perplexity.of(generator.model(), text, 64, 64).value())
                .isCloseTo(Math.exp(nll), withPercentage(1e-3));
        // Analysis360 multiplies the mean by all 60 tokens, and divides by them
        assertThat(Perplexity.analysis360(generator.model(), List.of(text)).nats())
                .isCloseTo(nll * 60, within(1e-3));
    }

    @Test
    void analysis360_weighs_rows_by_their_tokens() {
        long[] shorter = Arrays.copyOf(ids, 2);
        long[] longer = Arrays.copyOfRange(ids, 2, 52);
        double nats = 2 * generator.scoreIds(shorter).nll() + 50 * generator.scoreIds(longer).nll();
        Perplexity theirs = Perplexity.analysis360(generator.model(), List.of(shorter, longer));
        assertThat(theirs.tokens()).isEqualTo(52);
        assertThat(theirs.nats()).isCloseTo(nats, within(1e-3));
    }

    @Test
    void what_has_no_perplexity_is_refused() {
        assertThatThrownBy(() -> Perplexity.of(generator.model(), new long[] {1}, 8, 8))
                .hasMessageContaining("at least two tokens");
        assertThatThrownBy(() -> Perplexity.of(generator.model(), ids, 65, 8))
                .hasMessageContaining("1 to 64 tokens");
        assertThatThrownBy(() -> Perplexity.of(generator.model(), ids, 8, 9))
                .hasMessageContaining("not 8 and 9");
        assertThatThrownBy(
                        () ->
                                Perplexity.analysis360(
                                        generator.model(), List.of(ids.clone(), new long[] {1})))
                .hasMessageContaining("context length");
        assertThatThrownBy(() -> Perplexity.analysis360(generator.model(), List.of(new long[] {1})))
                .hasMessageContaining("row 1 has 1 token");
    }

    /**
     * The values are transformers' (5.18, torch 2.13, float32) for the file's first 40 lines,
     * stripped: the guide's windows with max_length 512 and stride 256, its losses multiplied by
     * the labels that count; and Analysis360's script with batch_size 1.
     */
    @Test
    void equals_transformers_on_wikitext() throws Exception {
        Path stories = Fixtures.shared("fixtures/stories260K-hf");
        Path text = Fixtures.shared("fixtures/llm360/analysis360/ppl/wikitext.txt");
        List<String> lines =
                Files.readAllLines(text).subList(0, 40).stream().map(String::strip).toList();
        try (ZooModel<String, String> loaded = Criteria.loadModel(stories.toString())) {
            TextGenerator small = Criteria.generator(loaded);
            long[] whole = small.tokenizer().encodePrompt(String.join("\n", lines));
            Perplexity perplexity = Perplexity.of(small.model(), whole, 511, 256);
            assertThat(perplexity.tokens()).isEqualTo(9145);
            assertThat(perplexity.value()).isCloseTo(133.6995942159261, withPercentage(0.01));
            Perplexity theirs =
                    Perplexity.analysis360(
                            small.model(),
                            lines.stream().map(small.tokenizer()::encodePrompt).toList());
            assertThat(theirs.tokens()).isEqualTo(8552);
            assertThat(theirs.value()).isCloseTo(131.4419244552362, withPercentage(0.01));
        }
    }
}
