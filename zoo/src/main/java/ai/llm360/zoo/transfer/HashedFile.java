package ai.llm360.zoo.transfer;

import ai.djl.util.Progress;
import ai.llm360.hub.HubFile;
import ai.llm360.io.internal.Hashes;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.source.TreeFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A file that is to go into a tree, with the hashes that the Hub and DJL ask for.
 *
 * @param listed as the Hub lists it
 * @param sha1 the SHA-1 of its bytes
 * @param source where it lies
 * @param mayLink whether its bytes may get a second name in the tree, because nobody else will
 *     write to them
 */
record HashedFile(HubFile listed, String sha1, Path source, boolean mayLink) {

    /** Bounds the files, other than weights, that git itself would keep. */
    private static final long LARGE = 10 << 20;

    private static final int BUFFER = 1 << 20;

    private interface Sink {
        void write(byte[] bytes, int count) throws IOException;
    }

    /** Reads a file once and hashes it. */
    static HashedFile of(String path, Path source, boolean mayLink, Progress progress)
            throws IOException {
        boolean large = Files.size(source) >= LARGE || path.endsWith(".safetensors");
        return of(path, source, large, mayLink, progress);
    }

    /** Reads a file that is to be what the Hub lists. */
    static HashedFile of(HubFile listed, Path source, Progress progress) throws IOException {
        HashedFile file = of(listed.path(), source, listed.sha256().isPresent(), true, progress);
        if (file.listed.size() != listed.size() || !file.listed.etag().equals(listed.etag())) {
            throw new TreeException(
                    source, "is not what the Hub lists by that name; remove it and ask again");
        }
        return file;
    }

    private static HashedFile of(
            String path, Path source, boolean large, boolean mayLink, Progress progress)
            throws IOException {
        long size = Files.size(source);
        MessageDigest sha1 = Hashes.sha1();
        MessageDigest hub = large ? Hashes.sha256() : Hashes.sha1();
        if (!large) {
            hub.update(ascii("blob " + size + "\0"));
        }
        pump(
                source,
                progress,
                (bytes, count) -> {
                    sha1.update(bytes, 0, count);
                    hub.update(bytes, 0, count);
                });
        String hash = Hashes.hex(hub);
        HubFile listed =
                new HubFile(
                        path,
                        size,
                        Optional.of(large ? pointerHash(hash, size) : hash),
                        large ? Optional.of(hash) : Optional.empty());
        return new HashedFile(listed, Hashes.hex(sha1), source, mayLink);
    }

    /** DJL downloads files into one directory; what lies deeper no model is loaded from. */
    static List<TreeFile> loadable(List<HashedFile> files) {
        return files.stream()
                .filter(file -> !file.listed().path().contains("/"))
                .map(file -> new TreeFile(file.listed().path(), file.listed().size(), file.sha1()))
                .toList();
    }

    /** Reads a file and says whether its bytes have a SHA-1. */
    static boolean has(Path file, String sha1) throws IOException {
        MessageDigest digest = Hashes.sha1();
        pump(file, null, (bytes, count) -> digest.update(bytes, 0, count));
        return Hashes.hex(digest).equals(sha1);
    }

    /** Git keeps a pointer in place of a large file, and hashes that. */
    private static String pointerHash(String sha256, long size) {
        byte[] pointer =
                ascii(
                        "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"
                                .formatted(sha256, size));
        MessageDigest digest = Hashes.sha1();
        digest.update(ascii("blob " + pointer.length + "\0"));
        digest.update(pointer);
        return Hashes.hex(digest);
    }

    /**
     * Puts the file into a tree and forces it to the disk.
     *
     * @param target where; absent
     * @param same a file of the tree that has the same bytes; null if there is none
     */
    void place(Path target, Path same, Progress progress) throws IOException {
        Files.createDirectories(target.getParent());
        if (same != null || mayLink) {
            try {
                Files.createLink(target, same != null ? same : source);
                return;
            } catch (UnsupportedOperationException | FileSystemException e) {
                // This disk has no second names; a copy does as well.
            }
        }
        copy(target, progress);
    }

    private void copy(Path target, Progress progress) throws IOException {
        MessageDigest digest = Hashes.sha1();
        try (FileChannel out =
                FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            pump(
                    source,
                    progress,
                    (bytes, count) -> {
                        digest.update(bytes, 0, count);
                        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
                        while (buffer.hasRemaining()) {
                            out.write(buffer);
                        }
                    });
            out.force(true);
        }
        if (!Hashes.hex(digest).equals(sha1)) {
            throw new TreeException(source, "changed while it was copied; publish again");
        }
    }

    private static void pump(Path source, Progress progress, Sink sink) throws IOException {
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(source)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                sink.write(buffer, read);
                if (progress != null) {
                    progress.increment(read);
                }
            }
        }
    }

    static String sha1(byte[] bytes) {
        return HexFormat.of().formatHex(Hashes.sha1().digest(bytes));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
