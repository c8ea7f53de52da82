package ai.llm360.zoo;

import ai.llm360.zoo.hub.HubCache;
import ai.llm360.zoo.hub.HubSettings;
import ai.llm360.zoo.hub.HubSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Published checkpoints that lie in the Hub's cache, where {@code llm360 pull} and Python's {@code
 * huggingface_hub} put them.
 *
 * @param cache the cache's directory; absent for the one that the environment names
 */
record PulledCheckpoints(Optional<Path> cache) {

    /** What a checkpoint is loaded from; the Hub's branches have evaluations beside. */
    private static final Pattern NEEDED =
            Pattern.compile("config\\.json|tokenizer.*|[^/]*\\.(safetensors|bin|index\\.json)");

    private static final Pattern WEIGHTS = Pattern.compile("[^/]*\\.(safetensors|bin)");

    /** Returns a checkpoint's directory, if the cache has all that it is loaded from. */
    Optional<Path> find(PublishedCheckpoint checkpoint) throws IOException {
        Path directory = cache.isPresent() ? cache.get() : HubSettings.ofEnvironment().cache();
        return new HubCache(directory)
                .snapshot(
                        checkpoint.repository(),
                        checkpoint.revision(),
                        path -> NEEDED.matcher(path).matches())
                .filter(PulledCheckpoints::hasWeights)
                .map(HubSnapshot::directory);
    }

    private static boolean hasWeights(HubSnapshot snapshot) {
        return snapshot.files().stream().anyMatch(file -> WEIGHTS.matcher(file.path()).matches());
    }

    /** Returns the directory of what a reference names; {@code latest} is the last that is here. */
    Optional<Path> find(Reference.Named reference) throws IOException {
        Optional<PublishedCheckpoint> named = Catalogue.find(reference);
        if (named.isEmpty()) {
            return Optional.empty();
        }
        Optional<Path> found = find(named.get());
        if (found.isPresent() || !reference.checkpoint().equals(Reference.Named.LATEST)) {
            return found;
        }
        List<PublishedCheckpoint> latestFirst = new ArrayList<>(Catalogue.all(reference.model()));
        Collections.reverse(latestFirst);
        for (PublishedCheckpoint checkpoint : latestFirst) {
            found = find(checkpoint);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }
}
