package ai.llm360.common.finetune;

import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The modules of a base that an adapter changes, by the rules of PEFT 0.21 ({@code
 * tuners_utils.check_target_module_exists}, {@code other.get_pattern_key}, {@code
 * other._set_trainable}).
 *
 * @param linear the linear layers that get A and B, by module name, in alphabetical order
 * @param saved the parameters that the adapter takes the place of, by full name
 */
record AdapterTargets(Map<String, Target> linear, Set<String> saved) {

    private static final String WEIGHT = ".weight";

    /** PEFT's choice for LLaMA's architecture ({@code utils/constants.py}). */
    private static final List<String> DEFAULT = List.of("q_proj", "v_proj");

    /** As PEFT looks for a layer's number where no pattern is given. */
    private static final PythonPattern ANY_LAYER =
            new PythonPattern("", ".*?\\.[^.]*\\.", "(?<index>\\d+)\\.");

    /**
     * A linear layer that gets A (rank, inputs) and B (outputs, rank).
     *
     * @param weight its matrix
     * @param rank its rank
     * @param scale the factor of its change
     */
    record Target(WeightSpec weight, int rank, double scale) {}

    /**
     * Selects modules.
     *
     * @param base the base, which needs no weights
     * @throws IllegalArgumentException if none are selected, or one that isn't linear
     */
    static AdapterTargets of(AdapterConfig config, CausalDecoder base) {
        Map<String, WeightSpec> linear = base.linearWeights();
        ModuleNames targets = orDefault(config.targetModules(), linear.keySet());
        Map<String, Target> selected = new TreeMap<>();
        for (String parameter : base.parameterShapes().keySet()) {
            String module = module(parameter);
            if (parameter.endsWith(WEIGHT) && isTarget(config, targets, base, module)) {
                WeightSpec weight = linear.get(parameter);
                if (weight == null) {
                    throw new IllegalArgumentException(
                            "target_modules names %s, which is no linear layer, and only those can be adapted here; train it whole (modules_to_save), or name %s"
                                    .formatted(module, names(linear.keySet())));
                }
                selected.put(module, target(config, module, weight));
            }
        }
        Set<String> saved = saved(config, base);
        if (selected.isEmpty() && saved.isEmpty()) {
            throw new IllegalArgumentException(
                    "target_modules %s names no linear layer of this model, which has %s"
                            .formatted(
                                    targets.pattern().orElse(targets.names().toString()),
                                    names(linear.keySet())));
        }
        return new AdapterTargets(selected, saved);
    }

    /** The name of a parameter's module. */
    static String module(String parameter) {
        return parameter.substring(0, Math.max(0, parameter.lastIndexOf('.')));
    }

    private static ModuleNames orDefault(ModuleNames targets, Set<String> linear) {
        if (!targets.isEmpty()) {
            return targets;
        }
        ModuleNames otherwise = ModuleNames.of(DEFAULT);
        if (linear.stream().map(AdapterTargets::module).noneMatch(otherwise::matches)) {
            throw new IllegalArgumentException(
                    "target_modules is missing, and there is no default for this model: give some of %s"
                            .formatted(names(linear)));
        }
        return otherwise;
    }

    /** The last parts of names: {@code [down_proj, gate_proj, …]}. */
    private static Set<String> names(Set<String> weights) {
        Set<String> names = new TreeSet<>();
        weights.forEach(w -> names.add(module(w).substring(module(w).lastIndexOf('.') + 1)));
        return names;
    }

    private static boolean isTarget(
            AdapterConfig config, ModuleNames targets, CausalDecoder base, String module) {
        if (config.excludeModules().matches(module) || isWithinSaved(config, module)) {
            return false;
        }
        if (targets.allLinear()) {
            return base.linearWeights().containsKey(module + WEIGHT)
                    && !base.head().equals(Optional.of(module + WEIGHT));
        }
        return targets.matches(module)
                && (targets.pattern().isPresent()
                        || config.layersToTransform().isEmpty()
                        || layer(config, module)
                                .filter(config.layersToTransform()::contains)
                                .isPresent());
    }

    private static boolean isWithinSaved(AdapterConfig config, String module) {
        return config.modulesToSave().stream()
                .anyMatch(
                        saved ->
                                new PythonPattern("(^|.*\\.)", saved, "($|\\..*)").matches(module));
    }

    private static Optional<Integer> layer(AdapterConfig config, String module) {
        List<PythonPattern> patterns = new ArrayList<>();
        for (String pattern : config.layersPattern()) {
            patterns.add(new PythonPattern("(?:^|.*?\\.)", pattern, "\\.(?<index>\\d+)\\."));
        }
        return (patterns.isEmpty() ? List.of(ANY_LAYER) : patterns)
                .stream()
                        .flatMap(pattern -> pattern.begins(module, "index").stream())
                        .map(Integer::valueOf)
                        .findFirst();
    }

    private static Target target(AdapterConfig config, String module, WeightSpec weight) {
        int rank = first(config.rankPattern(), module).orElse(config.r());
        double alpha = first(config.alphaPattern(), module).orElse(config.loraAlpha());
        return new Target(weight, rank, config.scale(rank, alpha));
    }

    private static <V> Optional<V> first(Map<String, V> patterns, String module) {
        return patterns.entrySet().stream()
                .filter(e -> new PythonPattern("(.*\\.)?(", e.getKey(), ")").matches(module))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** All parameters of the modules, each of which must be there. */
    private static Set<String> saved(AdapterConfig config, CausalDecoder base) {
        Set<String> saved = new TreeSet<>();
        for (String end : config.modulesToSave()) {
            List<String> found =
                    base.parameterShapes().keySet().stream()
                            .filter(parameter -> isIn(parameter, end))
                            .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException(
                        "modules_to_save names %s, which this model hasn't".formatted(end));
            }
            saved.addAll(found);
        }
        if (base.head().isEmpty() && saved.contains(base.embeddingTable())) {
            throw new IllegalArgumentException(
                    "modules_to_save names %s, which is the head too in this model (tied): PEFT would part them; train other modules whole"
                            .formatted(module(base.embeddingTable())));
        }
        return saved;
    }

    /** Whether a module that a parameter is in has a name with that end. */
    private static boolean isIn(String parameter, String end) {
        String module = module(parameter);
        while (!module.isEmpty() && !module.endsWith(end)) {
            module = module(module);
        }
        return !module.isEmpty();
    }
}
