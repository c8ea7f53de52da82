package ai.llm360.hub;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A commit as a file system that can be read, so that whatever takes a {@link Path} works on it. It
 * is reached by its root, from whoever made it, and by no address.
 */
final class RemoteFileSystem extends FileSystem {

    private final RemoteProvider provider;
    private final String name;

    RemoteFileSystem(RemoteSnapshot snapshot) {
        provider = new RemoteProvider(snapshot);
        name = "hf://" + snapshot.repository() + "@" + snapshot.commit();
    }

    /** Returns how the root is written. */
    String name() {
        return name;
    }

    Path root() {
        return new RemotePath(this, true, List.of());
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public Path getPath(String first, String... more) {
        String all = more.length == 0 ? first : first + "/" + String.join("/", more);
        List<String> names =
                Arrays.stream(all.split("/", -1)).filter(part -> !part.isEmpty()).toList();
        return new RemotePath(this, all.startsWith("/"), names);
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(root());
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public void close() {
        throw refused();
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        throw refused();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw refused();
    }

    @Override
    public WatchService newWatchService() {
        throw refused();
    }

    /** Returns the refusal of what nobody needs of a commit. */
    static UnsupportedOperationException refused() {
        return new UnsupportedOperationException(
                "a commit on the Hub is listed and read, and nothing else");
    }
}
