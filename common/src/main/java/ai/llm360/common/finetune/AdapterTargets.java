package ai.llm360.common.finetune;

import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightSpec;
import ai.llm360.io.internal.PlainText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

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
    private static final String ANY_LAYER = "[^.]*";

    private static final String INDEX = "\\.(?<index>\\d+)\\.";

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
        Rules rules = new Rules(config, base);
        Map<String, Target> selected = new TreeMap<>();
        for (String parameter : base.parameterShapes().keySet()) {
            String module = module(parameter);
            if (parameter.endsWith(WEIGHT) && rules.select(module)) {
                WeightSpec weight = linear.get(parameter);
                if (weight == null) {
                    throw new IllegalArgumentException(
                            "target_modules names %s, which is no linear layer, and only those can be adapted here; train it whole (modules_to_save), or name %s"
                                    .formatted(module, names(linear.keySet())));
                }
                selected.put(module, rules.target(module, weight));
            }
        }
        Set<String> saved = saved(config, base);
        if (selected.isEmpty() && saved.isEmpty()) {
            throw new IllegalArgumentException(
                    "target_modules %s names no linear layer of this model, which has %s"
                            .formatted(rules.words(), names(linear.keySet())));
        }
        return new AdapterTargets(selected, saved);
    }

    /** The name of a parameter's module. */
    static String module(String parameter) {
        return parameter.substring(0, Math.max(0, parameter.lastIndexOf('.')));
    }

    /** The last parts of names: {@code [down_proj, gate_proj, …]}. */
    private static Set<String> names(Set<String> weights) {
        Set<String> names = new TreeSet<>();
        weights.forEach(w -> names.add(module(w).substring(module(w).lastIndexOf('.') + 1)));
        return names;
    }

    /** A configuration's rules, their patterns compiled. */
    private static final class Rules {

        private final AdapterConfig config;
        private final ModuleNames targets;
        private final Predicate<String> named;
        private final Predicate<String> excluded;
        private final List<PythonPattern> saved;
        private final List<PythonPattern> layers;
        private final Map<PythonPattern, Integer> ranks;
        private final Map<PythonPattern, Double> alphas;

        Rules(AdapterConfig config, CausalDecoder base) {
            this.config = config;
            targets = orDefault(config.targetModules(), base.linearWeights().keySet());
            named = targets.allLinear() ? linearButHead(base) : targets.matcher();
            excluded = config.excludeModules().matcher();
            saved = all(config.modulesToSave(), "(^|.*\\.)", "($|\\..*)");
            layers =
                    config.layersPattern().isEmpty()
                            ? all(List.of(ANY_LAYER), ".*?\\.", INDEX)
                            : all(config.layersPattern(), "(?:^|.*?\\.)", INDEX);
            ranks = ends(config.rankPattern());
            alphas = ends(config.alphaPattern());
        }

        private static ModuleNames orDefault(ModuleNames targets, Set<String> linear) {
            if (!targets.isEmpty()) {
                return targets;
            }
            ModuleNames otherwise = ModuleNames.of(DEFAULT);
            if (linear.stream().map(AdapterTargets::module).noneMatch(otherwise.matcher())) {
                throw new IllegalArgumentException(
                        "target_modules is missing, and there is no default for this model: give some of %s"
                                .formatted(names(linear)));
            }
            return otherwise;
        }

        private static Predicate<String> linearButHead(CausalDecoder base) {
            Set<String> linear = new TreeSet<>(base.linearWeights().keySet());
            base.head().ifPresent(linear::remove);
            return module -> linear.contains(module + WEIGHT);
        }

        private static List<PythonPattern> all(List<String> texts, String before, String after) {
            return texts.stream().map(text -> new PythonPattern(before, text, after)).toList();
        }

        private static <V> Map<PythonPattern, V> ends(Map<String, V> values) {
            Map<PythonPattern, V> ends = new LinkedHashMap<>();
            values.forEach(
                    (text, value) -> ends.put(new PythonPattern("(.*\\.)?(", text, ")"), value));
            return ends;
        }

        boolean select(String module) {
            if (excluded.test(module) || saved.stream().anyMatch(p -> p.matches(module))) {
                return false;
            }
            return named.test(module)
                    && (targets.pattern().isPresent()
                            || config.layersToTransform().isEmpty()
                            || layer(module)
                                    .filter(config.layersToTransform()::contains)
                                    .isPresent());
        }

        private Optional<Integer> layer(String module) {
            return layers.stream()
                    .flatMap(pattern -> pattern.begins(module, "index").stream())
                    .map(Integer::valueOf)
                    .findFirst();
        }

        Target target(String module, WeightSpec weight) {
            int rank = first(ranks, module).orElse(config.r());
            double alpha = first(alphas, module).orElse(config.loraAlpha());
            return new Target(weight, rank, config.scale(rank, alpha));
        }

        private static <V> Optional<V> first(Map<PythonPattern, V> patterns, String module) {
            return patterns.entrySet().stream()
                    .filter(e -> e.getKey().matches(module))
                    .map(Map.Entry::getValue)
                    .findFirst();
        }

        String words() {
            return PlainText.shorten(targets.pattern().orElse(targets.names().toString()));
        }
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
                        "modules_to_save names %s, which this model hasn't"
                                .formatted(PlainText.quote(end)));
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

    /** Returns whether a parameter is in a module whose name has that end. */
    private static boolean isIn(String parameter, String end) {
        String module = module(parameter);
        while (!module.isEmpty() && !module.endsWith(end)) {
            module = module(module);
        }
        return !module.isEmpty();
    }
}
