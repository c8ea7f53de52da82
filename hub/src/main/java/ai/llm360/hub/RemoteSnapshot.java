package ai.llm360.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

/**
 * A commit on the Hub as a directory that can be read, without being downloaded.
 *
 * <p>Files that the cache has are read from there. Of others, one that is read through a {@link
 * java.nio.channels.FileChannel} is asked for by ranges, each of which must be of the file that the
 * Hub lists; one that is read in one go ({@link java.nio.file.Files#readString} and such) comes
 * whole, is checked by its hash and stays in memory. Nothing is written to the cache but the list
 * of the commit's files. May be used from several threads at once.
 */
public final class RemoteSnapshot {

    /** Larger than any tokenizer or index; a file that is read whole is held in memory. */
    private static final int LARGEST_WHOLE = 64 << 20;

    private final HubHttp http;
    private final CachedRepository cache;
    private final String commit;
    private final List<HubFile> files;
    private final BiFunction<HubFile, String, RemoteFile> opening;
    private final Map<HubFile, RemoteFile> opened = new ConcurrentHashMap<>();
    private final RemoteFileSystem fileSystem;
    private volatile Parts parts = file -> file;

    /** Decides how the parts of an opened file are read. */
    interface Parts {
        ByteSource of(RemoteFile file) throws IOException;
    }

    /**
     * Creates a snapshot.
     *
     * @param http counts the bytes that come
     * @param opening makes the reader of a file, which messages name so
     */
    RemoteSnapshot(
            HubHttp http,
            CachedRepository cache,
            String commit,
            List<HubFile> files,
            BiFunction<HubFile, String, RemoteFile> opening) {
        this.http = http;
        this.cache = cache;
        this.commit = commit;
        this.files = files;
        this.opening = opening;
        fileSystem = new RemoteFileSystem(this);
    }

    /** {@return the address of the Hub that it is on} */
    public URI endpoint() {
        return http.settings().endpoint();
    }

    /** {@return the repository, such as {@code LLM360/Amber}} */
    public String repository() {
        return cache.name();
    }

    /** {@return the commit, 40 hexadecimal digits} */
    public String commit() {
        return commit;
    }

    /** {@return all files of the commit} */
    public List<HubFile> files() {
        return files;
    }

    /**
     * {@return the directory: a path of a file system of its own, which can be listed and read, and
     * nothing else} A path of it is written {@code hf://LLM360/Amber@<commit>/config.json}.
     */
    public Path root() {
        return fileSystem.root();
    }

    /**
     * {@return the number of bytes that have come from the network for this snapshot: its list of
     * files, and all that was read of them since, headers of HTTP aside}
     */
    public long transferred() {
        return http.received();
    }

    /** Sets how files that are opened from now on are read. */
    void setParts(Parts parts) {
        this.parts = parts;
    }

    private Optional<Path> onDisk(HubFile file) throws IOException {
        if (cache.has(commit, file)) {
            return Optional.of(cache.snapshot(commit).resolve(file.path()));
        }
        return cache.hasBlob(file) ? Optional.of(cache.blob(file)) : Optional.empty();
    }

    /** Opens a file of which parts are wanted. */
    FileChannel parts(HubFile file) throws IOException {
        Optional<Path> onDisk = onDisk(file);
        return onDisk.isPresent()
                ? FileChannel.open(onDisk.get(), StandardOpenOption.READ)
                : new RemoteChannel(parts.of(remote(file)), name(file));
    }

    /** Opens a file that is wanted whole. */
    SeekableByteChannel whole(HubFile file) throws IOException {
        Optional<Path> onDisk = onDisk(file);
        if (onDisk.isPresent()) {
            return Files.newByteChannel(onDisk.get());
        }
        return file.size() > LARGEST_WHOLE
                ? parts(file)
                : new RemoteChannel(ByteSource.of(remote(file).whole()), name(file));
    }

    private RemoteFile remote(HubFile file) {
        return opened.computeIfAbsent(file, absent -> opening.apply(absent, name(absent)));
    }

    private String name(HubFile file) {
        return fileSystem.name() + "/" + file.path();
    }
}
