package ai.llm360.common.testing;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every decoder must reproduce of its fixture. A subclass has a static method {@code layouts}
 * of the fixture's float32 checkpoints' directories.
 */
public abstract class GoldenDecoderTest {

    private final String fixture;
    protected NDManager manager;
    protected GoldenValues golden;

    protected GoldenDecoderTest(String fixture) {
        this.fixture = fixture;
    }

    /** Makes the block that a config.json describes. */
    protected abstract CausalDecoder newBlock(Path config) throws IOException;

    /** The names of the golden values of {@link CausalDecoder#hiddenStates}, in order. */
    protected abstract List<String> hiddenStates();

    @BeforeEach
    void open() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        golden = new GoldenValues(fixture, manager);
    }

    @AfterEach
    void close() throws IOException {
        if (golden != null) {
            golden.close();
        }
        manager.close();
    }

    protected CausalDecoder load(String layout, WeightType type) throws IOException {
        Path directory = golden.path(layout);
        CausalDecoder decoder = newBlock(directory.resolve("config.json"));
        WeightLoader.load(decoder, directory, manager, type, null);
        return decoder;
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void every_fp32_layout_gives_the_golden_logits_and_hidden_states(String layout)
            throws IOException {
        CausalDecoder decoder = load(layout, null);
        long[][] ids = golden.ids("input_ids");
        assertThat(maxDifference(decoder.logits(manager, ids), golden.floats("logits")))
                .isLessThanOrEqualTo(1e-4);
        List<NDArray> states = decoder.hiddenStates(manager, ids);
        assertThat(states).hasSameSizeAs(hiddenStates());
        for (int i = 0; i < states.size(); i++) {
            String name = hiddenStates().get(i);
            assertThat(maxDifference(states.get(i), golden.floats(name)))
                    .as(name)
                    .isLessThanOrEqualTo(1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void every_fp32_layout_gives_the_golden_gradients(String layout) throws IOException {
        CausalDecoder decoder = load(layout, null);
        decoder.freezeParameters(false);
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            pair.getValue().getArray().setRequiresGradient(true);
        }
        ParameterStore store = new ParameterStore(manager, false);
        long[][] labels = golden.ids("labels");
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray input = manager.create(golden.ids("input_ids"));
            NDArray logits = decoder.forward(store, new NDList(input), true).singletonOrThrow();
            NDArray logp = logits.logSoftmax(-1);
            NDArray picked = logp.gather(manager.create(labels).expandDims(2), 2);
            collector.backward(picked.mean().neg());
        }
        for (Pair<String, Parameter> pair : decoder.getParameters()) {
            NDArray actual = pair.getValue().getArray().getGradient();
            NDArray expected = golden.floats("grad." + pair.getKey());
            double norm = expected.norm().getFloat();
            assertThat(Math.abs(actual.norm().getFloat() - norm) / norm)
                    .as("relative gradient norm of %s", pair.getKey())
                    .isLessThanOrEqualTo(1e-5);
            assertThat(maxDifference(actual, expected) / norm)
                    .as("gradient of %s", pair.getKey())
                    .isLessThanOrEqualTo(1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void greedy_tokens_are_the_golden_ones_alone_and_in_a_ragged_batch(String layout)
            throws IOException {
        TextGenerator generator = new TextGenerator(load(layout, null), Optional.empty());
        long[] whole = golden.ids("greedy")[0]; // a prompt of 8 and its continuation of 40
        GenerationConfig config =
                GenerationConfig.builder().optMaxNewTokens(40).optIgnoreEos(true).build();
        long[] prompt = Arrays.copyOf(whole, 8);
        List<Long> expected = Arrays.stream(whole).skip(8).boxed().toList();
        assertThat(generator.generateIds(List.of(prompt), config).get(0).ids()).isEqualTo(expected);
        List<long[]> ragged =
                List.of(
                        new long[] {1, 2, 3},
                        prompt,
                        golden.ids("input_ids")[1],
                        new long[] {5},
                        prompt);
        List<Generation> batch = generator.generateIds(ragged, config);
        assertThat(batch.get(1).ids()).isEqualTo(expected);
        assertThat(batch.get(4).ids()).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(Batching.class)
    void scores_of_labels_are_those_of_the_golden_logits(Batching batching) throws IOException {
        CausalDecoder decoder = load("safetensors", null);
        long[][] ids = golden.ids("input_ids");
        Random random = new Random(5);
        int tokens = ids[0].length;
        int[] positions = random.ints(300, 0, tokens - 3).toArray(); // more than are held at once
        long[] labels = random.longs(300, 0, decoder.vocabularySize()).toArray();
        List<LabelledRow> rows =
                List.of(
                        LabelledRow.scoredFrom(1, ids[0]),
                        new LabelledRow(Arrays.copyOf(ids[1], tokens - 3), positions, labels),
                        new LabelledRow(new long[] {ids[1][0]}, new int[1], new long[] {7}));
        List<LabelScores> scores = decoder.score(rows, batching);
        NDArray logits = golden.floats("logits");
        assertScores(scores.get(0), rows.get(0), logits.get(0));
        assertScores(scores.get(1), rows.get(1), logits.get(1));
        assertScores(scores.get(2), rows.get(2), logits.get(1));
    }

    /** The rank is the number of larger logits, but for those within the bound of the reference. */
    private static void assertScores(LabelScores actual, LabelledRow row, NDArray logits) {
        assertThat(actual.logProbabilities()).hasSameSizeAs(row.labels());
        int vocabulary = (int) logits.getShape().get(1);
        float[] all = logits.toFloatArray();
        for (int i = 0; i < row.labels().length; i++) {
            int begin = row.positions()[i] * vocabulary;
            double label = all[begin + (int) row.labels()[i]];
            double sum = 0;
            int above = 0;
            int near = 0;
            for (int token = begin; token < begin + vocabulary; token++) {
                sum += Math.exp(all[token]);
                above += all[token] > label + 2e-4 ? 1 : 0;
                near += Math.abs(all[token] - label) <= 2e-4 ? 1 : 0;
            }
            assertThat(actual.logProbabilities()[i])
                    .isCloseTo(label - Math.log(sum), within(2e-4));
            assertThat(actual.ranks()[i]).isBetween(above, above + near - 1);
        }
    }

    @Test
    void continuations_of_one_forked_prefix_score_as_four_whole_computations() throws IOException {
        CausalDecoder decoder = load("safetensors", null);
        long[] text = golden.ids("input_ids")[0];
        long[] prefix = Arrays.copyOf(text, 9);
        List<long[]> continuations =
                List.of(
                        Arrays.copyOfRange(text, 9, 14),
                        new long[] {8},
                        Arrays.copyOfRange(text, 3, 7),
                        Arrays.copyOfRange(text, 20, 25));
        // What follows the prefix is scored from its last token's state.
        long[][] read = {Arrays.copyOf(prefix, 8)};
        List<LabelledRow> rows =
                continuations.stream()
                        .map(next -> LabelledRow.scoredFrom(1, joined(new long[] {prefix[8]}, next)))
                        .toList();
        List<LabelScores> alone = new ArrayList<>();
        for (LabelledRow row : rows) {
            try (KvCache cache = decoder.newCache(1, 20)) {
                decoder.advance(manager, cache, new int[1], read).close();
                alone.addAll(decoder.score(cache, new int[1], List.of(row), Batching.EXACT));
            }
        }
        List<LabelledRow> whole =
                continuations.stream()
                        .map(next -> LabelledRow.scoredFrom(9, joined(prefix, next)))
                        .toList();
        int[] slots = {0, 1, 2, 3};
        try (KvCache cache = decoder.newCache(2, 20)) {
            decoder.advance(manager, cache, new int[] {1}, read).close();
            try (KvCache forked = cache.fork(1, 8, 4, 20);
                    KvCache copied = forked.copy()) {
                assertScores(decoder.score(forked, slots, rows, Batching.EXACT), alone, 0);
                assertScores(decoder.score(copied, slots, rows, Batching.PADDED), alone, 1e-5);
                assertThat(copied.length(0)).isEqualTo(14);
                for (int slot : slots) {
                    copied.truncate(slot, 8);
                }
                assertScores(decoder.score(copied, slots, rows, Batching.EXACT), alone, 0);
            }
            assertThat(cache.length(1)).isEqualTo(8);
        }
        for (Batching batching : Batching.values()) {
            assertScores(decoder.score(whole, batching), alone, 1e-5);
        }
    }

    private static long[] joined(long[] first, long[] second) {
        return LongStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    private static void assertScores(
            List<LabelScores> actual, List<LabelScores> expected, double bound) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).logProbabilities())
                    .containsExactly(expected.get(i).logProbabilities(), within(bound));
            assertThat(actual.get(i).ranks()).isEqualTo(expected.get(i).ranks());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void prompts_of_different_lengths_advance_in_one_call_as_alone(WeightType type)
            throws IOException {
        CausalDecoder decoder = load("safetensors", type);
        long[] text = golden.ids("input_ids")[0];
        long[][] prompts = {Arrays.copyOf(text, 5), {text[0]}, Arrays.copyOf(text, 11), {3}};
        try (KvCache together = decoder.newCache(4, 20);
                KvCache single = decoder.newCache(4, 20)) {
            NDArray logits = decoder.advance(manager, together, new int[] {3, 0, 1, 2}, prompts);
            for (int row = 0; row < prompts.length; row++) {
                NDArray alone =
                        decoder.advance(
                                manager, single, new int[] {row}, new long[][] {prompts[row]});
                assertThat(logits.get(row)).as("row %d", row).isEqualTo(alone.get(0));
            }
            assertThat(together.length(3)).isEqualTo(5);
        }
    }
}
