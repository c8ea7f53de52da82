package ai.llm360.hub;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** A path in a commit: names, below its root or not yet below anything. */
final class RemotePath implements Path {

    private final RemoteFileSystem fileSystem;
    private final boolean absolute;
    private final List<String> names;

    RemotePath(RemoteFileSystem fileSystem, boolean absolute, List<String> names) {
        this.fileSystem = fileSystem;
        this.absolute = absolute;
        this.names = List.copyOf(names);
    }

    /** Returns the path as the Hub spells it. */
    String inRepository() {
        return String.join("/", ((RemotePath) toAbsolutePath().normalize()).names);
    }

    private RemotePath with(boolean root, List<String> others) {
        return new RemotePath(fileSystem, root, others);
    }

    private RemotePath mine(Path other) {
        if (other instanceof RemotePath path && path.fileSystem == fileSystem) {
            return path;
        }
        throw new ProviderMismatchException(other + " isn't a path in " + getRootOf());
    }

    private RemotePath getRootOf() {
        return with(true, List.of());
    }

    @Override
    public FileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public Path getRoot() {
        return absolute ? getRootOf() : null;
    }

    @Override
    public Path getFileName() {
        return names.isEmpty() ? null : getName(names.size() - 1);
    }

    @Override
    public Path getParent() {
        boolean none = names.isEmpty() || (!absolute && names.size() == 1);
        return none ? null : with(absolute, names.subList(0, names.size() - 1));
    }

    @Override
    public int getNameCount() {
        return names.size();
    }

    @Override
    public Path getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public Path subpath(int from, int to) {
        if (from < 0 || from >= to || to > names.size()) {
            throw new IllegalArgumentException("names " + from + " to " + to + " of " + this);
        }
        return with(false, names.subList(from, to));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof RemotePath path
                && path.fileSystem == fileSystem
                && path.absolute == absolute
                && path.names.size() <= names.size()
                && path.names.equals(names.subList(0, path.names.size()));
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof RemotePath path) || path.fileSystem != fileSystem) {
            return false;
        }
        int from = names.size() - path.names.size();
        return path.absolute
                ? equals(path)
                : from >= 0 && path.names.equals(names.subList(from, names.size()));
    }

    @Override
    public Path normalize() {
        List<String> kept = new ArrayList<>();
        for (String name : names) {
            boolean up = name.equals("..");
            if (up && !kept.isEmpty() && !kept.get(kept.size() - 1).equals("..")) {
                kept.remove(kept.size() - 1);
            } else if (!name.equals(".") && !(up && absolute)) {
                kept.add(name);
            }
        }
        return with(absolute, kept);
    }

    @Override
    public Path resolve(Path other) {
        RemotePath path = mine(other);
        if (path.absolute) {
            return path;
        }
        List<String> all = new ArrayList<>(names);
        all.addAll(path.names);
        return with(absolute, all);
    }

    @Override
    public Path relativize(Path other) {
        RemotePath path = mine(other);
        if (path.absolute != absolute) {
            throw new IllegalArgumentException(this + " and " + other + " have different roots");
        }
        int same = 0;
        while (same < Math.min(names.size(), path.names.size())
                && names.get(same).equals(path.names.get(same))) {
            same++;
        }
        List<String> way = new ArrayList<>(Collections.nCopies(names.size() - same, ".."));
        way.addAll(path.names.subList(same, path.names.size()));
        return with(false, way);
    }

    /** Says where the path is on the Hub; nothing opens such an address. */
    @Override
    public URI toUri() {
        return URI.create(fileSystem.name() + "/" + HubNames.encodePath(inRepository()));
    }

    @Override
    public Path toAbsolutePath() {
        return absolute ? this : with(true, names);
    }

    @Override
    public Path toRealPath(LinkOption... options) {
        return toAbsolutePath().normalize();
    }

    @Override
    public WatchKey register(
            WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException("a commit doesn't change");
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(mine(other).toString());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RemotePath path
                && path.fileSystem == fileSystem
                && path.absolute == absolute
                && path.names.equals(names);
    }

    @Override
    public int hashCode() {
        return Objects.hash(absolute, names);
    }

    /** The root is written as the repository and its commit. */
    @Override
    public String toString() {
        String path = String.join("/", names);
        if (!absolute) {
            return path;
        }
        return names.isEmpty() ? fileSystem.name() : fileSystem.name() + "/" + path;
    }
}
