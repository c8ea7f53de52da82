package ai.llm360.io.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes small files, whole or not at all. */
public final class WholeFile {

    private WholeFile() {}

    /** Creates a file, which must not exist, and forces it to disk. */
    public static void create(Path file, byte[] content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** Copies a file to a path where nothing is, and forces the copy to disk. */
    public static void copy(Path from, Path to) throws IOException {
        Files.copy(from, to);
        try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /**
     * Puts a file that never changes into a second directory: as a link, or as a copy where the
     * file system has no links or is another one.
     */
    public static void linkOrCopy(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (IOException | UnsupportedOperationException e) {
            copy(from, to);
        }
    }

    /**
     * Gives a file, made if absent, new content: readers see the old one or the new one, whole.
     * Where that fails, what was there stays.
     */
    public static void replace(Path file, byte[] content) throws IOException {
        Path temporary = AtomicDirectory.hidden(file);
        try {
            create(temporary, content);
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        AtomicDirectory.force(file.toAbsolutePath().getParent());
    }
}
