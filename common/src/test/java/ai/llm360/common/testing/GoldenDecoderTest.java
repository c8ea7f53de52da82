package ai.llm360.common.testing;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;

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
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
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
}
