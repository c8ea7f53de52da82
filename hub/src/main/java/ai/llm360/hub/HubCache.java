package ai.llm360.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Finds, lists and removes what any program has put into the Hub's cache. No network is asked.
 *
 * <p>Repositories, revisions and files are named as a {@link HubClient} takes them. All methods
 * throw {@link HubException} if a link leads out of the cache, and {@link IOException} if it can't
 * be read.
 */
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
     * @return the snapshot; empty if the revision isn't known here, if it has no such file, or
     *     lacks one
     */
    public Optional<HubSnapshot> snapshot(
            String repository, String revision, Predicate<String> include) throws IOException {
        CachedRepository cache = cache(repository);
        Optional<String> commit = commit(cache, revision);
        if (commit.isEmpty()) {
            return Optional.empty();
        }
        List<HubFile> files =
                files(cache, commit.get()).stream()
                        .filter(file -> include.test(file.path()))
                        .toList();
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

    /**
     * Returns whether there is anything of a repository, be it the beginning of a file.
     *
     * @throws HubException if that is no repository's name
     */
    public boolean has(String repository) throws HubException {
        return Files.isDirectory(cache(repository).directory());
    }

    private CachedRepository cache(String repository) throws HubException {
        return new CachedRepository(root, HubNames.repository(repository));
    }

    private static Optional<String> commit(CachedRepository cache, String revision)
            throws IOException {
        return HubNames.isGitHash(revision)
                ? Optional.of(revision)
                : cache.ref(HubNames.revision(revision));
    }

    private static List<HubFile> files(CachedRepository cache, String commit) throws IOException {
        Optional<List<HubFile>> listed = cache.listing(commit);
        return listed.isPresent() ? listed.get() : cache.found(commit);
    }

    /** {@return the cache's directory, which need not exist} */
    public Path root() {
        return root;
    }

    /**
     * Finds the commit of a revision that has a snapshot here, whole or not.
     *
     * @return the commit, 40 hexadecimal digits
     * @throws HubException if there is none, saying what there is
     */
    public String commit(String repository, String revision) throws IOException {
        CachedRepository cache = cache(repository);
        Optional<String> commit = commit(cache, revision);
        if (commit.isEmpty() || !Files.isDirectory(cache.snapshot(commit.get()))) {
            RepositoryContents contents = RepositoryContents.of(cache);
            String known =
                    contents.refs().isEmpty()
                            ? contents.snapshots().size() + " commits"
                            : String.join(", ", contents.refs().keySet());
            throw new HubException(
                    HubException.Reason.NOT_FOUND,
                    "%s@%s is not in the cache: %s has %s of it"
                            .formatted(
                                    repository,
                                    revision,
                                    root,
                                    contents.snapshots().isEmpty() ? "nothing" : known));
        }
        return commit.get();
    }

    /**
     * {@return the files of a commit, here or not: by the list that came with it, else by what is
     * here}
     */
    public List<HubFile> files(String repository, String commit) throws IOException {
        return files(cache(repository), HubNames.gitHash(commit));
    }

    /**
     * {@return the repositories of models, by name; data sets and others lie in other directories}
     */
    public List<CachedRevisions> repositories() throws IOException {
        List<CachedRevisions> all = new ArrayList<>();
        for (CachedRepository cache : CachedRepository.all(root)) {
            all.add(CachedRevisions.of(cache.name(), RepositoryContents.of(cache)));
        }
        return all;
    }

    /**
     * Plans the removal of snapshots and of what only they show.
     *
     * @throws HubException if one of them isn't here, or a link leads out of the cache
     */
    public CacheRemoval removal(String repository, Collection<String> revisions)
            throws IOException {
        Set<String> commits = new TreeSet<>();
        for (String revision : revisions) {
            commits.add(commit(repository, revision));
        }
        return CacheRemoval.ofSnapshots(cache(repository), commits);
    }

    /**
     * Plans the removal of what nothing shows: contents without a snapshot, and what broken
     * downloads and removals have left. Python's broken downloads go when they have lain for a day.
     */
    public CacheRemoval unused(String repository) throws IOException {
        return CacheRemoval.ofUnused(cache(repository));
    }

    /**
     * Removes a damaged content, so that the next download brings it anew. No other content is
     * touched.
     *
     * @param path where it is shown, see {@link FileProblem#path}
     * @throws IOException if it can't be removed
     */
    public void removeDamaged(String repository, Path path) throws IOException {
        cache(repository).removeDamaged(path);
    }
}
