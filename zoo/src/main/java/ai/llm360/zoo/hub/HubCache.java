package ai.llm360.zoo.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What lies in the Hub's cache already, by whatever program. No network is asked. */
public final class HubCache {

    private final Path root;

    /**
     * Opens a cache.
     *
     * @param root its directory, see {@link HubSettings#cache}; it need not exist
     */
    public HubCache(Path root) {
        this.root = root;
    }

    /**
     * Finds a snapshot of which no wanted file is missing.
     *
     * @param repository such as {@code LLM360/Amber}
     * @param revision a branch, a tag or a commit
     * @param include which files are wanted, by their path in the repository
     * @return the snapshot; empty if the revision isn't known here, if it has no such file, or
     *     lacks one
     * @throws HubException if a link leads out of the cache
     * @throws IOException if the cache can't be read
     */
    public Optional<HubSnapshot> snapshot(
            String repository, String revision, Predicate<String> include) throws IOException {
        CachedRepository cache = new CachedRepository(root, HubNames.repository(repository));
        Optional<String> commit =
                HubNames.isGitHash(revision)
                        ? Optional.of(revision)
                        : cache.ref(HubNames.revision(revision));
        if (commit.isEmpty()) {
            return Optional.empty();
        }
        Optional<List<HubFile>> listed = cache.listing(commit.get());
        List<HubFile> files =
                (listed.isPresent() ? listed.get() : cache.found(commit.get()))
                        .stream().filter(file -> include.test(file.path())).toList();
        for (HubFile file : files) {
            if (!cache.has(commit.get(), file)) {
                return Optional.empty();
            }
        }
        return files.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new HubSnapshot(
                                repository, commit.get(), cache.snapshot(commit.get()), files));
    }
}
