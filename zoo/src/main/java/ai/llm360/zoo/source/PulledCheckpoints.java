package ai.llm360.zoo.source;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.zoo.catalogue.PublishedRepository;
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
 * @param settings the Hub's, with the cache's directory
 */
public record PulledCheckpoints(HubSettings settings) {

    /** Returns a revision's directory, if the cache has all that it is loaded from. */
    public Optional<Path> find(String repository, String revision) throws IOException {
        HubCache hub = new HubCache(settings.cache());
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
        if (Files.isRegularFile(config)) {
            PublishedRepository.require(
                    settings,
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
