package ai.llm360.zoo.source;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Selects the files of a Hub's repository that a checkpoint is loaded from, and finds those that
 * lie in the Hub's cache, where this library and Python's {@code huggingface_hub} put them.
 */
public final class CheckpointFiles {

    /** The weights' two formats, the one that is read first at the front. */
    static final List<Predicate<String>> WEIGHTS =
            List.of(
                    matching("[^/]*\\.safetensors(\\.index\\.json)?"),
                    matching("[^/]*\\.bin(\\.index\\.json)?"));

    /** Matches the files that no model is without; a tokenizer has one or several. */
    private static final Predicate<String> NEEDED = matching("config\\.json|tokenizer[^/]*");

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

    /** Returns a revision's directory, if the cache has all that it is loaded from. */
    public static Optional<Path> pulled(HubSettings settings, String repository, String revision)
            throws IOException {
        HubCache hub = new HubCache(settings.cache());
        for (String name : PublishedRepository.names(repository)) {
            for (Predicate<String> weights : WEIGHTS) {
                Optional<HubSnapshot> found = hub.snapshot(name, revision, NEEDED.or(weights));
                if (found.filter(CheckpointFiles::hasWeights).isPresent()) {
                    Path directory = found.get().directory();
                    requirePublished(settings, name, directory);
                    return Optional.of(directory);
                }
            }
        }
        return Optional.empty();
    }

    private static boolean hasWeights(HubSnapshot snapshot) {
        return snapshot.files().stream().anyMatch(file -> isWeights(file.path()));
    }

    /** Other programs put here whatever a name leads to. */
    private static void requirePublished(HubSettings settings, String repository, Path directory)
            throws IOException {
        Path config = directory.resolve(PublishedRepository.CONFIG);
        if (Files.isRegularFile(config)) {
            PublishedRepository.require(
                    settings,
                    repository,
                    directory.toString(),
                    new String(Files.readAllBytes(config), StandardCharsets.UTF_8));
        }
    }
}
