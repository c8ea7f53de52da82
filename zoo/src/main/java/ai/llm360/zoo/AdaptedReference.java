package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Names a checkpoint and adapters to load onto it: {@code amber@ckpt-358+./my-adapter}, or several,
 * {@code +./first+./second}, whose changes are added.
 *
 * <p>Each adapter is a directory in PEFT's layout. A path that there is is taken as it stands,
 * whatever {@code +} is in it.
 *
 * @param base what stands before the adapters: any {@link Reference}
 * @param adapters the adapters' directories, in order; none if the text names a checkpoint alone
 */
public record AdaptedReference(String base, List<Path> adapters) {

    /** Of {@code llm360+https:} and its like. */
    private static final int SCHEME_PLUS = "llm360".length();

    /**
     * Splits a reference.
     *
     * @param text a reference, with or without adapters
     * @return its parts; what is wrong with them, whoever loads them tells
     */
    public static AdaptedReference parse(String text) {
        List<Path> adapters = new ArrayList<>();
        String base = text;
        for (int plus = plus(base); plus > 0; plus = plus(base)) {
            Optional<Path> adapter = path(base.substring(plus + 1));
            if (adapter.isEmpty()) {
                break;
            }
            adapters.add(0, adapter.get());
            base = base.substring(0, plus);
        }
        return new AdaptedReference(base, List.copyOf(adapters));
    }

    /** Where the last adapter begins; a path that there is has none, and an address may have +. */
    private static int plus(String text) {
        int plus = text.lastIndexOf('+');
        if (Reference.isInTree(text)) {
            return plus > SCHEME_PLUS && isPath(text.substring(plus + 1)) ? plus : -1;
        }
        return RunCheckpoints.path(text).filter(RunCheckpoints::exists).isPresent() ? -1 : plus;
    }

    private static boolean isPath(String text) {
        return text.startsWith(".")
                || text.startsWith("~")
                || path(text).filter(Files::exists).isPresent();
    }

    private static Optional<Path> path(String text) {
        return text.isBlank() || text.indexOf('\0') >= 0
                ? Optional.empty()
                : RunCheckpoints.path(text).or(() -> RunCheckpoints.path("./" + text));
    }

    /** Refuses adapters where a checkpoint alone is wanted. */
    static void requireNone(String text) throws ModelNotFoundException {
        AdaptedReference parsed = parse(text);
        if (!parsed.adapters().isEmpty()) {
            throw new ModelNotFoundException(
                    "'%s' is no path that there is, and names an adapter, which can't be taken here: give '%s' alone, or what llm360 merge makes of both"
                            .formatted(text, parsed.base()));
        }
    }
}
