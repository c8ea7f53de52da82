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

/** A commit's files: those that the cache has from the disk, others from the Hub. */
final class RemoteFiles implements RemoteProvider.Opening {

    /** Larger than any tokenizer or index; a file that is read whole is held in memory. */
    private static final int LARGEST_WHOLE = 64 << 20;

    private final HubHttp http;
    private final CachedRepository cache;
    private final String commit;
    private final List<HubFile> files;
    private final Making making;
    private final Map<String, RemoteFile> opened = new ConcurrentHashMap<>();
    private final RemoteFileSystem fileSystem;
    private volatile Parts parts = file -> file;

    /** Makes the reader of a file. */
    interface Making {
        RemoteFile of(HubFile file, String what);
    }

    /** Decides how the parts of an opened file are read. */
    interface Parts {
        ByteSource of(RemoteFile file) throws IOException;
    }

    /**
     * Creates the files.
     *
     * @param http counts what they transfer
     */
    RemoteFiles(
            HubHttp http,
            CachedRepository cache,
            String commit,
            List<HubFile> files,
            Making making) {
        this.http = http;
        this.cache = cache;
        this.commit = commit;
        this.files = files;
        this.making = making;
        String name = "hf://" + cache.name() + "@" + commit;
        fileSystem = new RemoteFileSystem(new RemoteProvider(this, files), name);
    }

    URI endpoint() {
        return http.settings().endpoint();
    }

    String repository() {
        return cache.name();
    }

    String commit() {
        return commit;
    }

    List<HubFile> files() {
        return files;
    }

    Path root() {
        return fileSystem.root();
    }

    long received() {
        return http.received();
    }

    /** Sets how files that are opened from now on are read. */
    void setParts(Parts parts) {
        this.parts = parts;
    }

    /** Returns where a file lies on the disk, if it does. */
    Optional<Path> onDisk(HubFile file) throws IOException {
        if (cache.has(commit, file)) {
            return Optional.of(cache.snapshot(commit).resolve(file.path()));
        }
        return cache.hasBlob(file) ? Optional.of(cache.blob(file)) : Optional.empty();
    }

    @Override
    public FileChannel parts(HubFile file) throws IOException {
        Optional<Path> onDisk = onDisk(file);
        if (onDisk.isPresent()) {
            return FileChannel.open(onDisk.get(), StandardOpenOption.READ);
        }
        return new RemoteChannel(parts.of(remote(file)), name(file));
    }

    @Override
    public SeekableByteChannel whole(HubFile file) throws IOException {
        Optional<Path> onDisk = onDisk(file);
        if (onDisk.isPresent()) {
            return Files.newByteChannel(onDisk.get());
        }
        if (file.size() > LARGEST_WHOLE) {
            return parts(file);
        }
        return new RemoteChannel(ByteSource.of(remote(file).whole()), name(file));
    }

    private RemoteFile remote(HubFile file) {
        return opened.computeIfAbsent(file.path(), path -> making.of(file, name(file)));
    }

    private String name(HubFile file) {
        return fileSystem.name() + "/" + file.path();
    }
}
