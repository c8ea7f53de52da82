package ai.llm360.zoo;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.HubSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
        for (String name : PublishedRepository.names(repository)) {
            for (Predicate<String> weights : CheckpointFiles.WEIGHTS) {
                Optional<HubSnapshot> found =
                        hub.snapshot(name, revision, CheckpointFiles.NEEDED.or(weights));
                if (found.filter(PulledCheckpoints::hasWeights).isPresent()) {
                    return Optional.of(checked(name, found.get().directory()));
                }
            }
        }
        return Optional.empty();
    }

    /** Other programs put here whatever a name leads to. */
    private Path checked(String repository, Path directory) throws IOException {
        Path config = directory.resolve(PublishedRepository.CONFIG);
        if (cache.isEmpty() && Files.isRegularFile(config)) {
            PublishedRepository.require(
                    HubSettings.ofEnvironment(),
                    repository,
                    directory.toString(),
                    new String(Files.readAllBytes(config), StandardCharsets.UTF_8));
        }
        return directory;
    }

    private static boolean hasWeights(HubSnapshot snapshot) {
        return snapshot.files().stream().anyMatch(file -> CheckpointFiles.isWeights(file.path()));
    }
}
