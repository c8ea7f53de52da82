package ai.llm360.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Operations of a commit's file system: listing and reading. */
final class RemoteProvider extends FileSystemProvider {

    private final RemoteSnapshot snapshot;
    private final Map<String, HubFile> files = new TreeMap<>();

    RemoteProvider(RemoteSnapshot snapshot) {
        this.snapshot = snapshot;
        snapshot.files().forEach(file -> files.put(file.path(), file));
    }

    private static String name(Path path) {
        return ((RemotePath) path).inRepository();
    }

    private HubFile file(Path path) throws IOException {
        HubFile file = files.get(name(path));
        if (file == null) {
            throw isDirectory(name(path))
                    ? new AccessDeniedException(path.toString(), null, "is a directory")
                    : new NoSuchFileException(path.toString());
        }
        return file;
    }

    private boolean isDirectory(String name) {
        String prefix = name.isEmpty() ? "" : name + "/";
        return name.isEmpty() || files.keySet().stream().anyMatch(p -> p.startsWith(prefix));
    }

    private static void requireReading(Set<? extends OpenOption> options) {
        for (OpenOption option : options) {
            if (option != StandardOpenOption.READ) {
                throw new ReadOnlyFileSystemException();
            }
        }
    }

    @Override
    public FileChannel newFileChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        requireReading(options);
        return snapshot.parts(file(path));
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        requireReading(options);
        return snapshot.whole(file(path));
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
            Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
        String name = name(directory);
        if (files.containsKey(name) || !isDirectory(name)) {
            throw new NotDirectoryException(directory.toString());
        }
        String prefix = name.isEmpty() ? "" : name + "/";
        Set<Path> found = new TreeSet<>();
        for (String path : files.keySet()) {
            if (path.startsWith(prefix)) {
                int end = path.indexOf('/', prefix.length());
                Path entry =
                        directory.resolve(
                                path.substring(prefix.length(), end < 0 ? path.length() : end));
                if (filter.accept(entry)) {
                    found.add(entry);
                }
            }
        }
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                return found.iterator();
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        if (!isDirectory(name(path))) {
            file(path);
        }
        for (AccessMode mode : modes) {
            if (mode != AccessMode.READ) {
                throw new AccessDeniedException(path.toString());
            }
        }
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
            Path path, Class<A> type, LinkOption... options) throws IOException {
        if (type != BasicFileAttributes.class) {
            throw RemoteFileSystem.refused();
        }
        boolean directory = isDirectory(name(path));
        return type.cast(new Attributes(directory, directory ? 0 : file(path).size()));
    }

    private record Attributes(boolean isDirectory, long size) implements BasicFileAttributes {

        @Override
        public FileTime lastModifiedTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime lastAccessTime() {
            return lastModifiedTime();
        }

        @Override
        public FileTime creationTime() {
            return lastModifiedTime();
        }

        @Override
        public boolean isRegularFile() {
            return !isDirectory;
        }

        @Override
        public boolean isSymbolicLink() {
            return false;
        }

        @Override
        public boolean isOther() {
            return false;
        }

        @Override
        public Object fileKey() {
            return null;
        }
    }

    @Override
    public boolean isSameFile(Path a, Path b) {
        return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
    }

    @Override
    public boolean isHidden(Path path) {
        return false;
    }

    @Override
    public String getScheme() {
        return "hf";
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return null;
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public FileStore getFileStore(Path path) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public Path getPath(URI uri) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) {
        throw new ReadOnlyFileSystemException();
    }

    @Override
    public void delete(Path path) {
        throw new ReadOnlyFileSystemException();
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
        throw new ReadOnlyFileSystemException();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) {
        throw new ReadOnlyFileSystemException();
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options) {
        throw new ReadOnlyFileSystemException();
    }
}
