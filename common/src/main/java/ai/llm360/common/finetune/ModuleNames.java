package ai.llm360.common.finetune;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Names modules of a model, as PEFT's {@code target_modules} and {@code exclude_modules} do.
 *
 * @param names whole names, or what they end with after a dot: {@code q_proj} names {@code
 *     model.layers.0.self_attn.q_proj}
 * @param pattern in place of names, a pattern of Python's {@code re} for whole names; or {@code
 *     all-linear}, for all linear layers but the head
 */
public record ModuleNames(List<String> names, Optional<String> pattern) {

    private static final String ALL_LINEAR = "all-linear";

    /**
     * Creates the names.
     *
     * @throws IllegalArgumentException if there are a pattern and names
     */
    public ModuleNames {
        names = List.copyOf(names);
        if (pattern.isPresent() && !names.isEmpty()) {
            throw new IllegalArgumentException("modules are named by a list or by a pattern");
        }
    }

    /**
     * {@return modules by whole names, or their ends}
     *
     * @param names such as {@code q_proj}
     */
    public static ModuleNames of(List<String> names) {
        return new ModuleNames(names, Optional.empty());
    }

    /**
     * {@return modules by a pattern, or {@code all-linear}}
     *
     * @param pattern as Python's {@code re.fullmatch} reads it
     */
    public static ModuleNames matching(String pattern) {
        return new ModuleNames(List.of(), Optional.of(pattern));
    }

    /** {@return whether they are all linear layers but the head, whatever their names} */
    public boolean allLinear() {
        return pattern.filter(p -> p.toLowerCase(Locale.ROOT).equals(ALL_LINEAR)).isPresent();
    }

    /** {@return whether none are named} */
    public boolean isEmpty() {
        return names.isEmpty() && pattern.isEmpty();
    }

    /**
     * Returns a question: is a module, of that whole name, one of these?
     *
     * @throws IllegalArgumentException if the pattern can't be used; the question throws it too
     */
    Predicate<String> matcher() {
        if (pattern.isPresent()) {
            return new PythonPattern(pattern.get())::matches;
        }
        return module -> names.stream().anyMatch(n -> module.equals(n) || module.endsWith("." + n));
    }
}
