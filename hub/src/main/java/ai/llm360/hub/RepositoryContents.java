package ai.llm360.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The contents of a repository's directory. Links below it are not followed to find more.
 *
 * @param refs the commits by branch or tag
 * @param snapshots by commit, the paths of its files: links to blobs, or files
 * @param blobs what has a hash for a name
 * @param partials beginnings of blobs, ours and Python's
 * @param leftovers ours that a kill has left under a temporary name
 */
record RepositoryContents(
        Map<String, String> refs,
        Map<String, List<Path>> snapshots,
        List<Path> blobs,
        List<Path> partials,
        List<Path> leftovers) {

    private static final String PARTIAL = ".incomplete";

    static RepositoryContents of(CachedRepository cache) throws IOException {
        cache.requireInside();
        Path directory = cache.directory();
        Map<String, String> refs = new TreeMap<>();
        for (Path ref : files(directory.resolve("refs"))) {
            String name = directory.resolve("refs").relativize(ref).toString();
            cache.ref(name).ifPresent(commit -> refs.put(name, commit));
        }
        Map<String, List<Path>> snapshots = new TreeMap<>();
        for (Path snapshot : entries(directory.resolve("snapshots"))) {
            String name = snapshot.getFileName().toString();
            if (HubNames.isGitHash(name)
                    && Files.isDirectory(snapshot, LinkOption.NOFOLLOW_LINKS)) {
                snapshots.put(name, files(snapshot));
            }
        }
        List<Path> blobs = new ArrayList<>();
        List<Path> partials = new ArrayList<>();
        for (Path blob : entries(directory.resolve("blobs"))) {
            String name = blob.getFileName().toString();
            if (HubNames.isGitHash(name) || HubNames.isSha256(name)) {
                blobs.add(blob);
            } else if (name.endsWith(PARTIAL)) {
                partials.add(blob);
            }
        }
        List<Path> leftovers =
                entries(directory).stream().filter(CachedRepository::isTemporary).toList();
        return new RepositoryContents(refs, snapshots, blobs, partials, leftovers);
    }

    /** Returns the blobs that no snapshot shows, but for those of some commits. */
    List<Path> unreferenced(Set<String> withoutCommits) throws IOException {
        Set<Object> shown = new HashSet<>();
        for (Map.Entry<String, List<Path>> snapshot : snapshots.entrySet()) {
            if (!withoutCommits.contains(snapshot.getKey())) {
                for (Path path : snapshot.getValue()) {
                    shown.add(identity(path));
                }
            }
        }
        List<Path> unreferenced = new ArrayList<>();
        for (Path blob : blobs) {
            Object identity = identity(blob);
            // A system that doesn't tell files apart can't say that one isn't needed.
            if (identity != null && !shown.contains(identity)) {
                unreferenced.add(blob);
            }
        }
        return unreferenced;
    }

    /** Returns the size of all that the snapshots show, each content once. */
    long bytesShown() throws IOException {
        Set<Object> counted = new HashSet<>();
        long bytes = 0;
        for (List<Path> files : snapshots.values()) {
            for (Path path : files) {
                Object identity = identity(path);
                if (Files.isRegularFile(path) && (identity == null || counted.add(identity))) {
                    bytes += Files.size(path);
                }
            }
        }
        return bytes;
    }

    /** Returns what the removal of a file itself frees; a link is nearly nothing. */
    static long bytes(Path path) throws IOException {
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? Files.size(path) : 0;
    }

    /** Returns what tells the file at a path, or at a link's end, from others; null if nothing. */
    private static Object identity(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null; // a link to nothing
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }
}
