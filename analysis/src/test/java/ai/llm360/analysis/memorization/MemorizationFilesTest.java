package ai.llm360.analysis.memorization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemorizationFilesTest {

    @TempDir Path temp;

    @ParameterizedTest
    @ValueSource(ints = {143, 355})
    void the_published_samples_are_read_and_written_byte_for_byte(int chunk) throws IOException {
        Path published =
                Fixtures.shared(
                        "fixtures/llm360/analysis360/memorization/train_%d.jsonl".formatted(chunk));
        List<MemorizationSample> samples = MemorizationSamples.read(published);
        assertThat(samples).hasSize(1000);
        assertThat(samples).allMatch(s -> s.prompt().length == 32 && s.continuation().length == 32);
        Map<String, Long> sources =
                samples.stream()
                        .map(MemorizationSample::source)
                        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        assertThat(sources)
                .isEqualTo(
                        Map.of(
                                "refinedweb",
                                536L,
                                "starcoderdata",
                                221L,
                                "c4",
                                163L,
                                "arxiv",
                                31L,
                                "book",
                                18L,
                                "wikipedia",
                                18L,
                                "stackexchange",
                                13L));
        MemorizationSamples.write(temp.resolve("written.jsonl"), samples);
        assertThat(temp.resolve("written.jsonl")).hasSameBinaryContentAs(published);
    }

    @Test
    void a_sample_is_a_line_of_three_fields() throws IOException {
        Path file = temp.resolve("train_007.jsonl");
        String line = "{\"source\":\"c4\",\"prompt\":[1,2],\"continuation\":[3,4,5]}\n";
        Files.writeString(file, line + line);
        List<MemorizationSample> samples = MemorizationSamples.read(file);
        assertThat(samples).hasSize(2);
        assertThat(samples.get(1).source()).isEqualTo("c4");
        assertThat(samples.get(1).prompt()).containsExactly(1, 2);
        assertThat(samples.get(1).continuation()).containsExactly(3, 4, 5);
        assertThat(MemorizationSamples.toJsonLines(samples)).isEqualTo(line + line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "[]",
                "{\"source\":\"c4\",\"prompt\":[1]}",
                "{\"source\":\"c4\",\"prompt\":[],\"continuation\":[1]}",
                "{\"prompt\":[1],\"continuation\":[1]}",
                "{\"source\":\"c4\",\"prompt\":[1.5],\"continuation\":[1]}",
                "{\"source\":\"c4\",\"prompt\":[null],\"continuation\":[1]}",
                "{\"source\":\"c4\",\"prompt\":[1],\"continuation\":[1"
            })
    void a_line_that_is_no_sample_is_named(String line) throws IOException {
        Path file = temp.resolve("train_007.jsonl");
        Files.writeString(
                file, "{\"source\":\"c4\",\"prompt\":[1],\"continuation\":[3]}\n" + line + "\n");
        assertThatThrownBy(() -> MemorizationSamples.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("train_007.jsonl:2:")
                .hasMessageNotContaining("Exception");
    }

    @Test
    void a_result_as_python_writes_it_is_read_and_a_contradiction_refused() throws IOException {
        Path file = temp.resolve("data-3.json");
        Files.writeString(
                file,
                "{\"full_match\": 0.5, \"token_match\": 0.75, \"count\": 2, \"match\": [2, 1],"
                        + " \"all_match\": [[1, 1], [0, 1]]}");
        MemorizationResult result = MemorizationResult.read(file);
        assertThat(result.summary()).isEqualTo(new MemorizationResult.Summary(2, 0.75, 0.5));
        for (String[] change :
                new String[][] {
                    {"0.75", "0.7"}, {"0.5", "1"}, {": 2,", ": 3,"}, {"[2, 1]", "[2, 2]"},
                    {"[0, 1]", "[0, 2]"}, {"[0, 1]", "[1]"}, {"[2, 1]", "null"}, {"0.5", "\"x\""}
                }) {
            Path wrong = temp.resolve("wrong.json");
            Files.writeString(wrong, Files.readString(file).replace(change[0], change[1]));
            assertThatThrownBy(() -> MemorizationResult.read(wrong))
                    .as(change[1])
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("wrong.json");
        }
    }

    @Test
    void rows_are_drawn_by_a_seed_each_once() throws IOException {
        long[][] rows = new long[50][];
        Arrays.setAll(rows, i -> LongStream.range(i, i + 9).toArray());
        Path directory = new TokenDatasetBuilder(9, 100).source("a", rows).write(temp);
        try (TokenChunk chunk = TokenDataset.open(directory).openChunk(0)) {
            List<MemorizationSample> all = MemorizationSamples.draw(chunk, 99, 42, 3, 4);
            Set<Long> firsts = new HashSet<>();
            for (MemorizationSample sample : all) {
                long first = sample.prompt()[0];
                firsts.add(first);
                assertThat(sample.prompt()).containsExactly(first, first + 1, first + 2);
                assertThat(sample.continuation())
                        .containsExactly(first + 3, first + 4, first + 5, first + 6);
            }
            assertThat(firsts).hasSize(50);
            String some = MemorizationSamples.toJsonLines(all.subList(0, 10));
            assertThat(
                            MemorizationSamples.toJsonLines(
                                    MemorizationSamples.draw(chunk, 10, 42, 3, 4)))
                    .isEqualTo(some);
            assertThat(
                            MemorizationSamples.toJsonLines(
                                    MemorizationSamples.draw(chunk, 10, 43, 3, 4)))
                    .isNotEqualTo(some);
            // np.random.seed(42); np.random.permutation(50)[:4]
            assertThat(all.subList(0, 4).stream().map(s -> s.prompt()[0]))
                    .containsExactly(13L, 39L, 30L, 45L);
            assertThatThrownBy(() -> MemorizationSamples.draw(chunk, 10, 42, 6, 4))
                    .hasMessageContaining("which have 9");
        }
    }
}
