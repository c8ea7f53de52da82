package ai.llm360.hub;

import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A path in a commit: names, below its root or not yet below anything. */
record RemotePath(RemoteFileSystem getFileSystem, boolean isAbsolute, List<String> names)
        implements Path {

    /** Returns the path as the Hub spells it. */
    String inRepository() {
        return String.join("/", ((RemotePath) toAbsolutePath().normalize()).names);
    }

    private RemotePath with(boolean root, List<String> others) {
        return new RemotePath(getFileSystem, root, List.copyOf(others));
    }

    private RemotePath mine(Path other) {
        if (other instanceof RemotePath path && path.getFileSystem == getFileSystem) {
            return path;
        }
        throw new ProviderMismatchException(other + " isn't a path in " + getFileSystem.name());
    }

    @Override
    public Path getRoot() {
        return isAbsolute ? getFileSystem.root() : null;
    }

    @Override
    public Path getFileName() {
        return names.isEmpty() ? null : getName(names.size() - 1);
    }

    @Override
    public Path getParent() {
        boolean none = names.isEmpty() || (!isAbsolute && names.size() == 1);
        return none ? null : with(isAbsolute, names.subList(0, names.size() - 1));
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
        int count = other.getNameCount();
        return count <= names.size() && with(isAbsolute, names.subList(0, count)).equals(other);
    }

    @Override
    public boolean endsWith(Path other) {
        int from = names.size() - other.getNameCount();
        return equals(other)
                || (from >= 0 && with(false, names.subList(from, names.size())).equals(other));
    }

    @Override
    public Path normalize() {
        List<String> kept = new ArrayList<>();
        for (String name : names) {
            boolean up = name.equals("..");
            if (up && !kept.isEmpty() && !kept.get(kept.size() - 1).equals("..")) {
                kept.remove(kept.size() - 1);
            } else if (!name.equals(".") && !(up && isAbsolute)) {
                kept.add(name);
            }
        }
        return with(isAbsolute, kept);
    }

    @Override
    public Path resolve(Path other) {
        RemotePath path = mine(other);
        List<String> all = new ArrayList<>(names);
        all.addAll(path.names);
        return path.isAbsolute ? path : with(isAbsolute, all);
    }

    @Override
    public Path relativize(Path other) {
        RemotePath path = mine(other);
        if (path.isAbsolute != isAbsolute) {
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
        return URI.create(getFileSystem.name() + "/" + HubNames.encodePath(inRepository()));
    }

    @Override
    public Path toAbsolutePath() {
        return isAbsolute ? this : with(true, names);
    }

    @Override
    public Path toRealPath(LinkOption... options) {
        return toAbsolutePath().normalize();
    }

    @Override
    public WatchKey register(
            WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(mine(other).toString());
    }

    /** The root is written as the repository and its commit. */
    @Override
    public String toString() {
        String path = String.join("/", names);
        if (!isAbsolute) {
            return path;
        }
        return names.isEmpty() ? getFileSystem.name() : getFileSystem.name() + "/" + path;
    }
}
