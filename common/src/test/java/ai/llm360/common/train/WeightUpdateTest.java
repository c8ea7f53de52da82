package ai.llm360.common.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.train.TrainingConfig.Optimizer;
import ai.llm360.common.train.TrainingConfig.ParameterGroup;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightUpdateTest {

    private static final double RATE = 3e-3;

    /** Norms aren't decayed, the embedding learns at half the rate. */
    private static final Optimizer GROUPED =
            new Optimizer(
                    Optimizer.Kind.ADAMW,
                    0.9,
                    0.95,
                    0.99,
                    1e-8,
                    0.1,
                    List.of(
                            new ParameterGroup(".*norm\\.weight", 1, 0),
                            new ParameterGroup("embed\\..*", 0.5, 0.2)));

    private static final Map<String, Shape> SHAPES = new LinkedHashMap<>();

    static {
        SHAPES.put("embed.weight", new Shape(7, 5));
        SHAPES.put("layer.norm.weight", new Shape(5));
        SHAPES.put("layer.proj.weight", new Shape(5, 5));
        SHAPES.put("norm.weight", new Shape(5));
    }

    private static Optimizer groups(ParameterGroup... groups) {
        return new Optimizer(Optimizer.Kind.ADAMW, 0.9, 0.95, 0.99, 1e-8, 0.1, List.of(groups));
    }

    private final Random random = new Random(5);
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Map<String, NDArray> arrays(double scale) {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        SHAPES.forEach(
                (name, shape) -> {
                    float[] values = new float[(int) shape.size()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) (scale * random.nextGaussian());
                    }
                    arrays.put(name, manager.create(values, shape));
                });
        return arrays;
    }

    private static Map<String, NDArray> copies(Map<String, NDArray> arrays) {
        Map<String, NDArray> copies = new LinkedHashMap<>();
        arrays.forEach((name, array) -> copies.put(name, array.duplicate()));
        return copies;
    }

    private static double[] doubles(NDArray array) {
        return array.toType(DataType.FLOAT64, true).toDoubleArray();
    }

    /** The paper's algorithm 2 on one parameter, with the rate as PyTorch takes it. */
    private static final class Loops {

        private final double[] w;
        private final double[] m;
        private final double[] v;
        private final double rate;
        private final double decay;
        private int updates;

        Loops(NDArray weight, double rate, double decay) {
            w = doubles(weight);
            m = new double[w.length];
            v = new double[w.length];
            this.rate = rate;
            this.decay = decay;
        }

        void update(double[] g) {
            updates++;
            for (int i = 0; i < w.length; i++) {
                m[i] = 0.9 * m[i] + (1 - 0.9) * g[i];
                v[i] = 0.95 * v[i] + (1 - 0.95) * g[i] * g[i];
                double mean = m[i] / (1 - Math.pow(0.9, updates));
                double square = v[i] / (1 - Math.pow(0.95, updates));
                w[i] -= rate * decay * w[i];
                w[i] -= rate * mean / (Math.sqrt(square) + 1e-8);
            }
        }
    }

    private static void assertNear(NDArray actual, double[] expected, double error, String name) {
        double[] values = doubles(actual);
        for (int i = 0; i < expected.length; i++) {
            assertThat(values[i]).as("%s[%d]", name, i).isCloseTo(expected[i], within(error));
        }
    }

    @Test
    void updates_each_group_as_loops_in_double_precision_do() {
        Map<String, NDArray> weights = arrays(1);
        Map<String, Loops> expected = new LinkedHashMap<>();
        expected.put("embed.weight", new Loops(weights.get("embed.weight"), 0.5 * RATE, 0.2));
        expected.put("layer.norm.weight", new Loops(weights.get("layer.norm.weight"), RATE, 0));
        expected.put("layer.proj.weight", new Loops(weights.get("layer.proj.weight"), RATE, 0.1));
        expected.put("norm.weight", new Loops(weights.get("norm.weight"), RATE, 0));
        try (WeightUpdate optimizer = new WeightUpdate(manager, GROUPED, weights)) {
            for (int step = 0; step < 6; step++) {
                Map<String, NDArray> gradients = arrays(0.3);
                optimizer.update(gradients, RATE);
                expected.forEach((name, loops) -> loops.update(doubles(gradients.get(name))));
            }
            assertThat(optimizer.updates()).isEqualTo(6);
            expected.forEach(
                    (name, loops) -> {
                        Map<String, NDArray> state = optimizer.state();
                        // Weights of size 3 have a last place of 2.4e-7; six roundings of it.
                        assertNear(weights.get(name), loops.w, 1e-6, name);
                        assertNear(state.get("exp_avg." + name), loops.m, 1e-7, name);
                        assertNear(state.get("exp_avg_sq." + name), loops.v, 1e-7, name);
                    });
        }
    }

    /** torch.optim.RMSprop by hand: v = 0.9 v + 0.1 g g, w = w - lr g / (sqrt(v) + 1e-8). */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1})
    void rmsprop_divides_by_the_root_of_the_mean_square(double decay) {
        Optimizer config =
                new Optimizer(Optimizer.Kind.RMSPROP, 0.9, 0.95, 0.9, 1e-8, decay, List.of());
        NDArray weight = manager.create(new float[] {1, -2, 3});
        double[] w = {1, -2, 3};
        double[] v = new double[3];
        float[][] steps = {{0.5f, -1, 0}, {0.25f, 2, 1e-3f}, {-4, 0, 0}};
        try (WeightUpdate optimizer =
                new WeightUpdate(manager, config, Map.of("layer.weight", weight))) {
            for (float[] step : steps) {
                optimizer.update(Map.of("layer.weight", manager.create(step)), 0.01);
                for (int i = 0; i < w.length; i++) {
                    double g = step[i] + decay * w[i];
                    v[i] = 0.9 * v[i] + (1 - 0.9) * g * g;
                    w[i] -= 0.01 * g / (Math.sqrt(v[i]) + 1e-8);
                }
            }
            assertNear(weight, w, 1e-6, "weight");
            assertThat(optimizer.state().keySet()).containsExactly("square_avg.layer.weight");
            assertNear(optimizer.state().get("square_avg.layer.weight"), v, 1e-6, "square");
            assertThat(optimizer.updates()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-3, 0.5, 1e9})
    void clips_to_the_norm_of_all_gradients_together(double largest) {
        Map<String, NDArray> gradients = arrays(0.3);
        Map<String, NDArray> before = copies(gradients);
        double norm =
                Math.sqrt(
                        before.values().stream()
                                .flatMapToDouble(g -> Arrays.stream(doubles(g)))
                                .map(x -> x * x)
                                .sum());
        try (WeightUpdate optimizer = new WeightUpdate(manager, GROUPED, arrays(1))) {
            assertThat(optimizer.clip(gradients, largest)).isCloseTo(norm, within(1e-6 * norm));
        }
        boolean clipped = largest > 0 && largest < norm;
        double scale = clipped ? largest / (norm + 1e-6) : 1;
        before.forEach(
                (name, gradient) -> {
                    double[] expected = doubles(gradient);
                    Arrays.setAll(expected, i -> expected[i] * scale);
                    assertNear(gradients.get(name), expected, clipped ? 1e-6 * scale : 0, name);
                });
    }

    @Test
    void a_restored_state_goes_on_with_the_same_bits() {
        Map<String, NDArray> weights = arrays(1);
        Map<String, NDArray> first = arrays(0.3);
        Map<String, NDArray> second = arrays(0.3);
        try (WeightUpdate optimizer = new WeightUpdate(manager, GROUPED, weights)) {
            optimizer.update(first, RATE);
            Map<String, NDArray> resumed = copies(weights);
            try (WeightUpdate other = new WeightUpdate(manager, GROUPED, resumed)) {
                Map<String, NDArray> state = other.state();
                assertThat(state.keySet()).isEqualTo(optimizer.state().keySet());
                optimizer.state().forEach((name, array) -> array.copyTo(state.get(name)));
                other.setUpdates(optimizer.updates());
                optimizer.update(second, RATE);
                other.update(second, RATE);
                weights.forEach((name, w) -> assertThat(resumed.get(name)).isEqualTo(w));
                optimizer.state().forEach((name, s) -> assertThat(state.get(name)).isEqualTo(s));
            }
        }
    }

    @Test
    void a_group_that_matches_nothing_is_refused() {
        Map<String, NDArray> weights = arrays(1);
        Optimizer misspelt = groups(new ParameterGroup("nrom\\.weight", 1, 0));
        assertThatThrownBy(() -> new WeightUpdate(manager, misspelt, weights).close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "no parameter is left for the optimizer group 'nrom\\.weight'; the names"
                                + " are such as embed.weight");
        ParameterGroup all = new ParameterGroup(".*", 1, 0);
        Optimizer twice = groups(all, all);
        assertThatThrownBy(() -> new WeightUpdate(manager, twice, weights).close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no parameter is left for the optimizer group '.*'");
    }
}
