package ai.llm360.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The revisions of a repository that a cache has.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param refs the commits by branch or tag, as they were when last asked for
 * @param commits the commits that have a snapshot, whole or not
 * @param bytes the size of what the snapshots show, each content once
 * @param unreferencedBytes the size of contents that no snapshot shows
 * @param partials how many broken downloads there are
 * @param partialBytes the size of what they have left
 * @param lastPartial when one of them last grew
 */
public record CachedRevisions(
        String repository,
        Map<String, String> refs,
        List<String> commits,
        long bytes,
        long unreferencedBytes,
        int partials,
        long partialBytes,
        Optional<Instant> lastPartial) {

    /** Copies what was given, refs by name. */
    public CachedRevisions {
        refs = Collections.unmodifiableMap(new TreeMap<>(refs));
        commits = List.copyOf(commits);
    }

    static CachedRevisions of(String repository, RepositoryContents contents) throws IOException {
        long unreferenced = 0;
        for (Path blob : contents.unreferenced(Set.of())) {
            unreferenced += RepositoryContents.bytes(blob);
        }
        long partial = 0;
        Instant last = Instant.MIN;
        for (Path path : contents.partials()) {
            partial += RepositoryContents.bytes(path);
            Instant changed =
                    Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
            last = changed.isAfter(last) ? changed : last;
        }
        return new CachedRevisions(
                repository,
                contents.refs(),
                List.copyOf(contents.snapshots().keySet()),
                contents.bytesShown(),
                unreferenced,
                contents.partials().size(),
                partial,
                contents.partials().isEmpty() ? Optional.empty() : Optional.of(last));
    }
}
