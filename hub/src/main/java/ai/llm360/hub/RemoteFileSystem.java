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

    RemoteFileSystem(RemoteProvider provider, String name) {
        this.provider = provider;
        this.name = name;
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
    public void close() {
        throw new UnsupportedOperationException("there is nothing to close");
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
    public String getSeparator() {
        return "/";
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
    public Path getPath(String first, String... more) {
        String all = more.length == 0 ? first : first + "/" + String.join("/", more);
        List<String> names =
                Arrays.stream(all.split("/", -1)).filter(part -> !part.isEmpty()).toList();
        return new RemotePath(this, all.startsWith("/"), names);
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        throw new UnsupportedOperationException("no patterns");
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("files on the Hub have no owners");
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("a commit doesn't change");
    }
}
