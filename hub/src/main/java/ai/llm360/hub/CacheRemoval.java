package ai.llm360.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Plans and does a removal from the cache's directory of one repository.
 *
 * <p>First names go, then what they name: refs, the snapshot as a whole, the list of its files, and
 * last, each under its lock, the contents that no other snapshot shows then. So a process that is
 * killed in between leaves contents that nothing shows, and no snapshot in part. Nothing outside
 * the directory is touched: links are removed, not followed.
 */
public final class CacheRemoval {

    /** A younger file may belong to a process that is at work. */
    private static final Duration SETTLED = Duration.ofHours(1);

    /** Python doesn't lock as we do, so what it has begun must have lain for long. */
    private static final Duration ABANDONED = Duration.ofDays(1);

    private final CachedRepository cache;
    private final Set<String> commits;
    private final List<String> refs;
    private final List<Path> blobs;
    private final List<Path> partials;
    private final List<Path> leftovers;
    private final long bytes;

    private CacheRemoval(
            CachedRepository cache,
            Set<String> commits,
            List<String> refs,
            List<Path> blobs,
            List<Path> partials,
            List<Path> leftovers)
            throws IOException {
        this.cache = cache;
        this.commits = commits;
        this.refs = refs;
        this.blobs = blobs;
        this.partials = partials;
        this.leftovers = leftovers;
        long sum = 0;
        for (List<Path> paths : List.of(blobs, partials, leftovers)) {
            for (Path path : paths) {
                sum += RepositoryContents.bytes(path);
            }
        }
        bytes = sum;
    }

    /** Plans the removal of snapshots and of all that only they show. */
    static CacheRemoval ofSnapshots(CachedRepository cache, Set<String> commits)
            throws IOException {
        RepositoryContents contents = RepositoryContents.of(cache);
        Set<String> there = new TreeSet<>(commits);
        there.retainAll(contents.snapshots().keySet());
        List<Path> unreferenced = contents.unreferenced(there);
        unreferenced.removeAll(contents.unreferenced(Set.of())); // those are for pruning
        return new CacheRemoval(
                cache,
                there,
                contents.refs().entrySet().stream()
                        .filter(ref -> commits.contains(ref.getValue()))
                        .map(ref -> ref.getKey())
                        .toList(),
                unreferenced,
                List.of(),
                List.of());
    }

    /** Plans the removal of what no snapshot shows. */
    static CacheRemoval ofUnused(CachedRepository cache) throws IOException {
        RepositoryContents contents = RepositoryContents.of(cache);
        List<Path> partials = new ArrayList<>();
        for (Path partial : contents.partials()) {
            if (CachedRepository.isOwnPartial(partial) || isOlder(partial, ABANDONED)) {
                partials.add(partial);
            }
        }
        List<Path> leftovers = new ArrayList<>();
        for (Path leftover : contents.leftovers()) {
            if (isOlder(leftover, SETTLED)) {
                leftovers.add(leftover);
            }
        }
        return new CacheRemoval(
                cache, Set.of(), List.of(), contents.unreferenced(Set.of()), partials, leftovers);
    }

    private static boolean isOlder(Path path, Duration age) throws IOException {
        FileTime changed = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
        return changed.toInstant().isBefore(Instant.now().minus(age));
    }

    /** {@return the repository, such as {@code LLM360/Amber}} */
    public String repository() {
        return cache.name();
    }

    /** {@return the commits of the snapshots that go} */
    public Set<String> commits() {
        return Collections.unmodifiableSet(commits);
    }

    /** {@return the names of the branches and tags that will no longer be known here} */
    public List<String> refs() {
        return List.copyOf(refs);
    }

    /** {@return the number of contents that go, whole ones and beginnings} */
    public int files() {
        return blobs.size() + partials.size();
    }

    /**
     * {@return the bytes that this frees on this disk: a content that lies elsewhere stays there}
     */
    public long bytes() {
        return bytes;
    }

    /** {@return whether there is nothing to remove} */
    public boolean isEmpty() {
        return commits.isEmpty() && refs.isEmpty() && files() == 0 && leftovers.isEmpty();
    }

    /**
     * Removes it. A content that another process is downloading or has come to use since stays.
     *
     * @return how many bytes that has freed
     * @throws HubException if a link leads out of the cache
     * @throws IOException if something can't be removed; what is left is no snapshot in part
     */
    public long run() throws IOException {
        cache.requireInside();
        for (String ref : refs) {
            cache.removeRef(ref);
        }
        for (String commit : commits) {
            removeSnapshot(commit);
        }
        long freed = 0;
        for (Path blob : blobs) {
            freed += remove(blob, true);
        }
        for (Path partial : partials) {
            freed += remove(partial, false);
        }
        for (Path leftover : leftovers) {
            freed += RepositoryContents.bytes(leftover);
            removeTree(leftover);
        }
        return freed;
    }

    private void removeSnapshot(String commit) throws IOException {
        Path hidden = cache.temporary();
        Files.move(cache.snapshot(commit), hidden, StandardCopyOption.ATOMIC_MOVE);
        cache.removeListing(commit);
        removeTree(hidden);
    }

    /** Removes a content, or its beginning, that nobody is at work on or has come to need. */
    private long remove(Path file, boolean whole) throws IOException {
        long[] freed = {0};
        String hash = file.getFileName().toString().replaceFirst("\\..*", "");
        BlobLock.tryHold(
                cache.lock(hash),
                () -> {
                    if (!whole
                            || RepositoryContents.of(cache).unreferenced(Set.of()).contains(file)) {
                        freed[0] = RepositoryContents.bytes(file);
                        Files.deleteIfExists(file);
                    }
                });
        return freed[0];
    }

    private static void removeTree(Path root) throws IOException {
        List<Path> all;
        try (Stream<Path> tree = Files.walk(root)) {
            all = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
