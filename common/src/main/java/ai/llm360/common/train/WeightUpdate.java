package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * AdamW (arXiv 1711.05101) or RMSprop, with parameter groups and clipping by the global norm, on
 * PyTorch's own kernels; its state can be saved and restored, which DJL's optimizers can't.
 *
 * <p>The mathematics is the page {@code update.torchscript} beside this class. Weights are updated
 * in place.
 */
final class WeightUpdate implements AutoCloseable {

    /** The prefixes of the state's tensors, before the parameter's name, as PyTorch calls them. */
    private static final String MEAN = "exp_avg.";

    private static final String SQUARE = "exp_avg_sq.";
    private static final String SQUARE_OF_RMSPROP = "square_avg.";

    private record Group(
            double lrScale, double weightDecay, List<String> names, List<NDArray> weights) {}

    private final TrainingConfig.Optimizer config;
    private final NDManager manager;
    private final TorchScript page;
    private final List<Group> groups = new ArrayList<>();
    private final Map<String, NDArray> means = new LinkedHashMap<>();
    private final Map<String, NDArray> squares = new LinkedHashMap<>();
    private long updates;

    /**
     * Creates an optimizer whose state is zero.
     *
     * @param manager the manager, on the weights' device, that the state is attached to
     * @param config its constants
     * @param weights the parameters by name, float32
     * @throws IllegalArgumentException if a group's pattern matches no parameter
     */
    WeightUpdate(NDManager manager, TrainingConfig.Optimizer config, Map<String, NDArray> weights) {
        this.config = config;
        makeGroups(weights);
        this.manager = manager.newSubManager();
        String source = TorchScript.source(WeightUpdate.class, "update.torchscript");
        page = TorchScript.compile(this.manager, source, Map.of());
        weights.forEach(
                (name, weight) -> {
                    if (isAdamW()) {
                        means.put(name, this.manager.zeros(weight.getShape()));
                    }
                    squares.put(name, this.manager.zeros(weight.getShape()));
                });
    }

    private boolean isAdamW() {
        return config.kind() == TrainingConfig.Optimizer.Kind.ADAMW;
    }

    private void makeGroups(Map<String, NDArray> weights) {
        Map<String, NDArray> rest = new LinkedHashMap<>(weights);
        for (TrainingConfig.ParameterGroup group : config.groups()) {
            Pattern pattern = Pattern.compile(group.match());
            List<String> names =
                    rest.keySet().stream().filter(n -> pattern.matcher(n).matches()).toList();
            if (names.isEmpty()) {
                throw new IllegalArgumentException(
                        "no parameter is left for the optimizer group '%s'; the names are such as %s"
                                .formatted(group.match(), weights.keySet().iterator().next()));
            }
            List<NDArray> members = names.stream().map(rest::remove).toList();
            groups.add(new Group(group.lrScale(), group.weightDecay(), names, members));
        }
        if (!rest.isEmpty()) {
            List<String> names = List.copyOf(rest.keySet());
            groups.add(new Group(1, config.weightDecay(), names, List.copyOf(rest.values())));
        }
    }

    /**
     * Scales gradients down to a global norm.
     *
     * @param gradients the gradients of all parameters
     * @param largest the largest norm; 0 for no limit
     * @return the norm that they had
     */
    double clip(Map<String, NDArray> gradients, double largest) {
        Object all = gradients.values().toArray(NDArray[]::new);
        try (NDArray norm = page.infer(manager, "clip", all, largest)) {
            return norm.getFloat();
        }
    }

    /**
     * Updates the weights.
     *
     * @param gradients the gradient of each parameter
     * @param rate the learning rate, which a group's scale multiplies
     */
    void update(Map<String, NDArray> gradients, double rate) {
        updates++;
        for (Group group : groups) {
            NDArray[] weights = group.weights().toArray(NDArray[]::new);
            NDArray[] g = select(gradients, group);
            NDArray[] v = select(squares, group);
            double lr = rate * group.lrScale();
            NDArray done =
                    isAdamW()
                            ? page.infer(
                                    manager,
                                    "adamw",
                                    weights,
                                    g,
                                    select(means, group),
                                    v,
                                    updates,
                                    lr,
                                    config.beta1(),
                                    config.beta2(),
                                    config.epsilon(),
                                    group.weightDecay())
                            : page.infer(
                                    manager,
                                    "rmsprop",
                                    weights,
                                    g,
                                    v,
                                    lr,
                                    config.alpha(),
                                    config.epsilon(),
                                    group.weightDecay());
            done.close();
        }
    }

    private static NDArray[] select(Map<String, NDArray> arrays, Group group) {
        return group.names().stream().map(arrays::get).toArray(NDArray[]::new);
    }

    /** Returns the number of updates made, which the bias correction depends on. */
    long updates() {
        return updates;
    }

    /** Sets the number of updates made, when the state is restored. */
    void setUpdates(long updates) {
        this.updates = updates;
    }

    /**
     * Returns the state by name: {@code exp_avg.} and {@code exp_avg_sq.} followed by the
     * parameter's; of RMSprop {@code square_avg.} alone.
     *
     * @return the float32 arrays themselves, which belong to this optimizer
     */
    Map<String, NDArray> state() {
        Map<String, NDArray> state = new LinkedHashMap<>();
        means.forEach((name, mean) -> state.put(MEAN + name, mean));
        String prefix = isAdamW() ? SQUARE : SQUARE_OF_RMSPROP;
        squares.forEach((name, square) -> state.put(prefix + name, square));
        return state;
    }

    /** Frees the state. */
    @Override
    public void close() {
        manager.close();
    }
}
