package ai.llm360.zoo.source;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Selects the files of a Hub's repository that a checkpoint is loaded from. */
final class CheckpointFiles {

    /** The weights' two formats, the one that is read first at the front. */
    static final List<Predicate<String>> WEIGHTS =
            List.of(
                    matching("[^/]*\\.safetensors(\\.index\\.json)?"),
                    matching("[^/]*\\.bin(\\.index\\.json)?"));

    /** Matches the files that no model is without; a tokenizer has one or several. */
    static final Predicate<String> NEEDED = matching("config\\.json|tokenizer[^/]*");

    private static final Predicate<String> USEFUL =
            NEEDED.or(matching("special_tokens_map\\.json"));

    private CheckpointFiles() {}

    private static Predicate<String> matching(String pattern) {
        return Pattern.compile(pattern).asMatchPredicate();
    }

    /** Returns whether a file holds weights. */
    static boolean isWeights(String path) {
        return path.endsWith(".safetensors") || path.endsWith(".bin");
    }

    /** Returns which of a repository's files to download: of two formats of weights only one. */
    static Predicate<String> wanted(Collection<String> paths) {
        return WEIGHTS.stream()
                .filter(format -> paths.stream().anyMatch(format))
                .findFirst()
                .map(USEFUL::or)
                .orElse(USEFUL);
    }
}
