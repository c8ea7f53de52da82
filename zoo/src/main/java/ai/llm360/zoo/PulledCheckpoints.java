package ai.llm360.zoo;

import ai.llm360.zoo.hub.HubCache;
import ai.llm360.zoo.hub.HubSettings;
import ai.llm360.zoo.hub.HubSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Published checkpoints that lie in the Hub's cache, where this library and Python's {@code
 * huggingface_hub} put them.
 *
 * @param cache the cache's directory; absent for the one that the environment names
 */
record PulledCheckpoints(Optional<Path> cache) {

    /** Returns a checkpoint's directory, if the cache has all that it is loaded from. */
    Optional<Path> find(PublishedCheckpoint checkpoint) throws IOException {
        return find(checkpoint.repository(), checkpoint.revision());
    }

    /** Returns a revision's directory, if the cache has all that it is loaded from. */
    Optional<Path> find(String repository, String revision) throws IOException {
        Path directory = cache.isPresent() ? cache.get() : HubSettings.ofEnvironment().cache();
        HubCache hub = new HubCache(directory);
        for (Predicate<String> weights : CheckpointFiles.WEIGHTS) {
            Optional<HubSnapshot> found =
                    hub.snapshot(repository, revision, CheckpointFiles.NEEDED.or(weights));
            if (found.filter(PulledCheckpoints::hasWeights).isPresent()) {
                return found.map(HubSnapshot::directory);
            }
        }
        return Optional.empty();
    }

    private static boolean hasWeights(HubSnapshot snapshot) {
        return snapshot.files().stream().anyMatch(file -> CheckpointFiles.isWeights(file.path()));
    }
}
