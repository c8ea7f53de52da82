package ai.llm360.hub;

import ai.llm360.hub.FileProblem.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Compares files in the cache with what the Hub lists: size, and hash of all bytes. A content that
 * several snapshots show is read once.
 */
public final class CacheVerifier {

    private static final int BLOCK = 1 << 20;

    private final Path root;
    private final Map<Path, String> hashes = new HashMap<>();

    /**
     * Creates a verifier.
     *
     * @param cache the cache's directory, see {@link HubSettings#cache}
     */
    public CacheVerifier(Path cache) {
        root = cache;
    }

    /**
     * Verifies a file.
     *
     * @param file one of the commit's files, see {@link HubCache#files}
     * @param read is told how many bytes have been read, piece by piece; in all, the file's size
     * @return what is the matter; empty if the file is whole
     * @throws HubException if a link leads out of the cache
     * @throws IOException if it can't be read
     */
    public Optional<FileProblem> check(
            String repository, String commit, HubFile file, LongConsumer read) throws IOException {
        CachedRepository cache = new CachedRepository(root, HubNames.repository(repository));
        Path path = cache.snapshot(HubNames.gitHash(commit)).resolve(file.path());
        String expected = expected(file);
        if (!cache.leadsToFile(path)) {
            read.accept(file.size());
            return problem(path, Kind.MISSING, expected, "nothing");
        }
        if (file.etag().isEmpty()) {
            read.accept(file.size());
            return problem(
                    path,
                    Kind.UNKNOWN,
                    expected,
                    "no list of the commit's files is here; pull it once more");
        }
        long size = Files.size(path);
        if (size != file.size()) {
            read.accept(file.size());
            return problem(path, Kind.DAMAGED, file.size() + " bytes", size + " bytes");
        }
        Path real = path.toRealPath();
        String found = hashes.get(real);
        if (found == null) {
            found = hash(real, file, read);
            hashes.put(real, found);
        } else {
            read.accept(size);
        }
        return found.equals(file.etag().get())
                ? Optional.empty()
                : problem(path, Kind.DAMAGED, expected, kind(file) + " " + found);
    }

    private static Optional<FileProblem> problem(
            Path path, Kind kind, String expected, String found) {
        return Optional.of(new FileProblem(path, kind, expected, found));
    }

    private static String expected(HubFile file) {
        return file.etag().isPresent()
                ? kind(file) + " " + file.etag().get()
                : file.size() + " bytes";
    }

    private static String kind(HubFile file) {
        return file.sha256().isPresent() ? "sha256" : "git sha1";
    }

    private static String hash(Path path, HubFile file, LongConsumer read) throws IOException {
        BlobDigest digest = new BlobDigest(file);
        byte[] block = new byte[BLOCK];
        try (FileChannel channel = FileChannel.open(path)) {
            for (int n = channel.read(ByteBuffer.wrap(block)); n > 0; ) {
                digest.update(block, 0, n);
                read.accept(n);
                n = channel.read(ByteBuffer.wrap(block));
            }
        }
        return digest.end();
    }
}
