package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.nn.WeightLoader;
import ai.llm360.common.nn.WeightType;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Amber against the values that transformers' LlamaForCausalLM gave for a random tiny model. */
class AmberGoldenTest {

    private NDManager manager;
    private Checkpoint golden;

    @BeforeEach
    void open() throws IOException {
        Path file = Fixtures.shared("fixtures/amber-tiny/golden.safetensors");
        golden = Checkpoint.open(file);
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() throws IOException {
        if (manager != null) {
            manager.close();
            golden.close();
        }
    }

    private Amber load(String layout, WeightType type) throws IOException {
        Path directory = Fixtures.shared("fixtures/amber-tiny").resolve(layout);
        Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    private NDArray floats(String name) throws IOException {
        TensorInfo info = golden.get(name);
        return manager.create(golden.read(name), info.shape(), DataType.FLOAT32);
    }

    private long[][] ids(String name) throws IOException {
        Shape shape = golden.get(name).shape();
        ByteBuffer bytes = golden.read(name);
        LongBuffer longs = bytes.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        long[][] rows = new long[(int) shape.get(0)][(int) shape.get(1)];
        for (long[] row : rows) {
            longs.get(row);
        }
        return rows;
    }

    private static double maxDifference(NDArray actual, NDArray expected) {
        return actual.sub(expected).abs().max().getFloat();
    }

    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "safetensors-sharded", "bin-sharded"})
    void every_fp32_layout_gives_the_golden_logits_and_hidden_states(String layout)
            throws IOException {
        Amber amber = load(layout, null);
        long[][] ids = ids("input_ids");
        assertThat(maxDifference(amber.logits(manager, ids), floats("logits")))
                .isLessThanOrEqualTo(1e-4);
        List<NDArray> states = amber.hiddenStates(manager, ids);
        assertThat(states).hasSize(4);
        for (int i = 0; i < states.size(); i++) {
            assertThat(maxDifference(states.get(i), floats("hidden." + i)))
                    .as("hidden state %d", i)
                    .isLessThanOrEqualTo(1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "safetensors-sharded", "bin-sharded"})
    void every_fp32_layout_gives_the_golden_gradients(String layout) throws IOException {
        Amber amber = load(layout, null);
        amber.freezeParameters(false);
        for (Pair<String, Parameter> pair : amber.getParameters()) {
            pair.getValue().getArray().setRequiresGradient(true);
        }
        ParameterStore store = new ParameterStore(manager, false);
        long[][] ids = ids("input_ids");
        long[][] labels = ids("labels");
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray input = manager.create(ids);
            NDArray logits = amber.forward(store, new NDList(input), true).singletonOrThrow();
            NDArray logp = logits.logSoftmax(-1);
            NDArray picked = logp.gather(manager.create(labels).expandDims(2), 2);
            collector.backward(picked.mean().neg());
        }
        for (Pair<String, Parameter> pair : amber.getParameters()) {
            NDArray actual = pair.getValue().getArray().getGradient();
            NDArray expected = floats("grad." + pair.getKey());
            double norm = expected.norm().getFloat();
            assertThat(Math.abs(actual.norm().getFloat() - norm) / norm)
                    .as("relative gradient norm of %s", pair.getKey())
                    .isLessThanOrEqualTo(1e-5);
            assertThat(maxDifference(actual, expected) / norm)
                    .as("gradient of %s", pair.getKey())
                    .isLessThanOrEqualTo(1e-5);
        }
    }

    @Test
    void bfloat16_logits_are_nearer_to_float32_than_the_originals_are() throws IOException {
        NDArray exact = floats("logits");
        double original = maxDifference(floats("logits.bf16"), exact);
        for (String layout : List.of("bf16", "safetensors", "bin-sharded")) {
            Amber amber = load(layout, WeightType.BF16);
            NDArray logits = amber.logits(manager, ids("input_ids"));
            // The original keeps the residual stream and the rotation in bfloat16 and is off by
            // 0.043. Here they are float32, so the bound is the original's own error.
            assertThat(maxDifference(logits, exact)).isLessThanOrEqualTo(original);
            // Each is within 0.043 of the exact logits, so they are within twice that of each
            // other.
            assertThat(maxDifference(logits, floats("logits.bf16")))
                    .isLessThanOrEqualTo(2 * original);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "safetensors-sharded", "bin-sharded"})
    void greedy_tokens_are_the_golden_ones_alone_and_in_a_ragged_batch(String layout)
            throws IOException {
        TextGenerator generator = new TextGenerator(load(layout, null), Optional.empty());
        long[] golden = ids("greedy")[0]; // a prompt of 8 and its continuation of 40
        GenerationConfig config =
                GenerationConfig.builder().optMaxNewTokens(40).optIgnoreEos(true).build();
        long[] prompt = Arrays.copyOf(golden, 8);
        List<Long> expected = Arrays.stream(golden).skip(8).boxed().toList();
        assertThat(generator.generateIds(List.of(prompt), config).get(0).ids()).isEqualTo(expected);
        List<long[]> ragged =
                List.of(new long[] {1, 2, 3}, prompt, ids("input_ids")[1], new long[] {5}, prompt);
        List<Generation> batch = generator.generateIds(ragged, config);
        assertThat(batch.get(1).ids()).isEqualTo(expected);
        assertThat(batch.get(4).ids()).isEqualTo(expected);
    }
}
